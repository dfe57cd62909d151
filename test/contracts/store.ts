/** What every store promises, whatever it is made of: see `test/store/embedded/engine.test.ts` and `test/store/server/backend.test.ts`. */

import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import type { TickhouseError } from '../../src/errors.ts'
import { Batch } from '../../src/ingest/batch.ts'
import { Checkpoint } from '../../src/ingest/checkpoint.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { openStore } from '../../src/store/open.ts'
import { SCHEMA_VERSION } from '../../src/store/schema/version.ts'
import type { Selection, Store, StoreKind } from '../../src/store/store.ts'
import { TRADES } from '../../src/tick/kinds.ts'
import { BlockWriter } from '../../src/tick/native.ts'
import { VERSION } from '../../src/version.ts'
import { columnsOf, NOON_MICROS } from '../support/data/trades.ts'
import { assertTrades, compareTrades, type ExpectedTrade } from '../support/judges/oracle.ts'
import type { Owner } from '../support/processes/tickhouse.ts'

const NOON_MS = NOON_MICROS / 1000
const ROWS_A_RECORD = 1000

export function tradesNumbered(first: number, count: number): ExpectedTrade[] {
  return Array.from({ length: count }, (_, index) => {
    const tradeId = first + index
    return {
      symbol: 'BTCUSDT',
      tradeId,
      price: tradeId / 7,
      volume: tradeId / 1000,
      side: tradeId % 2 ? 'buy' : 'sell',
    }
  })
}

/** The batch that trades make, 1,000 a record, the first at an offset. */
export function batchOf(partition: number, offset: number, trades: readonly ExpectedTrade[]): Batch {
  const batch = new Batch(partition)
  for (let at = 0, next = offset; at < trades.length; at += ROWS_A_RECORD, next++) {
    const columns = columnsOf('binance', trades.slice(at, at + ROWS_A_RECORD))
    const payload = new Uint8Array()
    const entry = { partition, offset: next, timestampMs: NOON_MS, ticks: columns.length, payload }
    batch.begin({ kind: 'trades', format: 'native', version: 1, ...entry }, 0)
    batch.addTicks(TRADES, next, columns, 0, columns.length)
  }
  return batch
}

