/** Requests a venue's candles of a day, within the limits of its host, which the recorder's requests share. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type RestHosts, RestRefused, reasonOf } from '../../sources/rest/hosts.ts'
import { type Candles, MINUTE_MS, MINUTES_OF_DAY, type VenueMinute } from '../../venues/candles/candles.ts'

const TIMEOUT_MS = 20_000
const ATTEMPTS_MAX = 5
/** A longer pause of the host is not waited for. */
const PAUSE_MS_MAX = 60_000

export interface Fetched {
  minutes: VenueMinute[]
  /** Why there are not more of them; null if the venue answered. */
  unavailable: string | null
}

export interface FetchOptions {
  hosts: RestHosts
  candles: Candles
  rest: string
  symbol: string
  /** Start of the day, ms since 1970 UTC. */
  startMs: number
}

/** Never rejects for what a venue answers. */
export async function fetchCandles(options: FetchOptions): Promise<Fetched> {
  const { hosts, candles, rest, startMs } = options
  hosts.limit(rest, candles.limits)
  // The waits of `hosts` do not keep a process running.
  const awake = setInterval(() => {}, MINUTE_MS)
  const minutes: VenueMinute[] = []
  try {
    for (let at = 0; at < MINUTES_OF_DAY; at += candles.pageMinutes) {
      const count = Math.min(candles.pageMinutes, MINUTES_OF_DAY - at)
      const page = await fetchPage(options, startMs + at * MINUTE_MS, count)
      if (typeof page === 'string') return { minutes, unavailable: page }
      minutes.push(...page)
      if (!candles.reachesBack) break
    }
    return { minutes, unavailable: null }
  } finally {
    clearInterval(awake)
  }
}

/** The minutes of a page, or why there are none. */
async function fetchPage(
  options: FetchOptions,
  startMs: number,
  count: number,
): Promise<readonly VenueMinute[] | string> {
  const { hosts, candles, rest, symbol } = options
  const { path, headers, weight } = candles.request(symbol, startMs, count)
  let why = ''
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const pausedMs = hosts.pausedMs(rest)
    if (pausedMs > PAUSE_MS_MAX)
      return `${why || 'the host is not to be used'}: again in ${Math.ceil(pausedMs / 1000)} s`
    try {
      const reading = candles.read(await hosts.send(rest, path, { timeoutMs: TIMEOUT_MS, headers, weight }))
      if (reading.kind === 'minutes') return reading.minutes
      why = reading.reason
      if (reading.kind === 'cannot') return why
    } catch (error) {
      if (error instanceof RestRefused) {
        // 400 is how Binance states an unknown symbol.
        const reading = candles.read(error.answer)
        why = reading.kind === 'cannot' ? reading.reason : error.message
        if (reading.kind === 'cannot' || (error.status < 500 && error.status !== 429)) return why
      } else why = reasonOf(error)
    }
    if (attempt < ATTEMPTS_MAX) await sleep(200 * 2 ** attempt)
  }
  return why
}
