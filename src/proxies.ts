/**
 * This machine's own addresses are never asked by way of a proxy: neither by our requests nor by the engine, which reads the same
 * variables. A proxy elsewhere cannot reach them, and is not to learn what stands in their paths.
 */

/** `0.0.0.0` is what a server that listens everywhere is asked by on its own machine. */
const OWN = ['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0']

/** Adds them to `no_proxy`, which says what is asked directly, of this process and those that it starts. Before anything is asked. */
export function bypassProxyForLoopback(environment: Record<string, string | undefined> = process.env): void {
  const said = environment.no_proxy ?? environment.NO_PROXY ?? ''
  const listed = said.split(/[\s,]+/).filter(Boolean)
  if (listed.includes('*')) return
  const all = [...listed, ...OWN.filter(host => !listed.includes(host))].join(',')
  Object.assign(environment, { no_proxy: all, NO_PROXY: all })
}