/** `address` gives a place where no store is yet; it goes with its owner. */
export function storeContract(name: string, kind: StoreKind, address: (owner: Owner) => Promise<string>): void {
  describe(`${name} keeps the store's contract`, () => {
    let where: string
    let store: Store
    let partition = 0
    const atEnd: (() => void | Promise<void>)[] = []

    before(async () => {
      where = await address({ after: work => atEnd.unshift(work) })
      store = await openStore(where)
    })
    beforeEach(async () => {
      partition++
      for (const table of ['trades', 'quarantine', 'gaps', 'lost_ranges'])
        await store.command(`TRUNCATE TABLE ${table}`)
    })
    after(async () => {
      await store.close()
      for (const work of atEnd) await work()
    })

    const count = async (table = 'trades') => {
      const [row] = await store.rows<{ rows: string }>(`SELECT count() AS rows FROM ${table}`)
      return Number(row!.rows)
    }

    test('a block of any size within the limits is one part, and comes back to the last digit', async () => {
      const trades = tradesNumbered(1, 100_000)
      await store.insertBlock('trades', batchOf(partition, 0, trades).block('trades', 0), await store.claim(partition))
      const parts = await store.rows<{ rows: string }>(
        `SELECT rows FROM system.parts
         WHERE active AND database = currentDatabase() AND table = 'trades' AND min_block_number = max_block_number`,
      )
      assert.deepEqual(
        parts.map(({ rows }) => Number(rows)),
        [100_000],
      )
      assertTrades(await compareTrades(store, 'binance', trades))
      const { kinds, bytes, parts: allParts } = await store.size()
      assert.equal(kinds.trades.ticks, 100_000)
      assert.ok(kinds.trades.bytes > 0 && kinds.trades.bytes <= bytes)
      assert.ok(bytes > 0 && allParts > 0)
    })

    test('the tables have the resume position, and how much of a batch was stored', async () => {
      const checkpoint = new Checkpoint(store, SYSTEM_CLOCK)
      const batch = batchOf(partition, 7, tradesNumbered(1, 3_500))
      const ask = () => checkpoint.count('trades', partition, batch.logDay, batch.firstOffset, batch.lastOffset)
      assert.equal(await ask(), 0)
      assert.deepEqual(await checkpoint.days('trades'), [])
      await store.insertBlock('trades', batch.block('trades', 0), await store.claim(partition))
      assert.equal(await ask(), 3_500)
      assert.deepEqual(await checkpoint.days('trades'), ['2026-11-22'])
    })

    test('a block sent twice is stored twice: the engine drops no duplicate', async () => {
      const fence = await store.claim(partition)
      const block = batchOf(partition, 0, tradesNumbered(1, 10)).block('trades', 0)
      await store.insertBlock('trades', block, fence)
      await store.insertBlock('trades', block, fence)
      assert.equal(await count(), 20)
    })

    test('a block cut off, over two log days, or with a column unknown to the table, stores nothing', async () => {
      const fence = await store.claim(partition)
      const good = batchOf(partition, 0, tradesNumbered(1, 2_000)).block('trades', 0)
      const twoDays = new BlockWriter(2, 2, 100)
      twoDays.fixed('log_day', 'Date', Uint16Array.of(20_000, 20_001))
      twoDays.fixed('trade_id', 'UInt64', BigUint64Array.of(1n, 2n))
      const stranger = new BlockWriter(2, 1, 100)
      stranger.fixed('log_day', 'Date', Uint16Array.of(20_000))
      stranger.fixed('liquidity', 'UInt64', BigUint64Array.of(1n))
      for (const block of [good.slice(0, good.length / 2), twoDays.done(), stranger.done()]) {
        await assert.rejects(store.insertBlock('trades', block, fence), { code: 'store_unavailable', retryable: true })
        await store.settle(fence)
        assert.equal(await count(), 0)
      }
      await store.insertBlock('trades', good, fence)
      assert.equal(await count(), 2_000)
    })

    test('rows given as objects come back with any text in them, and with large numbers exact when selected as text', async () => {
      const row = {
        venue: 'binance',
        symbol: "it's\n\n; DROP TABLE gaps; -- \\ \u0000 {p:String} ✓",
        first_id: '18446744073709551615',
        last_id: '9007199254740993',
        missing: 2,
        state: 'open',
        found_at: '2026-11-22 12:00:00.123456',
        changed_at: '2026-11-22 12:00:00.123456',
        reason: '',
        id_run: 3,
        after_at: '2026-11-22 11:59:59.999999',
        before_at: '2026-11-22 12:00:00.000001',
      }
      await store.insertRows('gaps', [row], await store.claim(partition))
      await store.insertRows('gaps', [{ ...row, first_id: 1 }])
      const rows = await store.rows<object>(
        `SELECT * REPLACE (toString(first_id) AS first_id, toString(last_id) AS last_id) FROM gaps
         WHERE symbol = {symbol:String} ORDER BY gaps.first_id DESC`,
        { symbol: row.symbol },
      )
      assert.deepEqual(rows, [row, { ...row, first_id: '1' }])
    })

    test('a query may have thousands of ids', async () => {
      const ids = Array.from({ length: 5_000 }, (_, index) => 2n ** 60n + BigInt(index))
      const [row] = await store.rows(
        'SELECT toUInt32(countIf(id IN {ids:Array(UInt64)})) AS named FROM (SELECT {first:UInt64} AS id)',
        {
          ids,
          first: ids[77],
        },
      )
      assert.deepEqual(row, { named: 1 })
    })

    test('deleted rows are gone when the call returns, and deleting them again is harmless', async () => {
      const rows = [1, 2, 3].map(first => ({ log_partition: partition, first_offset: first, last_offset: 9 }))
      await store.insertRows('lost_ranges', rows)
      for (let times = 0; times < 2; times++) {
        await store.deleteRows('lost_ranges', 'first_offset > {first:UInt64}', { first: 1 })
        assert.equal(await count('lost_ranges'), 1)
      }
    })

    test('a command takes parameters and settings for itself alone, and returns when its work is done', async () => {
      await store.insertRows('lost_ranges', [{ log_partition: partition, first_offset: 1, last_offset: 2 }])
      const copy =
        'INSERT INTO lost_ranges (log_partition, first_offset, last_offset) SELECT {at:UInt16}, number, 9 FROM numbers(100)'
      await store.command(copy, { at: partition }, { max_block_size: 10 })
      assert.equal(await count('lost_ranges'), 101)
      const [row] = await store.rows("SELECT value FROM system.settings WHERE name = 'max_block_size'")
      assert.notDeepEqual(row, { value: '10' })
      await assert.rejects(store.command('INSERT INTO nothing_of_that_name SELECT 1'), { code: 'store_refused' })
    })

    test('a dropped partition takes the rows of its day and no others; dropping it again is harmless', async () => {
      const rows = ['2026-01-01', '2026-01-02'].map(day => ({ log_partition: partition, log_day: day, raw: 'x' }))
      for (const row of rows) await store.insertRows('quarantine', [row])
      for (let times = 0; times < 2; times++) {
        await store.dropPartition('quarantine', '2026-01-01')
        assert.deepEqual(await store.rows('SELECT toString(log_day) AS log_day FROM quarantine'), [
          { log_day: '2026-01-02' },
        ])
      }
    })

    test('rows are written to a new Parquet file, never over another, and read back to the last digit', async t => {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-parquet-'))
      const files = filesOf(store)
      t.after(async () => {
        await files.close()
        fs.rmSync(directory, { recursive: true, force: true })
      })
      const file = path.join(directory, 'rows.parquet')
      const select = 'SELECT number + {first:UInt64} AS id, 1 / (1 + number) AS price FROM numbers(1000)'
      await files.write(select, { first: 5 }, file)
      const sums = 'count() AS rows, sum(id) AS ids, sum(cityHash64(price)) AS prices'
      const [written] = await store.rows(`SELECT ${sums} FROM (${select})`, { first: 5 })
      const [read] = await files.rows<object>(`SELECT ${sums} FROM file('${file}', 'Parquet')`)
      const whole = (row: object) => Object.values(row).map(String)
      assert.deepEqual(whole(read!), whole(written as object))
      await assert.rejects(files.write('SELECT 1', {}, file), { name: 'TickhouseError' })
    })

    test('each claim of a partition is higher than all before it; partitions do not share theirs', async () => {
      const epochs: number[] = []
      for (let claims = 0; claims < 5; claims++) epochs.push((await store.claim(partition)).epoch)
      assert.deepEqual(
        epochs,
        epochs.toSorted((a, b) => a - b),
      )
      assert.equal(new Set(epochs).size, 5)
      assert.equal((await store.claim(partition + 1000)).epoch, 1)
    })

    test('concurrent claims never give two owners the same epoch', async () => {
      const fences = await Promise.all(Array.from({ length: 6 }, () => store.claim(partition)))
      assert.equal(new Set(fences.map(({ epoch }) => epoch)).size, 6)
    })

    test('an untrusted client’s statement is answered in the requested format, and cannot write', async () => {
      const ask = async (query: string, format: string) => Buffer.from(await store.untrusted(query, format)).toString()
      assert.equal(await ask('SELECT 1 AS one', 'JSONEachRow'), '{"one":1}\n')
      assert.equal(await ask("SELECT 'a', 2", 'CSV'), '"a",2\n')
      await assert.rejects(ask('SELECT bla', 'CSV'), { code: '47' })
      await assert.rejects(ask('TRUNCATE TABLE epochs', 'CSV'), { code: '164' })
      await assert.rejects(ask('INSERT INTO lost_ranges (log_partition) SELECT 1', 'CSV'), { code: '164' })
    })

    test('a selection leaves the rows at its positions, also in views, and no table without positions', async () => {
      const ask = async (query: string, only: Selection) =>
        Buffer.from(await store.untrusted(query, 'TSV', undefined, only)).toString()
      const batch = batchOf(partition, 7, tradesNumbered(1, 30))
      await store.insertBlock('trades', batch.block('trades', 0), await store.claim(partition))
      const all: Selection = { trades: [[partition, batch.firstOffset, batch.lastOffset]] }
      const later: Selection = { trades: [[partition, batch.lastOffset + 1, batch.lastOffset + 9]] }
      for (const table of ['trades', 'all_trades']) {
        assert.equal(await ask(`SELECT count() FROM ${table}`, all), '30\n')
        assert.equal(await ask(`SELECT count() FROM ${table}`, later), '0\n')
        assert.equal(await ask(`SELECT count() FROM ${table}`, {}), '0\n')
      }
      await assert.rejects(ask('SELECT * FROM gaps', all), /does not keep its earlier rows/)
    })

    test('errors that no retry solves are distinguished from those that may pass', async () => {
      await assert.rejects(store.rows('SELECT * FROM nothing_of_that_name'), {
        code: 'store_refused',
        retryable: false,
      })
      await assert.rejects(store.rows("SELECT throwIf(1, 'for a moment')"), {
        code: 'store_unavailable',
        retryable: true,
      })
    })

    test('a store that a newer version wrote is refused before anything in it changes', async () => {
      const versions = () => store.rows<object>('SELECT version, program FROM schema_version ORDER BY version')
      const own = { version: SCHEMA_VERSION, program: VERSION }
      assert.deepEqual(await versions(), [own])
      await store.command('DROP VIEW candles')
      await store.insertRows('schema_version', [{ version: SCHEMA_VERSION + 1, program: '99.1.0' }])
      await assert.rejects(openStore(where), error => {
        const { code, message, advice, retryable } = error as TickhouseError
        assert.deepEqual([code, retryable], ['data_foreign', false])
        assert.ok(message.endsWith(`schema version ${SCHEMA_VERSION + 1}, this program has ${SCHEMA_VERSION}`), message)
        assert.match(advice, /^Start tickhouse 99\.1\.0 or later\. .*tickhouse restore/)
        return true
      })
      assert.deepEqual(await store.rows("SELECT name FROM system.tables WHERE name = 'candles'"), [])
      await store.deleteRows('schema_version', 'version > {own:UInt32}', { own: SCHEMA_VERSION })
      const again = await openStore(where)
      await again.close()
      assert.deepEqual(await versions(), [own])
      assert.equal((await store.rows("SELECT name FROM system.tables WHERE name = 'candles'")).length, 1)
    })

    test('a store opened again has the same rows', async () => {
      await store.insertRows('lost_ranges', [{ log_partition: partition, first_offset: 1, last_offset: 2 }])
      const { version } = store
      await store.close()
      store = await openStore(where)
      assert.equal(await count('lost_ranges'), 1)
      assert.equal(store.version, version)
      assert.equal(store.kind, kind)
      assert.match(version, /^\d+\.\d+/)
    })
  })
}
