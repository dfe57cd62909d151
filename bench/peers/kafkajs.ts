/** The usual approach on Node: one JSON tick per record through kafkajs, row objects into the table. */
import { type Consumer, Kafka, logLevel, type Producer } from 'kafkajs'
import type { Store } from '../../src/store/store.ts'
import { readMicros } from '../../src/tick/time.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'

const TOPIC = 'json-ticks'
const RECORDS_PER_SEND = 1_000
const ROWS_PER_INSERT = 50_000

interface JsonTick {
  venue: string
  symbol: string
  timestamp: number
  price: number
  volume: number
  side: string
  trade_id: number
}

export class KafkajsPeer {
  readonly topic = TOPIC
  readonly #kafka: Kafka
  readonly #producer: Producer
  readonly #consumer: Consumer

  constructor(hosts: string) {
    this.#kafka = new Kafka({ brokers: hosts.split(','), logLevel: logLevel.NOTHING })
    this.#producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    this.#consumer = this.#kafka.consumer({ groupId: 'kafkajs-peer' })
  }

  async prepare(partitions: number): Promise<void> {
    const admin = this.#kafka.admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: partitions }], waitForLeaders: true })
    await admin.disconnect()
    await this.#producer.connect()
    await this.#consumer.connect()
  }

  async produce(batches: readonly TradeColumns[], partitions: number): Promise<void> {
    for (const trades of batches) {
      for (let from = 0; from < trades.length; from += RECORDS_PER_SEND) {
        const messages = []
        for (let row = from; row < Math.min(from + RECORDS_PER_SEND, trades.length); row++) {
          const tick: JsonTick = {
            venue: 'simulator',
            symbol: trades.symbols.words[trades.symbol[row]!]!,
            timestamp: readMicros(trades.timestampWords, row) / 1000,
            price: trades.price[row]!,
            volume: trades.volume[row]!,
            side: trades.side[row] === 1 ? 'buy' : 'sell',
            trade_id: Number(trades.tradeId[row]),
          }
          messages.push({ value: JSON.stringify(tick), partition: trades.symbol[row]! % partitions })
        }
        await this.#producer.send({ topic: TOPIC, messages, acks: -1 })
      }
    }
  }

  /** Stores `ticks` ticks; calls `onStart` when the consumer has joined its group. */
  async store(store: Store, ticks: number, onStart: () => void = () => {}): Promise<void> {
    const { promise: done, resolve, reject } = Promise.withResolvers<void>()
    let rows: Record<string, unknown>[] = []
    let stored = 0
    // One insert at a time over all partitions.
    let last = Promise.resolve()
    const insert = async () => {
      const values = rows
      rows = []
      if (values.length > 0) await store.insertRows('trades', values)
      stored += values.length
      if (stored === ticks) resolve()
    }
    this.#consumer.on('consumer.group_join', onStart)
    await this.#consumer.subscribe({ topic: TOPIC, fromBeginning: true })
    await this.#consumer.run({
      partitionsConsumedConcurrently: 4,
      eachBatch: async ({ batch }) => {
        for (const { value, offset } of batch.messages) {
          const tick = JSON.parse(value!.toString()) as JsonTick
          const timestamp = new Date(tick.timestamp).toISOString().slice(0, -1)
          rows.push({
            ...tick,
            timestamp,
            received_at: timestamp,
            log_partition: batch.partition,
            log_offset: offset,
            log_index: 0,
          })
        }
        if (rows.length < ROWS_PER_INSERT && stored + rows.length < ticks) return
        last = last.then(insert)
        await last.catch(reject)
      },
    })
    await done
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
    await this.#consumer.disconnect()
  }
}
