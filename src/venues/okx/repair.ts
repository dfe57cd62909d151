/**
 * Missing trades of OKX: https://www.okx.com/docs-v5/en/#order-book-trading-market-data-get-trades-history. `after` pages down
 * by trade id (`type=1`), a hundred at a time, over the last three months.
 */
import { decimalFromText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { idFromText, readSide } from '../read-trade.ts'
import type { Aggregate, Repairer, RestTrade } from '../repair/repairer.ts'
import { jsonOf, tradesOf, UNREADABLE } from '../repair/rest-rows.ts'

const PAGE_IDS = 100
/** Codes of https://www.okx.com/docs-v5/en/#error-code: too many requests, and an instrument that does not exist. */
const LIMITED = '50011'
const UNKNOWN = '51001'

export const okxRepair: Repairer = {
  // Twenty in two seconds are allowed.
  limits: { apartMs: 125 },
  pageIds: PAGE_IDS,
  down: true,
  addresses: rest => [rest],
  plan: ({ symbol, last }) => ({
    path: `/api/v5/market/history-trades?instId=${encodeURIComponent(symbol)}&type=1&after=${last + 1}&limit=${PAGE_IDS}`,
    weight: 1,
  }),
  read(answer, _request, { symbol, last }) {
    const body = jsonOf(answer)
    if (!isObject(body) || typeof body.code !== 'string') return UNREADABLE
    const reason = `${String(body.msg)} (code ${body.code})`
    if (body.code === UNKNOWN) return { kind: 'cannot', reason }
    if (body.code !== '0') return { kind: 'wait', reason, ...(body.code === LIMITED && { ms: 2_000 }) }
    const rows = tradesOf(
      body.data,
      row => ({
        ...{
          symbol,
          price: row.px,
          volume: row.sz,
          tradeId: row.tradeId,
          side: readSide(row.side),
          time: timeOf(row.ts),
        },
        // A row that stands for several trades, whose ids end at its own.
        joined: { first: firstOf(row.tradeId, row.count), last: idFromText(row.tradeId) },
      }),
      decimalFromText,
      idFromText,
    )
    if (!rows) return UNREADABLE
    if (rows.some(({ id }) => id > last)) return { kind: 'wait', reason: 'trades that were not requested' }
    const isOne = ({ firstId, lastId }: RestTrade) => firstId === lastId
    return {
      kind: 'page',
      trades: rows.filter(isOne).map(({ firstId: _first, lastId: _last, ...trade }) => trade),
      aggregates: rows.filter(row => !isOne(row)).map(row => aggregateOf(row)),
    }
  },
}

function firstOf(tradeId: unknown, count: unknown): unknown {
  const last = idFromText(tradeId)
  const trades = count === undefined || count === '' ? 1 : Number(count)
  return typeof last === 'number' && Number.isInteger(trades) && trades > 0 ? last - trades + 1 : undefined
}

const aggregateOf = ({ id, firstId, ...trade }: RestTrade): Aggregate => ({ ...trade, first: firstId!, last: id })

function timeOf(ms: unknown): { micros: number; nanos: number } | undefined {
  return typeof ms === 'string' && /^\d{13}$/.test(ms) ? { micros: Number(ms) * 1_000, nanos: 0 } : undefined
}
