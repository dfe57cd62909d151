/** Rows of a REST answer as trades, read as strictly as frames are. */
import { isObject, type JsonObject, parseJson } from '../json-text.ts'
import { emitTrade, type TradeFields } from '../read-trade.ts'
import type { Sink } from '../venue.ts'
import type { RepairReading, RestAnswer, RestTrade } from './repairer.ts'

/** An answer's JSON; undefined if it is none, as where a proxy answers. */
export function jsonOf(answer: RestAnswer): unknown {
  try {
    return parseJson(Buffer.from(answer.body))
  } catch {
    return undefined
  }
}

/** The answer does not match the venue's document: it is requested again. */
export const UNREADABLE: RepairReading = { kind: 'wait', reason: 'an answer that does not match the document' }

/**
 * The trades of rows, each with the fields that `fieldsOf` finds in it; undefined if one cannot be read. `decimal` and `id`
 * as in `emitTrade`.
 */
export function tradesOf(
  rows: unknown,
  fieldsOf: (row: JsonObject) => TradeFields,
  decimal: (value: unknown) => number,
  id?: (value: unknown) => number | bigint | undefined,
): RestTrade[] | undefined {
  if (!Array.isArray(rows)) return undefined
  const trades: RestTrade[] = []
  let isWhole = true
  const none = () => {}
  const unreadable = () => {
    isWhole = false
  }
  const out: Sink = {
    trade: ({ tradeId, price, volume, side, timestampMicros: micros, timestampNanos: nanos, firstId, lastId }) => {
      if (typeof tradeId === 'number') trades.push({ id: tradeId, price, volume, side, micros, nanos, firstId, lastId })
    },
    ...{ quote: none, control: none, ignore: none, imprecise: none, refuse: unreadable },
  }
  for (const row of rows as unknown[]) {
    // Rows of some venues are lists.
    if (isObject(row) || Array.isArray(row)) emitTrade(out, fieldsOf(row as JsonObject), decimal, undefined, id)
    else unreadable()
  }
  return isWhole ? trades : undefined
}
