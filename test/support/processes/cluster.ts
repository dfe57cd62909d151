/** A tickhouse cluster: separate processes on a real Kafka, and one store on a ClickHouse server. */
import type { OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { TICK_TABLES } from '../../../src/tick/kinds.ts'
import { within } from '../judges/within.ts'
import { openTestServer, type TestServer } from '../servers/clickhouse-server.ts'
import { type Kafka, startKafka } from '../servers/kafka/kafka.ts'
import { KafkaOutside } from '../servers/kafka/outside.ts'
import { type Owner, type Settings, TestInstance, WAIT_MS_MAX } from './tickhouse.ts'

/** More than one, so that assignment to processes shows. */
const PARTITIONS = 4

/** Kafka and a ClickHouse server for the clusters of a test file. */
export interface ClusterServers {
  kafka: Kafka
  server: TestServer
}

/** Finds or starts both. Without Kafka, `skip` is the reason, for the `skip` option of tests. */
export async function startClusterServers(owner: Owner): Promise<ClusterServers & { skip: string | false }> {
  const kafka = await startKafka(owner)
  return { kafka, server: await openTestServer(owner), skip: kafka.missing ?? false }
}

export interface ClusterOptions {
  /** Of every process. */
  settings?: Settings
  partitions?: number
  /** Starts a proxy before the server, given the server's URL; returns the URL the processes connect to. */
  between?: (url: string) => Promise<string>
}

export class Cluster {
  /** The processes that record and ingest. */
  readonly instance: TestInstance
  /** The same Kafka, through another client. */
  readonly outside: KafkaOutside
  readonly log: OpenLog
  readonly store: Store

  /** All parts end with the test. */
  static async start(t: Owner, { kafka, server }: ClusterServers, options: ClusterOptions = {}): Promise<Cluster> {
    const { partitions = PARTITIONS, settings = {}, between } = options
    // The test itself connects directly.
    const direct = { LOG: kafka.address({ partitions }), STORE: server.freshStore() }
    const STORE = between ? server.storeThrough(direct.STORE, await between(server.url)) : direct.STORE
    const instance = new TestInstance(t, { ...direct, ...settings, STORE })
    const log = await openLog(direct.LOG, 'write')
    const store = await openStore(direct.STORE)
    const outside = await KafkaOutside.connect(direct.LOG)
    const cluster = new Cluster({ instance, log, store, outside })
    t.after(() => cluster.#close())
    return cluster
  }

  private constructor({ instance, log, store, outside }: Pick<Cluster, 'instance' | 'log' | 'store' | 'outside'>) {
    this.instance = instance
    this.log = log
    this.store = store
    this.outside = outside
  }

  /** First offset not stored, by partition. */
  async storedBelow(): Promise<Map<number, number>> {
    const rows = await this.store.rows<{ partition: number; last: string }>(
      `SELECT log_partition AS partition, toString(max(log_offset)) AS last
       FROM (${TICK_TABLES.map(table => `SELECT log_partition, log_offset FROM ${table}`).join(' UNION ALL ')})
       GROUP BY log_partition`,
    )
    return new Map(rows.map(({ partition, last }) => [partition, Number(last) + 1]))
  }

  /** Resolves when every record now in the log is stored. Rejects after `WAIT_MS_MAX`. */
  async drained(): Promise<void> {
    const wanted = await this.outside.bounds()
    await within(WAIT_MS_MAX, async () => {
      const stored = await this.storedBelow()
      const behind = [...wanted].filter(([partition, { next }]) => (stored.get(partition) ?? 0) < next)
      return behind.length === 0 ? undefined : `stored ${show(stored)} of ${JSON.stringify([...wanted])}`
    })
  }

  /** Resolves when Kafka tools show no lag: the group's committed offsets equal the stored ones. */
  async lagShown(): Promise<void> {
    await within(WAIT_MS_MAX, async () => {
      const [stored, committed] = [await this.storedBelow(), await this.outside.committed()]
      const differs = [...stored].some(([partition, below]) => committed.get(partition) !== below)
      return differs ? `committed ${show(committed)}, stored ${show(stored)}` : undefined
    })
  }

  async #close(): Promise<void> {
    await this.outside[Symbol.asyncDispose]()
    await this.log.close()
    await this.store.close()
  }
}

const show = (numbers: Map<number, number>): string => JSON.stringify([...numbers])
