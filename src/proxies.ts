/**
 * Requests to this machine's addresses bypass any proxy: ours, and those of the engine, which reads the same variables.
 * A remote proxy cannot reach these addresses, and must not see their paths.
 */

/** `0.0.0.0` is the local address of a server that listens on all interfaces. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0']

/** Adds them to `no_proxy` of this process and its children. To be called before the first request. */
export function bypassProxyForLoopback(environment: Record<string, string | undefined> = process.env): void {
  const value = environment.no_proxy ?? environment.NO_PROXY ?? ''
  const listed = value.split(/[\s,]+/).filter(Boolean)
  if (listed.includes('*')) return
  const all = [...listed, ...LOCAL_HOSTS.filter(host => !listed.includes(host))].join(',')
  Object.assign(environment, { no_proxy: all, NO_PROXY: all })
}
