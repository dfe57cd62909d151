/**
 * Missing trades of Kraken spot: https://docs.kraken.com/api/docs/rest-api/get-recent-trades. It pages by time: `since` is in
 * ns since 1970 and exclusive, and `last` of an answer, a text beyond 2^53, is the next one. Trades of one ns may be on both
 * sides of a page's end, so the next page begins a ns earlier; repeats are known by their ids.
 */

import { SIDE } from '../../tick/trades.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject, LongNumber } from '../json-text.ts'
import type { Repairer, RepairReading } from '../repair/repairer.ts'
import { jsonOf, tradesOf, UNREADABLE } from '../repair/rest-rows.ts'

const PAGE_IDS = 1_000
/** Before the time of the trade before the gap: REST and feed may round differently. */
const EARLIER_MICROS = 1_000
const LIMITED_MS = 15_000

/** Assets that REST calls otherwise: see instruments.ts. */
const RENAMED: ReadonlyMap<string, string> = new Map([
  ['BTC', 'XBT'],
  ['DOGE', 'XDG'],
])

const SIDES: Readonly<Record<string, typeof SIDE.buy | typeof SIDE.sell>> = { b: SIDE.buy, s: SIDE.sell }

export const krakenRepair: Repairer = {
  // About one a second is safe.
  limits: { apartMs: 1_100 },
  pageIds: PAGE_IDS,
  addresses: rest => [rest],
  plan({ symbol, afterMicros }, _rest, cursor) {
    if (cursor === undefined && afterMicros === null) return 'the time of the trade before is not known'
    const since = cursor ?? `${Math.floor(afterMicros!) - EARLIER_MICROS}000`
    return { path: `/0/public/Trades?pair=${encodeURIComponent(pairOf(symbol))}&since=${since}&count=1000`, weight: 1 }
  },
  read(answer, _request, { symbol, last }) {
    const body = jsonOf(answer)
    if (!isObject(body) || !Array.isArray(body.error)) return UNREADABLE
    if (body.error.length > 0) return refusal(String(body.error[0]))
    const result = isObject(body.result) ? body.result : {}
    // The pair has a name of the venue's own, not the requested one.
    const rows = Object.entries(result).find(([name]) => name !== 'last')?.[1]
    const trades = tradesOf(
      rows,
      row => ({
        ...{ symbol, price: row[0], volume: row[1], tradeId: row[6], side: SIDES[String(row[3])] },
        time: timeOf(row[2]),
      }),
      decimalFromText,
    )
    if (!trades || typeof result.last !== 'string' || !/^\d{1,19}$/.test(result.last)) return UNREADABLE
    const isReached = trades.length === 0 || trades.some(({ id }) => id >= last)
    return { kind: 'page', trades, ...(!isReached && { next: String(BigInt(result.last) - 1n) }) }
  },
}

/** A symbol as REST calls it. */
export const pairOf = (symbol: string): string =>
  symbol
    .split('/')
    .map(asset => RENAMED.get(asset) ?? asset)
    .join('')

/** Seconds since 1970 with up to nine decimals, from the number's text: a double of it is off by some 100 ns. */
function timeOf(value: unknown): { micros: number; nanos: number } | undefined {
  const text = value instanceof LongNumber ? value.text : typeof value === 'number' ? String(value) : ''
  const [, seconds, decimals = ''] = /^(\d{1,10})(?:\.(\d{1,9})\d*)?$/.exec(text) ?? []
  if (seconds === undefined) return undefined
  const nanos = Number(decimals.padEnd(9, '0'))
  return { micros: Number(seconds) * 1e6 + Math.floor(nanos / 1_000), nanos: nanos % 1_000 }
}

/** Errors come with HTTP 200: https://docs.kraken.com/api/docs/guides/global-intro. */
function refusal(reason: string): RepairReading {
  if (/^EQuery:/.test(reason)) return { kind: 'cannot', reason }
  const isLimited = /Too many requests|Rate limit/i.test(reason)
  return { kind: 'wait', reason, ...(isLimited && { ms: LIMITED_MS }) }
}
