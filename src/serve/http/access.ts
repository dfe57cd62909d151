/**
 * Who may ask: with a token, whoever shows it; without, only pages and programs that name a loopback address, so that a page of
 * some other site cannot reach us through the user's browser, not even by a name that resolves to this machine.
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { isHost, namesLoopback } from '../../loopback.ts'

const COOKIE = 'tickhouse_token'

/** Why somebody may not ask. */
export class Forbidden extends Error {
  readonly statusCode = 403
  readonly reason: 'other_site' | 'token_missing' | 'token_wrong'

  constructor(reason: Forbidden['reason'], message: string) {
    super(message)
    this.reason = reason
  }
}

/** Throws Forbidden for who may not ask. A token in the address is answered with a cookie, so that the page can go on with it. */
export function guard(config: Config, request: FastifyRequest, reply?: FastifyReply): void {
  const { host } = request.headers
  if (host !== undefined && !isHost(host)) throw new Forbidden('other_site', 'the Host header is not one of a host')
  if (!isOwnSite(request)) throw new Forbidden('other_site', 'a page of another site may not ask')
  if (config.TOKEN === undefined) {
    if (!namesLoopback(host)) throw new Forbidden('other_site', 'ask by a loopback address')
    return
  }
  const search = new URLSearchParams(request.url.split('?')[1])
  const inAddress = search.get('token')
  if (inAddress !== null && same(inAddress, config.TOKEN)) {
    reply?.header('set-cookie', `${COOKIE}=${encodeURIComponent(inAddress)}; HttpOnly; SameSite=Strict; Path=/`)
    return
  }
  const shown = [...shownIn(request), search.get('password') ?? ''].filter(text => text !== '')
  if (shown.some(text => same(text, config.TOKEN!))) return
  throw shown.length === 0 && inAddress === null
    ? new Forbidden('token_missing', 'a token is needed: open /?token=<TICKHOUSE_TOKEN>')
    : new Forbidden('token_wrong', 'this is not the token: open /?token=<TICKHOUSE_TOKEN>')
}

/** What a browser, a program or a ClickHouse client shows in its headers; those of ClickHouse give the token as password. */
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
 * Does the request come from our own page, or from no page at all? Browsers say where from in `Sec-Fetch-Site`: `none` is a person's
 * own doing, such as a bookmark or a link in a mail, which may open pages but not ask anything. Programs send no such headers.
 */
function isOwnSite(request: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  const opens = (request.method === 'GET' || request.method === 'HEAD') && !asks(request.url)
  if (site === 'none') {
    if (!opens) return false
  } else if (site !== undefined && site !== 'same-origin') {
    // A link to the page itself may stand anywhere.
    if (!opens || mode !== 'navigate' || !/^\/(\?|$)/.test(request.url)) return false
  }
  if (origin === undefined) return true
  // A browser that calls both the same origin may speak TLS with a proxy before us.
  if (site === 'same-origin') return hostOf(origin) === host
  return (
    origin === `http://${host}` || (request.headers['x-forwarded-proto'] === 'https' && origin === `https://${host}`)
  )
}

/** Does an address make work, rather than show what is there? */
function asks(url: string): boolean {
  return url.startsWith('/api/') || new URLSearchParams(url.split('?')[1]).has('query')
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
