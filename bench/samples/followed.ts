/** Trades of one symbol of a running instance, followed by id: how old each is when a query returns it first. */
import { setTimeout as sleep } from 'node:timers/promises'
import { simulator } from '../../src/venues/simulator.ts'
import type { Instance } from './instance.ts'

/** Between a response and the next query, so that polling leaves the CPU to tickhouse. */
const PAUSE_MS = 10
/** The busiest symbol: just over a third of all trades. */
export const SYMBOL = simulator.defaultSymbols[0]!

interface Trade {
  id: string
  micros: string
}

/**
 * Polls for trades not returned yet. A trade's age is measured when the response arrives; the previous query did
 * not return it yet, so it became queryable at most `pollingMs` earlier than its age.
 */
export async function query(instance: Instance, step: number, forMs: number) {
  const agesMs: number[] = []
  const pollingMs: number[] = []
  let last = await newestTrade(instance)
  let previousSentMs = Date.now()
  const endMs = performance.now() + forMs
  while (performance.now() < endMs) {
    const sentMs = Date.now()
    // The time bound makes use of the sort key: trades of a symbol are in order by the exchange's clock.
    const trades = await followed(
      instance,
      step,
      `trade_id > ${last.id} AND timestamp >= fromUnixTimestamp64Micro(${last.micros})`,
    )
    const answeredMs = Date.now()
    for (const { micros } of trades) {
      agesMs.push(answeredMs - Number(micros) / 1000)
      pollingMs.push(answeredMs - previousSentMs)
    }
    last = trades.at(-1) ?? last
    previousSentMs = sentMs
    await sleep(PAUSE_MS)
  }
  return { agesMs, pollingMs }
}

async function newestTrade(instance: Instance): Promise<Trade> {
  const [newest] = await instance.rows<Trade>(
    `SELECT max(trade_id) AS id, toUnixTimestamp64Micro(max(timestamp)) AS micros FROM trades WHERE symbol = '${SYMBOL}'`,
  )
  return newest!
}

export const followed = (instance: Instance, step: number, where: string) =>
  trades(instance, `${where} AND trade_id % ${step} = 0`)

export function trades(instance: Instance, where: string): Promise<Trade[]> {
  return instance.rows<Trade>(
    `SELECT trade_id AS id, toUnixTimestamp64Micro(timestamp) AS micros FROM trades
     WHERE symbol = '${SYMBOL}' AND venue = '${simulator.name}' AND ${where} ORDER BY trade_id`,
  )
}

export function quantile(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]!
}
