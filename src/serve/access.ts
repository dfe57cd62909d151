/**
 * Who may ask: with a token, whoever shows it; without, only pages and programs that name a loopback address, so that a page of
 * some other site cannot reach us through the user's browser, not even by a name that resolves to this machine.
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Config, isLoopback } from '../config.ts'

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
  const origin = request.headers.origin
  // An image or a form of another site brings no origin, but every browser says that it is one.
  const crossSite =
    request.headers['sec-fetch-site'] === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate'
  if (crossSite || (origin !== undefined && hostOf(origin) !== request.headers.host))
    throw new Forbidden('other_site', 'a page of another site may not ask')
  if (config.TOKEN === undefined) {
    if (!isLoopback(request.headers.host?.includes(':') ? request.headers.host : `${request.headers.host}:80`))
      throw new Forbidden('other_site', 'ask by a loopback address')
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
  const bearer = /^Bearer (.+)$/.exec(authorization)?.[1]
  const basic = /^Basic (.+)$/.exec(authorization)?.[1]
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

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function same(given: string, token: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(token)]
  return a.length === b.length && timingSafeEqual(a, b)
}
