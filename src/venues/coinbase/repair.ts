/**
 * Missing trades of Coinbase Exchange: https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-product-trades.
 * `after` pages down by trade id: the thousand trades below it, the newest first. `before` would answer the newest of all
 * above it, so it is not used. The side is the maker's, as in the feed.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { decimalFromText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { readSide } from '../read-trade.ts'
import type { Repairer } from '../repair/repairer.ts'
import { jsonOf, tradesOf, UNREADABLE } from '../repair/rest-rows.ts'
import { opposite } from './side.ts'

const PAGE_IDS = 1_000

export const coinbaseRepair: Repairer = {
  // Ten a second are allowed.
  limits: { apartMs: 125 },
  pageIds: PAGE_IDS,
  down: true,
  addresses: rest => [rest],
  plan: ({ symbol, last }) => ({
    path: `/products/${encodeURIComponent(symbol)}/trades?limit=${PAGE_IDS}&after=${last + 1}`,
    weight: 1,
  }),
  read(answer, _request, { symbol, last }) {
    const rows = jsonOf(answer)
    const reason = `HTTP ${answer.status}: ${isObject(rows) ? String(rows.message) : 'no message'}`
    if (answer.status === 404 && isObject(rows)) return { kind: 'cannot', reason }
    if (answer.status !== 200) return { kind: 'wait', reason }
    const trades = tradesOf(
      rows,
      row => ({
        ...{ symbol, price: row.price, volume: row.size, tradeId: row.trade_id, side: opposite(readSide(row.side)) },
        time: typeof row.time === 'string' ? parseRfc3339(row.time) : undefined,
      }),
      decimalFromText,
    )
    if (!trades) return UNREADABLE
    // It answered another request: the newest trades, for example.
    if (trades.some(({ id }) => id > last)) return { kind: 'wait', reason: 'trades that were not requested' }
    return { kind: 'page', trades }
  },
}
