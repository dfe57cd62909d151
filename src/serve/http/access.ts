/**
 * Access to the servers: with a token, every client that sends it; without, only programs and pages that name a
 * loopback address. Pages of other sites cannot reach us through the user's browser, even by a name that resolves to
 * this machine.
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isHost, namesLoopback } from '../../loopback.ts'

const COOKIE = 'tickhouse_token'

/** Address and token of an HTTP server. */
export interface HttpSettings {
  /** `host:port` */
  listen: string
  /** Required of every client, if set. */
  token?: string | undefined
}

/** A request without access, with the reason. */
export class Forbidden extends Error {
  readonly statusCode = 403
  readonly reason: 'other_site' | 'token_missing' | 'token_wrong'

  constructor(reason: Forbidden['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** Throws Forbidden for a request without access. A token in the URL sets a cookie, for the page's later requests. */
export function authorize(token: string | undefined, request: FastifyRequest, reply?: FastifyReply): void {
  const { host } = request.headers
  if (host !== undefined && !isHost(host)) throw new Forbidden('other_site', 'invalid Host header')
  if (!isOwnSite(request)) throw new Forbidden('other_site', 'requests from pages of other sites are refused')
  if (token === undefined) {
    if (!namesLoopback(host))
      throw new Forbidden('other_site', 'without a token, only requests to a loopback address are accepted')
    return
  }
  const search = new URLSearchParams(request.url.split('?')[1])
  const inAddress = search.get('token')
  if (inAddress !== null && same(inAddress, token)) {
    reply?.header('set-cookie', `${COOKIE}=${encodeURIComponent(inAddress)}; HttpOnly; SameSite=Strict; Path=/`)
    return
  }
  const shown = [...shownIn(request), search.get('password') ?? ''].filter(text => text !== '')
  if (shown.some(text => same(text, token))) return
  throw shown.length === 0 && inAddress === null
    ? new Forbidden('token_missing', 'a token is required: open /?token=<TICKHOUSE_TOKEN>')
    : new Forbidden('token_wrong', 'wrong token: open /?token=<TICKHOUSE_TOKEN>')
}

/** The tokens in the headers of a browser, a program or a ClickHouse client, which sends it as password. */
function shownIn({ headers }: FastifyRequest): string[] {
  const { authorization = '', cookie = '' } = headers
  const bearer = /^Bearer +(.+)$/i.exec(authorization)?.[1]
  const basic = /^Basic +(.+)$/i.exec(authorization)?.[1]
  const password = basic && /^[^:]*:(.*)$/s.exec(Buffer.from(basic, 'base64').toString())?.[1]
  const kept = new RegExp(`(?:^|; )${COOKIE}=([^;]+)`).exec(cookie)?.[1]
  return [bearer, password, headers['x-clickhouse-key'], kept && decoded(kept)].filter(text => typeof text === 'string')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}

/**
 * Does the request come from our page, or from a program? Browsers send `Sec-Fetch-Site`: `none` is a bookmark or a
 * link in a mail, which may open pages but run nothing. Programs send no such headers.
 */
function isOwnSite(request: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  const opens = (request.method === 'GET' || request.method === 'HEAD') && !runsWork(request.url)
  if (site === 'none') {
    if (!opens) return false
  } else if (site !== undefined && site !== 'same-origin') {
    // Other sites may link to the page.
    if (!opens || mode !== 'navigate' || !/^\/(\?|$)/.test(request.url)) return false
  }
  if (origin === undefined) return true
  // The browser checked the origin; it may use TLS with a proxy before us.
  if (site === 'same-origin') return hostOf(origin) === host
  return (
    origin === `http://${host}` || (request.headers['x-forwarded-proto'] === 'https' && origin === `https://${host}`)
  )
}

/** Does a request run work, rather than read what is there? */
function runsWork(url: string): boolean {
  return url.startsWith('/api/') || new URLSearchParams(url.split('?')[1]).has('query')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
