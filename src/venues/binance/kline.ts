/**
 * Binance's bars of a minute, `<symbol>@kline_1m`, as witnesses of trades: web-socket-streams.md. A bar states the ids of
 * its first and last trade, `f` and `L`, both -1 while there is none, and their number, `n`, and the sum of
 * their volumes, `v`.
 */

import { decimalText } from '../decimal.ts'
import { isObject, type JsonObject } from '../json-text.ts'
import { readId, show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'
import { toMicros } from './fields.ts'

export const KLINE_STREAM = 'kline_1m'
const MINUTE = '1m'

/** Reads a `kline` event. One that contradicts itself is ignored. */
export function decodeKline({ s: symbol, k: bar }: JsonObject, out: Sink): void {
  if (typeof symbol !== 'string' || symbol === '' || !isObject(bar)) {
    out.refuse('malformed_frame', `kline of ${show(symbol)}`)
    return
  }
  if (bar.i !== MINUTE) {
    out.ignore()
    return
  }
  const [opened, first, last, trades] = [readId(bar.t), readId(bar.f), readId(bar.L), readId(bar.n)]
  const sinceMicros = typeof opened === 'number' ? toMicros(opened) : -1
  if (sinceMicros < 0 || typeof trades !== 'number') {
    out.refuse('malformed_frame', `kline of ${show(symbol)} from ${show(bar.t)} of ${show(bar.n)} trades`)
    return
  }
  const volume = decimalText(bar.v)
  const sum = volume === undefined ? {} : { volume }
  if (trades === 0) out.control({ kind: 'witness', symbol, sinceMicros, trades, ...sum })
  else if (typeof first === 'number' && typeof last === 'number' && last - first + 1 === trades)
    out.control({ kind: 'witness', symbol, sinceMicros, trades, lastTradeId: last, ...sum })
  // It would announce trades that do not exist.
  else out.ignore()
}
