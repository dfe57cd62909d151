/**
 * Missing trades of Deribit: https://docs.deribit.com/api-reference/market-data/public-get_last_trades_by_instrument. It finds
 * trades by `trade_seq`, which is the id that is stored. Older ones than a few days have left it.
 */
import { decimalFromNumber } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { readMs, readSide } from '../read-trade.ts'
import type { Repairer } from '../repair/repairer.ts'
import { jsonOf, tradesOf, UNREADABLE } from '../repair/rest-rows.ts'

const PAGE_IDS = 1_000
/** Codes of https://docs.deribit.com/articles/errors. */
const LIMITED = 10_028
const CANNOT = new Set([-32_602, 10_020, 13_020])

export const deribitRepair: Repairer = {
  limits: { apartMs: 250 },
  pageIds: PAGE_IDS,
  addresses: rest => [rest],
  plan: ({ symbol, first, last }) => ({
    path:
      `/api/v2/public/get_last_trades_by_instrument?instrument_name=${encodeURIComponent(symbol)}` +
      `&start_seq=${first}&end_seq=${last}&count=${PAGE_IDS}&sorting=asc`,
    weight: 1,
  }),
  read(answer, _request, { symbol }) {
    const body = jsonOf(answer)
    if (!isObject(body)) return UNREADABLE
    if (isObject(body.error)) {
      const { code, message } = body.error
      const reason = `${String(message)} (code ${String(code)})`
      if (CANNOT.has(Number(code))) return { kind: 'cannot', reason }
      return { kind: 'wait', reason, ...(code === LIMITED && { ms: 5_000 }) }
    }
    const trades = tradesOf(
      isObject(body.result) ? body.result.trades : undefined,
      row => ({
        ...{ symbol, price: row.price, volume: row.amount, tradeId: row.trade_seq },
        ...{ side: readSide(row.direction), time: readMs(row.timestamp) },
      }),
      decimalFromNumber,
    )
    return trades ? { kind: 'page', trades } : UNREADABLE
  },
}
