/**
 * Through a Kafka broker into the engine behind ClickHouse's HTTP interface: in columns, and one JSON tick per record.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonWith } from '../../test/support/processes/python.ts'
import { type Bench, measured, type Sample } from '../contract.ts'
import { KafkajsPeer } from '../peers/kafkajs.ts'
import { type Cluster, PARTITIONS, record, storeFrom, withCluster } from '../samples/cluster.ts'
import { makeTrades } from '../samples/trades.ts'

const TRADES = 2_000_000
/** One JSON tick per record is slow: fewer of them. */
const JSON_TICKS = 200_000
const BATCH = 10_000
const CONSUMER = join(import.meta.dirname, '../peers/python-consumer.py')

const run = promisify(execFile)

/** Measures from the call of `onStart` within `work`, including the CPU of the engine's process. */
async function measuredFromStart({ engineCpuSeconds }: Cluster, work: (onStart: () => void) => Promise<number>) {
  let started: { ms: number; cpu: NodeJS.CpuUsage; engine: number } | undefined
  const count = await work(() => {
    started ??= { ms: performance.now(), cpu: process.cpuUsage(), engine: engineCpuSeconds() }
  })
  if (!started) throw new Error('the work did not call onStart')
  const { user, system } = process.cpuUsage(started.cpu)
  const sample = { count, seconds: (performance.now() - started.ms) / 1000, cpuSeconds: (user + system) / 1e6 }
  return withEngine(sample, engineCpuSeconds() - started.engine)
}

function withEngine(sample: Sample, engineCpuSeconds: number): Sample {
  return { ...sample, metrics: { 'engine cpu s/M': (engineCpuSeconds / sample.count) * 1e6 } }
}

async function columns() {
  return withCluster(async cluster => {
    const batches = makeTrades(TRADES, BATCH)
    const engineBefore = cluster.engineCpuSeconds()
    let stopIngest = async () => {}
    const sample = await measured(async () => {
      const [ending] = await Promise.all([storeFrom(cluster, TRADES), record(cluster.log, batches)])
      stopIngest = ending
      return TRADES
    })
    const engineCpuSeconds = cluster.engineCpuSeconds() - engineBefore
    await stopIngest()
    return withEngine(sample, engineCpuSeconds)
  })
}

async function columnsToStore() {
  return withCluster(async cluster => {
    await record(cluster.log, makeTrades(TRADES, BATCH))
    let stopIngest = async () => {}
    const sample = await measuredFromStart(cluster, async onStart => {
      stopIngest = await storeFrom(cluster, TRADES, onStart)
      return TRADES
    })
    await stopIngest()
    return sample
  })
}

async function withKafkajs(cluster: Cluster, work: (peer: KafkajsPeer) => Promise<Sample>): Promise<Sample> {
  const peer = new KafkajsPeer(cluster.hosts)
  await peer.prepare(PARTITIONS)
  try {
    return await work(peer)
  } finally {
    await peer.close()
  }
}

async function kafkajs() {
  return withCluster(cluster =>
    withKafkajs(cluster, async peer => {
      const batches = makeTrades(JSON_TICKS, BATCH)
      const engineBefore = cluster.engineCpuSeconds()
      const sample = await measured(async () => {
        await Promise.all([peer.produce(batches, PARTITIONS), peer.store(cluster.store, JSON_TICKS)])
        return JSON_TICKS
      })
      return withEngine(sample, cluster.engineCpuSeconds() - engineBefore)
    }),
  )
}

async function kafkajsToStore() {
  return withCluster(cluster =>
    withKafkajs(cluster, async peer => {
      await peer.produce(makeTrades(JSON_TICKS, BATCH), PARTITIONS)
      return measuredFromStart(cluster, async onStart => {
        await peer.store(cluster.store, JSON_TICKS, onStart)
        return JSON_TICKS
      })
    }),
  )
}

async function pythonToStore() {
  const python = await pythonWith('confluent-kafka', 'clickhouse-connect')
  return withCluster(cluster =>
    withKafkajs(cluster, async peer => {
      await peer.produce(makeTrades(JSON_TICKS, BATCH), PARTITIONS)
      const { hostname, port } = new URL(cluster.storeUrl)
      const engineBefore = cluster.engineCpuSeconds()
      const { stdout } = await run(
        python.command,
        [CONSUMER, cluster.hosts, peer.topic, hostname, port, String(JSON_TICKS)],
        { env: { ...process.env, PYTHONPATH: python.path } },
      )
      const took = JSON.parse(stdout) as { seconds: number; cpuSeconds: number }
      return withEngine({ count: JSON_TICKS, ...took }, cluster.engineCpuSeconds() - engineBefore)
    }),
  )
}

export const kafka: Bench = {
  name: 'kafka',
  summary:
    'through a Kafka broker into the engine over HTTP; peers: one JSON tick per record with kafkajs, and a Python consumer',
  unit: 'trades',
  rounds: 3,
  contestants: [
    { name: 'tickhouse: recorded and stored', run: columns },
    { name: 'kafkajs: sent and stored', against: 'tickhouse: recorded and stored', run: kafkajs },
    { name: 'tickhouse: log to store', run: columnsToStore },
    { name: 'kafkajs: topic to store', against: 'tickhouse: log to store', run: kafkajsToStore },
    { name: 'Python: topic to store', against: 'tickhouse: log to store', run: pythonToStore },
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades in columns, ${JSON_TICKS.toLocaleString('en-US')} as JSON; ${PARTITIONS} partitions, one broker, acks=all, idempotent producers; broker, engine and clients share the machine`,
    'recorded/sent and stored: both concurrently in one process; to store: from a full topic, measured from joining the group to the last row',
    'kafkajs: 1,000 messages a send, inserts of 50,000 row objects as JSONEachRow; Python: confluent-kafka and clickhouse-connect, inserts of 50,000 rows in columns',
    'cpu is that of the clients; the engine process with its merges is separate, the broker not counted',
  ],
}
