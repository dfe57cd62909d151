/**
 * Access to servers that are for this machine only: programs and pages must name a loopback address. Otherwise a page
 * of another site could reach them through the user's browser, by a name that resolves to this machine (DNS rebinding).
 */
import type { IncomingHttpHeaders } from 'node:http'
import { isIPv4 } from 'node:net'

/** The parts of `host:port`, an IPv6 host without its brackets. */
export function splitListen(listen: string): { host: string; port: number } {
  const at = listen.lastIndexOf(':')
  return { host: listen.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(listen.slice(at + 1)) }
}

/** Is the host of `host:port` this machine? */
export function isLoopback(listen: string): boolean {
  const { host } = splitListen(listen)
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** Exactly one host (RFC 9110, 7.2): parsers disagree about a list or a user name in the header. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i

/** Is this a valid Host header? */
export function isHost(host: string): boolean {
  return HOST.test(host)
}

/** Does a Host header name a loopback address, or `localhost`? */
export function namesLoopback(host: string | undefined): boolean {
  if (host === undefined || !isHost(host)) return false
  return isLoopback(/:\d+$/.test(host) ? host.toLowerCase() : `${host.toLowerCase()}:80`)
}

/** Does the request name this machine, and come from a program or a page of this server? Programs send no Origin. */
export function isOwnRequest({ host, origin }: IncomingHttpHeaders): boolean {
  return namesLoopback(host) && (origin === undefined || origin === `http://${host}`)
}

/** `0.0.0.0` is the local address of a server that listens on all interfaces. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1', '[::1]', '0.0.0.0']

/**
 * Lets requests to this machine's addresses bypass any proxy: ours, and those of the engine, which reads the same variables.
 * A remote proxy cannot reach these addresses, and must not see their paths. To be called before the first request.
 */
export function bypassProxyForLoopback(environment: Record<string, string | undefined> = process.env): void {
  const value = environment.no_proxy ?? environment.NO_PROXY ?? ''
  const listed = value.split(/[\s,]+/).filter(Boolean)
  if (listed.includes('*')) return
  const all = [...listed, ...LOCAL_HOSTS.filter(host => !listed.includes(host))].join(',')
  Object.assign(environment, { no_proxy: all, NO_PROXY: all })
}
