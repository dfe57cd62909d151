/**
 * A full log into the tables, against the engine alone with the same blocks, and row objects through the stock client.
 */

import { Batch } from '../../src/ingest/batch.ts'
import { TRADES as KIND } from '../../src/tick/kinds.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { readMicros } from '../../src/tick/time.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'
import { type Bench, measured } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { BATCH_TRADES, storeAll, withClient, withParts } from '../samples/storing.ts'
import { makeTrades } from '../samples/trades.ts'

const TRADES = 3_000_000
const RECORD_TRADES = 1_000
/** Row objects are slow: fewer trades, in batches of the size that the client's documentation recommends. */
const OBJECT_TRADES = 300_000
const OBJECT_BATCH = 100_000
const RECORDS_PER_APPEND = 100

async function tickhouse() {
  return withDirectory(directory =>
    withParts(directory, async parts => {
      const records = makeTrades(TRADES, RECORD_TRADES).map(tradesRecord)
      for (let at = 0; at < records.length; at += RECORDS_PER_APPEND)
        await parts.log.append(0, records.slice(at, at + RECORDS_PER_APPEND))
      records.length = 0
      let inserts = 0
      const sample = await measured(async () => {
        inserts = await storeAll(parts, TRADES)
        return TRADES
      })
      return { ...sample, metrics: { 'trades an insert': TRADES / inserts } }
    }),
  )
}

async function engineAlone() {
  return withDirectory(directory =>
    withParts(directory, async ({ store }) => {
      const blocks = blocksOf(makeTrades(TRADES, RECORD_TRADES))
      return measured(async () => {
        for (const block of blocks) await store.insertBlock('trades', block, { partition: 0, epoch: 1 })
        return TRADES
      })
    }),
  )
}

/** The blocks that ingest would make, when every batch is full. */
function blocksOf(records: readonly TradeColumns[]): Uint8Array<ArrayBuffer>[] {
  const blocks: Uint8Array<ArrayBuffer>[] = []
  const batch = new Batch(0)
  for (const [offset, trades] of records.entries()) {
    const entry = { ...tradesRecord(trades), partition: 0, offset, timestampMs: Date.now() }
    batch.begin(entry, 0)
    batch.addTicks(KIND, offset, trades, 0, trades.length)
    if (batch.trades.length < BATCH_TRADES && offset < records.length - 1) continue
    blocks.push(batch.block('trades', 0))
    batch.clear()
  }
  return blocks
}

async function objects() {
  return withDirectory(directory =>
    withClient(directory, async client => {
      const batches = makeTrades(OBJECT_TRADES, OBJECT_BATCH).map(rowsOf)
      return measured(async () => {
        for (const values of batches) await client.insert({ table: 'trades', values, format: 'JSONEachRow' })
        return OBJECT_TRADES
      })
    }),
  )
}

function rowsOf(trades: TradeColumns): Record<string, string | number>[] {
  const time = (words: Uint32Array, row: number) =>
    new Date(readMicros(words, row) / 1000).toISOString().replace('T', ' ').replace('Z', '')
  return Array.from({ length: trades.length }, (_, row) => ({
    venue: trades.venues.words[trades.venue[row]!]!,
    symbol: trades.symbols.words[trades.symbol[row]!]!,
    timestamp: time(trades.timestampWords, row),
    received_at: time(trades.receivedAtWords, row),
    price: trades.price[row]!,
    volume: trades.volume[row]!,
    side: trades.side[row]!,
    trade_id: String(trades.tradeId[row]),
    origin: 0,
    log_partition: 0,
    log_offset: 0,
    log_index: row,
    log_day: '2026-01-01',
  }))
}

export const ingest: Bench = {
  name: 'ingest',
  summary:
    'a full log into the tables; limit: the engine alone with the same blocks; peer: row objects through the stock client',
  unit: 'trades',
  rounds: 5,
  contestants: [
    { name: 'log to store', against: 'engine alone', run: tickhouse },
    { name: 'engine alone', run: engineAlone },
    { name: 'row objects, stock client', against: 'engine alone', run: objects },
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades in records of ${RECORD_TRADES.toLocaleString('en-US')}; inserts of at most ${BATCH_TRADES.toLocaleString('en-US')}`,
    `row objects: ${OBJECT_TRADES.toLocaleString('en-US')} ready-made objects, ${OBJECT_BATCH.toLocaleString('en-US')} an insert, JSONEachRow, the same engine and tables`,
  ],
  profiled: ['log to store'],
}
