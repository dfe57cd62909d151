import type { Log } from '../../src/log/log.ts'
import { readTrades } from '../../src/tick/records.ts'
import type { Part } from './house.ts'

/** The trades of a record, as symbol and id; none for a record of another form. */
function* tradesIn({ format, payload }: { format: string; payload: Uint8Array }): Generator<[string, number]> {
  if (format !== 'native') return
  const trades = readTrades(payload)
  for (let row = 0; row < trades.length; row++)
    yield [trades.symbols.words[trades.symbol[row]!]!, Number(trades.tradeId[row])]
}

/**
 * Follows the log until it holds these ids, one for each symbol. Rejects if the recorder ends before. What this has seen is
 * durable: it stays, whatever happens to the recorder.
 */
export async function untilInLog(log: Log, ids: ReadonlyMap<string, number>, recorder: Part): Promise<void> {
  const awaited = new Map(ids)
  const stop = new AbortController()
  recorder.exited.then(() => stop.abort())
  const follow = async (partition: number): Promise<void> => {
    for await (const slice of log.read(partition, log.bounds(partition).first, stop.signal)) {
      for (const entry of slice)
        for (const [symbol, id] of tradesIn(entry)) if (awaited.get(symbol) === id) awaited.delete(symbol)
      if (awaited.size === 0) stop.abort()
    }
  }
  await Promise.all(Array.from({ length: log.partitions }, (_, partition) => follow(partition)))
  if (awaited.size > 0) throw new Error(`the recorder ended before ${[...awaited]} came:\n${recorder.account()}`)
}
