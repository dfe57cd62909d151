/** Trades of the recorded Binance sessions in columns, repeated; without recordings, of the simulated market. */

import { TradeColumns } from '../../src/tick/trades.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { binanceTrades, RECORDINGS } from './frames.ts'
import { makeTrades } from './trades.ts'

/** About the trades of a recorded session. */
const SIMULATED_TRADES = 16_000
/** From a trade's time to its receipt, µs: about 10 ms in the recordings. */
const LATENCY_MICROS = 12_000

/** The sessions' trades in batches of `batchTrades`, once. */
function sessionBatches(batchTrades: number): TradeColumns[] {
  const batches = [new TradeColumns(batchTrades)]
  for (const frame of binanceTrades()) {
    binance.decoder()(frame, {
      trade(trade) {
        if (batches.at(-1)!.full) batches.push(new TradeColumns(batchTrades))
        const receivedAtMicros = trade.timestampMicros + LATENCY_MICROS
        batches.at(-1)!.add({ ...trade, venue: binance.name, receivedAtMicros })
      },
      refuse(reason, detail) {
        throw new Error(`a recorded frame was refused: ${reason}, ${detail}`)
      },
      quote() {},
      amendment() {},
      control() {},
      ignore() {},
      imprecise() {},
    })
  }
  return batches
}

/** Repeats the recorded sessions `sessions` times with continuous times and ids, so that all are distinct. */
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

/** Maximum of bigints, which Math.max does not accept. */
function greatest(values: readonly bigint[]): bigint {
  let most = values[0]!
  for (const value of values) if (value > most) most = value
  return most
}
