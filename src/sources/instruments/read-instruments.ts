/** Reads a venue's list of instruments by REST. */
import { type Instrument, type ListRequest, readList } from '../../venues/instruments.ts'
import { parseRetryAfter } from '../../venues/retry-after.ts'
import type { Credentials, Venue } from '../../venues/venue.ts'
import { VERSION } from '../../version.ts'

/** Binance's whole list is some 10 MB. */
const ANSWER_BYTES_MAX = 64 * 2 ** 20

export interface ReadOptions {
  signal?: AbortSignal
  /** For each request, ms. */
  timeoutMs: number
  /** Awaited before each request: a venue's limits are shared by all that use its host. */
  turn?: () => Promise<void>
  /** The user's secrets at a venue with accounts, as they are now. */
  credentials?: (() => Credentials) | undefined
}

/**
 * Every instrument that a venue lists. `rest` is its REST address or a configured one, without a trailing slash.
 * Rejects with ListRefused for an HTTP error, and with an error whose message is the reason for anything else.
 */
export async function readInstruments(
  venue: Pick<Venue, 'instruments' | 'account'>,
  rest: string,
  options: ReadOptions,
): Promise<Instrument[]> {
  const headers = options.credentials ? venue.account?.headers?.(options.credentials()) : undefined
  return await readList(venue.instruments, async request => {
    await options.turn?.()
    return await requestJson(rest, request, headers ?? {}, options)
  })
}

/** The venue answered with an HTTP error. */
export class ListRefused extends Error {
  /** The wait that it requests, ms; undefined if it states none. */
  readonly waitMs: number | undefined

  constructor(status: number, waitMs: number | undefined) {
    super(`HTTP status ${status}`)
    this.waitMs = waitMs
  }
}

/** Sends a request and reads the JSON of its answer. Rejects with ListRefused for an HTTP error, and for a longer answer than any venue's. */
export async function requestJson(
  rest: string,
  { path, body }: ListRequest,
  account: Readonly<Record<string, string>>,
  { signal, timeoutMs }: ReadOptions,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(timeoutMs)
  // Coinbase requires a User-Agent.
  const headers = {
    'User-Agent': `tickhouse/${VERSION}`,
    ...(body && { 'Content-Type': 'application/json' }),
    ...account,
  }
  const response = await fetch(`${rest}${path}`, {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    headers,
    ...(body && { method: 'POST', body }),
  })
  if (!response.ok) {
    await response.body?.cancel()
    const { headers } = response
    const retryAfter = headers.get('retry-after') ?? undefined
    throw new ListRefused(response.status, parseRetryAfter(retryAfter, Date.now(), headers.get('date') ?? undefined))
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`)
  }
  return JSON.parse(Buffer.concat(chunks).toString())
}
