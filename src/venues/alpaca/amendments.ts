/**
 * Corrections and cancels of trades, which come with every subscription of trades:
 * https://docs.alpaca.markets/docs/real-time-stock-pricing-data#trade-corrections and `#trade-cancelserrors`.
 */
import { TIME_MICROS_MAX } from '../../tick/time.ts'
import { decimalFromNumber } from '../decimal.ts'
import type { JsonObject } from '../json-text.ts'
import { conditionsOf, show } from '../read-trade.ts'
import type { Sink } from '../venue.ts'
import { type Raw, timeOf } from './messages.ts'
import { tradeIdOf } from './trade-id.ts'

/** `oi`, `op`, `os` and `oc` are of the trade before, `ci`, `cp`, `cs` and `cc` of the corrected one. */
export function decodeCorrection(item: JsonObject, out: Sink, raw: Raw): void {
  const { x, oi, op, os, oc, ci, cp, cs, cc } = item
  emit(item, 'correction', { id: oi, price: op, volume: os, conditions: oc }, out, raw, {
    id: tradeIdOf(x, ci),
    price: decimalFromNumber(cp),
    volume: decimalFromNumber(cs),
    conditions: conditionsOf(cc),
  })
}

/** `a` is `C` for a cancel, `E` for an error. */
export function decodeCancel(item: JsonObject, out: Sink, raw: Raw): void {
  const { i, p, s, a } = item
  const action = a === 'C' ? 'cancel' : 'error'
  if (a === 'C' || a === 'E') emit(item, action, { id: i, price: p, volume: s, conditions: undefined }, out, raw)
  else out.refuse('rejected_value', `action ${show(a)}`, raw())
}

interface Before {
  id: unknown
  price: unknown
  volume: unknown
  conditions: unknown
}

const UNCHANGED = { id: 0 as number | bigint | undefined, price: 0, volume: 0, conditions: '' }

function emit(
  { S: symbol, x: exchange, t }: JsonObject,
  action: 'correction' | 'cancel' | 'error',
  before: Before,
  out: Sink,
  raw: Raw,
  after = UNCHANGED,
): void {
  const tradeId = tradeIdOf(exchange, before.id)
  const [price, volume] = [decimalFromNumber(before.price), decimalFromNumber(before.volume)]
  const time = timeOf(t)
  let unreadable: string | undefined
  if (typeof symbol !== 'string' || symbol === '') unreadable = `symbol ${show(symbol)}`
  else if (tradeId === undefined) unreadable = `trade id ${show(before.id)}`
  else if (after.id === undefined) unreadable = 'id of the corrected trade'
  else if (Number.isNaN(price) || Number.isNaN(after.price)) unreadable = 'price'
  else if (Number.isNaN(volume) || Number.isNaN(after.volume)) unreadable = 'volume'
  else if (time === undefined || time.micros < 0 || time.micros >= TIME_MICROS_MAX) unreadable = 'time'
  else {
    const { micros: timestampMicros, nanos: timestampNanos } = time
    const amendment = {
      ...{ venue: '', symbol, action, exchange: String(exchange) },
      ...{ tradeId, price, volume, conditions: conditionsOf(before.conditions) },
      ...{ newTradeId: after.id, newPrice: after.price, newVolume: after.volume, newConditions: after.conditions },
      ...{ timestampMicros, timestampNanos, receivedAtMicros: 0 },
    }
    if (out.amendment) out.amendment(amendment)
    else out.ignore()
  }
  if (unreadable !== undefined) out.refuse('rejected_value', unreadable, raw())
}
