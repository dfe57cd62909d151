import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { restore } from '../../../src/archive/restore/restore.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../../src/archive/targets/target.ts'
import { viewArchive } from '../../../src/archive/view.ts'
import { diagnose, isSound } from '../../../src/audit/diagnosis.ts'
import { TICK_TABLES } from '../../../src/tick/kinds.ts'
import { ORIGIN } from '../../../src/tick/trades.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture, rowsOf } from '../../support/data/archiving.ts'
import { storeAll } from '../../support/data/storing.ts'
import { NOON_MICROS, tradesOf } from '../../support/data/trades.ts'
import { assertPositions, checkPositions } from '../../support/judges/oracle.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-restore-'))
const address = `file:${directory}/archive`
/** Rows of a table: how many, and all of them. */
interface Rows {
  count: number
  sha256: string
}

/** Tables about the instance itself. */
const TELEMETRY_TABLES = ['metrics', 'events', 'uptime']
const TABLES = [
  'trades',
  'quarantine',
  'gaps',
  'audits',
  'archive_ledger',
  'requeues',
  'epochs',
  'log_identity',
  ...TELEMETRY_TABLES,
]
let fixture: ArchiveFixture
let target: ArchiveTarget
let archived: Rows
let refused: Rows

const catalogOf = () => archiverOf(fixture, target).catalog
const restoring = () => ({ store: fixture.store, target, catalog: catalogOf() })
const digest = (rows: unknown[]): Rows => ({
  count: rows.length,
  sha256: createHash('sha256').update(JSON.stringify(rows)).digest('hex'),
})
const rowsIn = async (table: string) => digest(await rowsOf(fixture.store, table))
const trades = () => rowsIn('trades')
const quarantine = async () =>
  digest(await fixture.store.rows('SELECT * FROM quarantine ORDER BY log_partition, log_offset, log_index'))
const telemetryRows = () =>
  Promise.all(
    TELEMETRY_TABLES.map(table => fixture.store.rows(`SELECT * FROM ${table} WHERE instance = 'a:1' ORDER BY ALL`)),
  )
const command = (query: string) => fixture.store.command(query)

/** As after the loss of the store's directory. */
async function wipe(): Promise<void> {
  for (const table of TABLES) await command(`TRUNCATE TABLE ${table}`)
}

