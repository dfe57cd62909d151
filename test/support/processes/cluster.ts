/** The house as a cluster runs it: processes of their own over a real Kafka, and one store over HTTP. */
import type { OpenLog } from '../../../src/log/log.ts'
import { openLog } from '../../../src/log/open.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import { within } from '../judges/within.ts'
import { openTestServer, type TestServer } from '../servers/clickhouse-server.ts'
import { type Kafka, startKafka } from '../servers/kafka/kafka.ts'
import { KafkaOutside } from '../servers/kafka/outside.ts'
import { House, type Owner, type Settings, WAIT_MS_MAX } from './tickhouse.ts'

/** Records of a topic in one partition would not show what is shared out. */
const PARTITIONS = 4

/** A Kafka and a ClickHouse server, for the clusters of a whole test file. */
export interface Ground {
  kafka: Kafka
  server: TestServer
}

/** Finds or starts both. Where there is no Kafka, `skip` says why, for tests to skip with. */
export async function findGround(owner: Owner): Promise<Ground & { skip: string | false }> {
  const kafka = await startKafka(owner)
  return { kafka, server: await openTestServer(owner), skip: kafka.missing ?? false }
}

export interface ClusterOptions {
  /** Of every process. */
  settings?: Settings
  partitions?: number
  /** What stands between the processes and the server: given the server's own address, returns the one they are told. */
  between?: (url: string) => Promise<string>
}

export class Cluster {
  /** The processes that record and ingest. */
  readonly house: House
  /** The same Kafka, through another client. */
  readonly outside: KafkaOutside
  readonly log: OpenLog
  readonly store: Store

  /** Everything goes with the test. */
  static async start(t: Owner, { kafka, server }: Ground, options: ClusterOptions = {}): Promise<Cluster> {
    const { partitions = PARTITIONS, settings = {}, between } = options
    // Ours goes around whatever stands between.
    const direct = { LOG: kafka.address({ partitions }), STORE: server.freshStore() }
    const STORE = between ? server.storeThrough(direct.STORE, await between(server.url)) : direct.STORE
    const house = new House(t, { ...direct, ...settings, STORE })
    const log = await openLog(direct.LOG, 'write')
    const store = await openStore(direct.STORE)
    const outside = await KafkaOutside.connect(direct.LOG)
    const cluster = new Cluster({ house, log, store, outside })
    t.after(() => cluster.#close())
    return cluster
  }

  private constructor({ house, log, store, outside }: Pick<Cluster, 'house' | 'log' | 'store' | 'outside'>) {
    this.house = house
    this.log = log
    this.store = store
    this.outside = outside
  }

  /** What the tables hold, by partition: all offsets below. */
  async storedBelow(): Promise<Map<number, number>> {
    const rows = await this.store.rows<{ partition: number; last: string }>(
      `SELECT log_partition AS partition, toString(max(log_offset)) AS last
       FROM (SELECT log_partition, log_offset FROM trades UNION ALL SELECT log_partition, log_offset FROM quarantine)
       GROUP BY log_partition`,
    )
    return new Map(rows.map(({ partition, last }) => [partition, Number(last) + 1]))
  }

  /** Resolves when the tables hold every record that there is now. Rejects in a minute: a partition stalls. */
  async drained(): Promise<void> {
    const wanted = await this.outside.bounds()
    await within(WAIT_MS_MAX, async () => {
      const stored = await this.storedBelow()
      const behind = [...wanted].filter(([partition, { next }]) => (stored.get(partition) ?? 0) < next)
      return behind.length === 0 ? undefined : `stored ${show(stored)} of ${JSON.stringify([...wanted])}`
    })
  }

  /** Resolves when ordinary Kafka tools show no lag: the group's offsets are what the tables hold. */
  async lagShown(): Promise<void> {
    await within(WAIT_MS_MAX, async () => {
      const [stored, committed] = [await this.storedBelow(), await this.outside.committed()]
      const differs = [...stored].some(([partition, below]) => committed.get(partition) !== below)
      return differs ? `the group is at ${show(committed)}, the tables hold ${show(stored)}` : undefined
    })
  }

  async #close(): Promise<void> {
    await this.outside[Symbol.asyncDispose]()
    await this.log.close()
    await this.store.close()
  }
}

const show = (numbers: Map<number, number>): string => JSON.stringify([...numbers])
