/** A Kafka broker and tickhouse as ClickHouse server, each in its own process, for one round. */
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
  /** The store's ClickHouse HTTP interface. */
  storeUrl: string
  /** CPU seconds of the engine's process so far. */
  engineCpuSeconds(): number
}

/** Starts both with empty tables, and stops them after the work. */
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

/**
 * Records trades as the sources do: one call per trade, records cut by size and age, appended to their symbols'
 * partitions.
 */
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
    // Yields to the event loop as sockets do; with backpressure a source waits.
    do await new Promise(resolve => setImmediate(resolve))
    while (recorder.paused)
  }
  await recorder.drain()
}

/**
 * Runs ingest until `trades` trades are stored; returns the function that stops it. Calls `onStart` when the first
 * partition is assigned.
 */
export async function storeFrom(
  { log, store }: Cluster,
  trades: number,
  onStart: () => void = () => {},
): Promise<() => Promise<void>> {
  let stored = 0
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()
  const storing = new Ingest({
    limits: limitsOf(parseConfig({}, {})),
    venues: new Map([[simulator.name, simulator.ids]]),
    log,
    store,
    emit: name => {
      if (name === 'ingest_started') onStart()
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
