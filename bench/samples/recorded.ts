/** The trades of the recorded Binance sessions in columns, as often as wanted; those of the simulated market where there is no recording. */

import { TradeColumns } from '../../src/tick/trades.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { binanceTrades, RECORDINGS } from './frames.ts'
import { makeTrades } from './trades.ts'

/** As many as a recorded session has, about. */
const SIMULATED_TRADES = 16_000
/** Between what a trade's time says and our receiving it, µs: as recorded, it is some ten milliseconds. */
const LATENCY_MICROS = 12_000

/** The sessions' trades in batches of `batchTrades`, once. */
function sessionBatches(batchTrades: number): TradeColumns[] {
  const batches = [new TradeColumns(batchTrades)]
  for (const frame of binanceTrades().frames) {
    binance.decode(frame, {
      trade(trade) {
        if (batches.at(-1)!.full) batches.push(new TradeColumns(batchTrades))
        const receivedAtMicros = trade.timestampMicros + LATENCY_MICROS
        batches.at(-1)!.add({ ...trade, venue: binance.name, receivedAtMicros })
      },
      refuse(reason, detail) {
        throw new Error(`a recorded frame was refused: ${reason}, ${detail}`)
      },
      control() {},
      ignore() {},
      imprecise() {},
    })
  }
  return batches
}

/**
 * `sessions` times the recorded sessions, one after the other: times and ids go on after the session before, so that all are distinct.
 */
export function* recordedTrades(sessions: number, batchTrades: number): Generator<TradeColumns> {
  if (!RECORDINGS) {
    yield* makeTrades(sessions * SIMULATED_TRADES, batchTrades)
    return
  }
  const once = sessionBatches(batchTrades)
  const times = once.flatMap(batch => [...batch.timestamp.subarray(0, batch.length)])
  const spanNanos = greatest(times) + greatest(times.map(time => -time)) + 1_000_000n
  const ids = once.flatMap(batch => [...batch.tradeId.subarray(0, batch.length)])
  const spanIds = greatest(ids) + 1n
  for (let session = 0; session < sessions; session++) {
    const [nanos, firstId] = [spanNanos * BigInt(session), spanIds * BigInt(session)]
    for (const batch of once) {
      const copy = new TradeColumns(batch.length)
      copy.appendRange(batch, 0, batch.length)
      for (let row = 0; row < copy.length; row++) {
        copy.timestamp[row]! += nanos
        copy.receivedAt[row]! += nanos
        copy.tradeId[row]! += firstId
      }
      yield copy
    }
  }
}

/** Of 64-bit numbers, which Math.max does not take. */
function greatest(values: readonly bigint[]): bigint {
  let most = values[0]!
  for (const value of values) if (value > most) most = value
  return most
}
