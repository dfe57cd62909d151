/**
 * Kraken's bars of a minute, channel `ohlc`, as witnesses of trades: https://docs.kraken.com/api/docs/websocket-v2/ohlc. A
 * bar states how many trades it has since `interval_begin`, and their volume; their ids are dense, so the last one follows from the number.
 */
import { parseRfc3339 } from '../../tick/time.ts'
import { decimalTextOfNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { readId, show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'

const MINUTE = 1

/** Reads one bar. `raw`: its text. */
export function decodeBar(bar: JsonObject, out: Sink, raw: () => string | undefined): void {
  const { symbol, interval, interval_begin: begin } = bar
  const trades = readId(bar.trades)
  const since = typeof begin === 'string' ? parseRfc3339(begin) : undefined
  if (typeof symbol !== 'string' || symbol === '' || since === undefined || typeof trades !== 'number')
    out.refuse('malformed_frame', `ohlc of ${show(symbol)} from ${show(begin)}`, raw())
  else if (interval !== MINUTE) out.ignore()
  else {
    const volume = decimalTextOfNumber(bar.volume)
    out.control({ kind: 'witness', symbol, sinceMicros: since.micros, trades, ...(volume !== undefined && { volume }) })
  }
}
