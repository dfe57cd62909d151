/** Data of earlier versions, opened by this one as a user does: by the command line, in a directory of its own. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openWithArchive } from '../../../src/archive/open.ts'
import { decode } from '../../../src/ingest/decode.ts'
import type { RepeatedTradesRow } from '../../../src/ingest/ids/repeated-trades.ts'
import { refusedTick } from '../../../src/ingest/quarantine/refused-tick.ts'
import type { Log } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { openStore } from '../../../src/store/open.ts'
import { microsText } from '../../../src/store/sql.ts'
import type { Store } from '../../../src/store/store.ts'
import { ORIGIN } from '../../../src/tick/trades.ts'
import { codeOf } from '../../../src/tick/validate.ts'
import { openTestStore } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { tradesOf } from '../../support/data/trades.ts'

const run = promisify(execFile)
const ASSETS = fileURLToPath(new URL('../../assets/', import.meta.url))
const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))

interface Answered {
  query: string
  answer: { n: string; hash: string }
}

/** What the version that wrote the data answered: see test/assets/README.md. */
interface Expected {
  log: { first: number; next: number; ticks: number }
  stored: Answered[]
  fromLog: Answered[]
  restored: Answered[]
  /** Names of the watcher's open alerts; none in data without its state. */
  alerts?: string[]
}

/** Counted repeats as a row each, as versions up to 0.1.0 kept them: their positions and the log are enough for all of it. */
async function asRowEach(store: Store, log: Log): Promise<void> {
  const counted = "reason = 'trade_repeated'"
  const rows = await store.rows<{ partition: number; raw: string }>(
    `SELECT log_partition AS partition, raw FROM quarantine WHERE ${counted}`,
  )
  for (const { partition, raw } of rows)
    for (const [offset, first, last] of (JSON.parse(raw) as RepeatedTradesRow).at) {
      const entry = (await log.record(partition, offset))!
      const { kind, ticks, indexes } = decode(entry)
      const seconds = Math.floor(entry.timestampMs / 1000)
      for (let row = 0; row < ticks.length; row++) {
        const index = indexes?.[row] ?? row
        if (index < first || index > last) continue
        const { reason, detail, venue, symbol, raw, receivedAtMicros } = refusedTick(
          kind,
          ticks,
          row,
          index,
          codeOf('duplicate_id'),
        )
        const place = { log_partition: partition, log_offset: offset, log_index: index, logged_at: seconds }
        const of = {
          kind: kind.name,
          reason,
          detail,
          venue,
          symbol,
          raw,
          received_bytes: Buffer.byteLength(raw),
          ticks: 1,
        }
        const times = {
          log_day: new Date(entry.timestampMs).toISOString().slice(0, 10),
          received_at: microsText(receivedAtMicros),
        }
        await store.insertRows('quarantine', [{ ...place, ...of, ...times }])
      }
    }
  await store.deleteRows('quarantine', counted, {})
}

async function assertAnswers(store: Store, expected: readonly Answered[]): Promise<void> {
  for (const { query, answer } of expected) assert.deepEqual(await store.rows(query), [answer], query)
}

for (const version of fs.readdirSync(ASSETS).filter(name => /^(schema-\d+|\d+\.\d+\.\d+)$/.test(name)))
  describe(`data written with ${version}`, () => {
    const expected: Expected = JSON.parse(fs.readFileSync(path.join(ASSETS, version, 'expected.json'), 'utf8'))
    let directory: string
    before(async () => {
      directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-earlier-'))
      await run('tar', ['-xzf', path.join(ASSETS, version, 'data.tar.gz'), '-C', directory])
    })
    after(() => fs.rmSync(directory, { recursive: true, force: true }))

    /** Standard output of a command that ends with 0. */
    const tickhouse = async (args: string[], settings: Record<string, string> = {}) => {
      const env = { ...process.env, TICKHOUSE_LISTEN: '127.0.0.1:1', ...settings }
      return (await run(process.execPath, [CLI, ...args], { cwd: directory, env })).stdout
    }

    test('the doctor finds that log and store agree', async () => {
      assert.match(await tickhouse(['doctor']), /Log and store agree\.\n$/)
    })

    test('the archive verifies, read back to the last byte', async () => {
      await tickhouse(['archive', 'verify', '--deep'])
    })

    test('each table has the rows that it had, and all_trades those of the archive too', async () => {
      const store = await openStore(`chdb:${path.join(directory, 'data/store')}`)
      const archive = { ARCHIVE: `file:${path.join(directory, 'data/archive')}`, ARCHIVE_SPOOL: 'unused' }
      const target = await openWithArchive(archive, store)
      try {
        await assertAnswers(store, expected.stored)
      } finally {
        await store.close()
        await target?.close()
      }
    })

    test('the log has the records that it had, and another store filled from it has the same rows', async t => {
      const copy = path.join(directory, 'log-copy')
      fs.cpSync(path.join(directory, 'data/log'), copy, { recursive: true })
      const log = await openSqliteLog(copy, 'write')
      t.after(() => log.close())
      const opened = await openTestStore()
      t.after(() => opened.remove())
      const { first, next } = log.bounds(0)
      assert.deepEqual({ first, next, ticks: await log.countTicks(0, first, next) }, expected.log)
      await storeAll(log, opened.store)
      await asRowEach(opened.store, log)
      await assertAnswers(opened.store, expected.fromLog)
    })

    test('an empty store restored from the archive has every trade, to the last digit', async () => {
      await tickhouse(['restore'], { TICKHOUSE_STORE: 'chdb:restored' })
      const store = await openStore(`chdb:${path.join(directory, 'restored')}`)
      try {
        await assertAnswers(store, expected.restored)
      } finally {
        await store.close()
      }
    })

    test("the watcher's open alerts are those that it had", async t => {
      const { alerts } = expected
      if (!alerts) return t.skip('no state of a watcher in it')
      const shown = await tickhouse(['watch', '--status'])
      assert.deepEqual(
        [...shown.matchAll(/^\w+ +(\w+): .*, for /gm)].map(([, name]) => name),
        alerts,
      )
    })

    test('ingest goes on where the earlier version stopped', async t => {
      const log = await openSqliteLog(path.join(directory, 'data/log'), 'write')
      t.after(() => log.close())
      const store = await openStore(`chdb:${path.join(directory, 'data/store')}`)
      t.after(() => store.close())
      const trade = { symbol: 'NEWUSDT', tradeId: 1, price: 2, volume: 3, side: 'buy' }
      await log.append(0, [tradesOf('binance', [trade], ORIGIN.live, () => Date.now() * 1000)])
      await storeAll(log, store)
      assert.deepEqual(
        await store.rows('SELECT toUInt32(log_offset) AS offset FROM trades WHERE log_offset >= {next:UInt64}', {
          next: expected.log.next,
        }),
        [{ offset: expected.log.next }],
      )
      await assertAnswers(
        store,
        expected.stored
          .filter(({ query }) => / FROM (trades|quarantine)$/.test(query))
          .map(({ query, answer }) => ({ query: `${query} WHERE log_offset < ${expected.log.next}`, answer })),
      )
    })
  })
