/** A Kafka broker and a ClickHouse server of the house's own, each in a process, for one round. */
import { parseConfig } from '../../src/config.ts'
import { Ingest } from '../../src/ingest/ingest.ts'
import type { OpenLog } from '../../src/log/log.ts'
import { openLog } from '../../src/log/open.ts'
import { limitsOf } from '../../src/modes/ingest-settings.ts'
import { Recorder } from '../../src/sources/recorder.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { readMicros } from '../../src/tick/time.ts'
import { type Side, type TradeColumns, TradeDraft } from '../../src/tick/trades.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { TestInstance } from '../../test/support/processes/tickhouse.ts'
import { startKafka } from '../../test/support/servers/kafka/kafka.ts'
import { cpuSecondsOf } from '../processes.ts'

export const PARTITIONS = 4

export interface Cluster {
  /** host:port of the broker. */
  hosts: string
  log: OpenLog
  store: Store
  /** Where the store answers ClickHouse's HTTP interface. */
  storeUrl: string
  /** CPU seconds of the engine's process so far. */
  engineCpuSeconds(): number
}

/** Starts both, empty, with the tables made, and ends them after the work. */
export async function withCluster<T>(work: (cluster: Cluster) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = []
  const owner = { after: (end: () => unknown) => void ends.push(end) }
  try {
    const kafka = await startKafka(owner)
    if (kafka.missing) throw new Error(kafka.missing)
    const server = new TestInstance(owner).run('serve', {}, ['--writable'])
    const storeUrl = await server.url()
    const store = await openStore(`${storeUrl.replace('http://', 'http://default:@')}/bench`)
    const log = await openLog(kafka.address({ partitions: PARTITIONS }), 'write')
    ends.push(
      () => store.close(),
      () => log.close(),
    )
    const engineCpuSeconds = () => cpuSecondsOf(server.pid)
    return await work({ hosts: kafka.hosts, log, store, storeUrl, engineCpuSeconds })
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

/** Records trades as the sources do: one call a trade, records cut by size and age, appended to their symbols' partitions. */
export async function record(log: OpenLog, batches: readonly TradeColumns[]): Promise<void> {
  const recorder = new Recorder({ log, emit: () => {} })
  const draft = new TradeDraft()
  draft.venue = simulator.name
  for (const trades of batches) {
    for (let row = 0; row < trades.length; row++) {
      const micros = readMicros(trades.timestampWords, row)
      draft.symbol = trades.symbols.words[trades.symbol[row]!]!
      draft.timestampMicros = micros
      draft.receivedAtMicros = micros + 250
      draft.price = trades.price[row]!
      draft.volume = trades.volume[row]!
      draft.side = trades.side[row] as Side
      draft.tradeId = Number(trades.tradeId[row])
      recorder.trade(draft)
    }
    // The turns that sockets would leave; at the bound a source waits.
    do await new Promise(resolve => setImmediate(resolve))
    while (recorder.paused)
  }
  await recorder.drain()
}

/**
 * Stores all that the log holds or gets until so many trades are in the table; what it returns ends it. `begun` is called when
 * the first partition is ours.
 */
export async function storeFrom(
  { log, store }: Cluster,
  trades: number,
  begun: () => void = () => {},
): Promise<() => Promise<void>> {
  let stored = 0
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  const storing = new Ingest({
    limits: limitsOf(parseConfig({}, {})),
    venues: new Map([[simulator.name, simulator.ids]]),
    log,
    store,
    emit: name => {
      if (name === 'ingest_started') begun()
      if (name === 'ticks_refused' || name === 'ingest_failed') reject(new Error(name))
    },
  })
  storing.onStored = batch => {
    stored += batch.trades.length
    if (stored === trades) resolve()
  }
  storing.start()
  await done
  return () => storing.stop()
}
