/**
 * Missing aggregates of Binance's futures: https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Compressed-Aggregate-Trades-List.
 * `aggTrades` pages by the aggregate's id, which is the id that is stored, over the last 24 hours.
 */
import { takerSide } from '../binance/fields.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { readMs } from '../read-trade.ts'
import type { Repairer } from '../repair/repairer.ts'
import { jsonOf, tradesOf, UNREADABLE } from '../repair/rest-rows.ts'

const PAGE_IDS = 1_000
const WEIGHT = 20
/** Codes of error-code: an unknown symbol. */
const NO_SUCH_SYMBOL = -1121

/** `path`: of the venue's REST API, `/fapi/v1` or `/dapi/v1`. */
export const binanceFuturesRepair = (path: string): Repairer => ({
  limits: { apartMs: 50, weight: { perMinute: 2_400, usedHeader: 'x-mbx-used-weight-1m' } },
  pageIds: PAGE_IDS,
  addresses: rest => [rest],
  plan: ({ symbol, first }) => ({
    path: `${path}/aggTrades?symbol=${encodeURIComponent(symbol)}&fromId=${first}&limit=${PAGE_IDS}`,
    weight: WEIGHT,
  }),
  read(answer, _request, { symbol, first }) {
    const rows = jsonOf(answer)
    if (isObject(rows)) {
      const reason = `HTTP ${answer.status}: ${String(rows.msg)} (code ${String(rows.code)})`
      return { kind: rows.code === NO_SUCH_SYMBOL ? 'cannot' : 'wait', reason }
    }
    const trades = tradesOf(
      rows,
      row => ({
        ...{ symbol, price: row.p, volume: row.q, tradeId: row.a, joined: { first: row.f, last: row.l } },
        ...{ side: takerSide(row.m), time: readMs(row.T) },
      }),
      decimalFromText,
    )
    if (!trades) return UNREADABLE
    if (trades.some(({ id }) => id < first)) return { kind: 'wait', reason: 'aggregates that were not requested' }
    return { kind: 'page', trades }
  },
})