before(async () => {
  fixture = await openArchiveFixture(directory)
  target = await openTarget(address, 'unused')
  const row = { at: '2026-11-22 12:00:00.500', process: 'ingest', instance: 'a:1' }
  const labels = { partition: '0', why: "it's \n \\ full" }
  await fixture.store.insertRows('metrics', [
    { ...row, name: 'ingest_lag_ticks', labels, value: 0.1 },
    { ...row, name: 'store_parts', labels: {}, value: -0 },
  ])
  await fixture.store.insertRows('events', [
    { ...row, id: 7, level: 'warn', station: 'ingest', event: 'gap_found', text: 'ä', fields: labels },
  ])
  await fixture.store.insertRows('uptime', [
    {
      at: row.at,
      instance: 'a:1',
      every_ms: 10_000,
      recorded: true,
      stored: false,
      sources: 'ok',
      log: 'ok',
      ingest: 'trouble',
      store: 'ok',
      archive: 'off',
    },
  ])
  await archiverOf(fixture, target).archiver.round()
  archived = await trades()
  refused = await quarantine()
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

describe('restore', () => {
  test('fills an empty store from the archive alone: rows, catalog, and where ingest resumes', async () => {
    const before = await telemetryRows()
    const tickObjects = async () => (await catalogOf().objects()).filter(({ kind }) => TICK_TABLES.includes(kind))
    const objects = (await tickObjects()).map(({ kind, key, sha256 }) => kind + key + sha256)
    await wipe()
    const { inserted, present } = await restore(restoring(), {})
    assert.deepEqual(await trades(), archived)
    assert.deepEqual(await quarantine(), refused)
    assert.deepEqual(await telemetryRows(), before)
    assert.ok(inserted >= archived.count + refused.count && present === 0)
    const found = await tickObjects()
    assert.ok(found.every(({ state }) => state === 'verified'))
    assert.deepEqual(
      found.map(({ kind, key, sha256 }) => kind + key + sha256),
      objects,
    )

    const more = Array.from({ length: 40 }, (_, index) => ({
      symbol: 'AAA',
      tradeId: 5000 + index,
      price: 2,
      volume: 1,
      side: 'buy',
    }))
    await fixture.log.append(0, [tradesOf('binance', more, ORIGIN.live)])
    await storeAll(fixture.log, fixture.store)
    assertPositions(await checkPositions(fixture.store, fixture.log))
    assert.ok(isSound(await diagnose(fixture.store, fixture.log, () => {})))
    await archiverOf(fixture, target).archiver.round()
    const [row] = await fixture.store.rows<{ notes: string }>(
      "SELECT count() AS notes FROM audits WHERE detail LIKE '%restored from%'",
    )
    assert.ok(Number(row!.notes) > 0, 'it is on record')
  })

  test('adds nothing when repeated, and only missing rows to a partial segment', async () => {
    const before = await trades()
    assert.equal((await restore(restoring(), {})).inserted, 0)
    assert.deepEqual(await trades(), before)
    await fixture.store.deleteRows('trades', "symbol = 'AAA' AND trade_id % 3 = 0 AND trade_id < 5000", {})
    const gone = before.count - (await trades()).count
    assert.ok(gone > 0)
    assert.equal((await restore(restoring(), {})).inserted, gone)
    assert.deepEqual(await trades(), before)
  })

  test('adds missing rows to a segment in which another version filled the later columns differently', async () => {
    await command('ALTER TABLE quarantine UPDATE trade_id = 7, received_bytes = 9 WHERE 1 SETTINGS mutations_sync = 2')
    await command('DELETE FROM quarantine WHERE log_index = 0')
    const places = 'SELECT log_partition, log_offset, log_index FROM quarantine ORDER BY ALL'
    await restore(restoring(), {})
    const found = await fixture.store.rows(places)
    await wipe()
    await restore(restoring(), {})
    assert.deepEqual(found, await fixture.store.rows(places))
  })

  test('restores a part of the archive, but refuses one after which ingest would skip records', async () => {
    const before = await trades()
    await wipe()
    // The newest segment has no ticks before this time.
    const moment = BigInt(NOON_MICROS + 4_000_000) * 1000n
    await assert.rejects(restore(restoring(), { fromNanos: moment + 86_400_000_000_000n }), { code: 'usage' })
    await assert.rejects(restore(restoring(), { untilNanos: moment }), { code: 'usage', message: /would end before/ })
    assert.equal((await trades()).count, 0)
    await restore(restoring(), { fromNanos: moment })
    const { count } = await trades()
    assert.ok(count >= 40 && count < before.count, `${count} rows`)
    await restore(restoring(), { untilNanos: moment })
    assert.deepEqual(await trades(), before)
  })

  test('refuses an object that differs from its checksums, and names it', async () => {
    const before = await trades()
    await wipe()
    const [object] = fs.globSync(`${directory}/archive/trades/**/*.parquet`)
    const bytes = fs.readFileSync(object!)
    fs.writeFileSync(
      object!,
      Buffer.concat([bytes.subarray(0, 100), Buffer.from([bytes[100]! ^ 1]), bytes.subarray(101)]),
    )
    await assert.rejects(restore(restoring(), {}), {
      code: 'archive_mismatch',
      message: /cannot restore trades\/date=.*parquet: its SHA-256 does not match/,
    })
    fs.writeFileSync(object!, bytes)
    await restore(restoring(), {})
    assert.deepEqual(await trades(), before)
  })
})

/** Rows that a statement reads: of days that are only in the archive, those of their files. */
async function assertOnlyTheDaysAskedAreRead(): Promise<void> {
  const days = await fixture.store.rows<{ day: string; rows: number }>(
    `SELECT toString(log_day) AS day, toUInt32(count()) AS rows FROM all_trades
     WHERE log_day NOT IN (SELECT log_day FROM trades) GROUP BY log_day`,
  )
  assert.ok(days.length > 1, 'several days are only in the archive')
  const read = async (day: string) => {
    const query = `SELECT sum(price) FROM all_trades WHERE log_day = '${day}'`
    const { bytes } = await fixture.store.engine!.run({ query, format: 'JSON' })
    return (JSON.parse(Buffer.from(bytes).toString()) as { statistics: { rows_read: number } }).statistics.rows_read
  }
  const ofNoDay = await read('1999-01-01')
  for (const { day, rows } of days) assert.equal((await read(day)) - ofNoDay, rows)
}

describe('all_trades', () => {
  test('has every trade once, whether in the table, archived, both, or partly restored', async () => {
    await viewArchive(fixture.store, target)
    const whole = await trades()
    assert.deepEqual(await rowsIn('all_trades'), whole)
    const { archiver } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 1 } })
    await archiver.round()
    const [left] = await fixture.store.rows<{ rows: number }>('SELECT count() AS rows FROM trades')
    assert.ok(
      Number(left!.rows) < whole.count,
      `days were dropped: ${JSON.stringify(fixture.events.emitted.slice(-5))}`,
    )
    assert.deepEqual(await rowsIn('all_trades'), whole)
    await assertOnlyTheDaysAskedAreRead()
    const half =
      "SELECT * FROM all_trades WHERE symbol = 'AAA' AND log_offset % 2 = 0 AND (log_partition, log_offset, log_index) NOT IN (SELECT log_partition, log_offset, log_index FROM trades)"
    await command(`INSERT INTO trades ${half}`)
    assert.deepEqual(await rowsIn('all_trades'), whole)
    await restore(restoring(), {})
    assert.deepEqual(await trades(), whole)
    assert.deepEqual(await rowsIn('all_trades'), whole)
  })

  test('an untrusted statement may query it but not read files', async () => {
    const asked = await fixture.store
      .untrusted('SELECT count() FROM all_trades', 'TSV')
      .then(bytes => new TextDecoder().decode(bytes))
    assert.equal(Number(asked), (await trades()).count)
    await assert.rejects(fixture.store.untrusted(`SELECT * FROM file('${directory}/archive/**/*.parquet')`, 'TSV'))
  })
})
