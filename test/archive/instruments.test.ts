/** Changes of instruments in the archive: dropped from the table, queried over both, restored. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { restore } from '../../src/archive/restore/restore.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { appendChanges } from '../../src/sources/instruments/append-changes.ts'
import { compareLists, type KnownList } from '../../src/sources/instruments/known-list.ts'
import type { Store } from '../../src/store/store.ts'
import { type Instrument, instrument } from '../../src/venues/instruments.ts'
import { archiverOf, openArchiveFixture } from '../support/data/archiving.ts'
import { storeAll } from '../support/data/storing.ts'

const spot = (symbol: string, stated: Partial<Instrument> = {}) =>
  instrument({ symbol, kind: 'spot', base: symbol.slice(0, 3), quote: 'USDT', tickSize: 0.01, ...stated })

/** A first list and a second one, an hour later. */
const LISTS = [
  [spot('BTCUSDT', { aliases: ['XBT/USDT', 'XBTUSDT'] }), spot('ETHUSDT'), spot('XMRUSDT', { status: 'BREAK' })],
  [spot('BTCUSDT', { tickSize: 0.1 }), spot('XMRUSDT'), spot('SOLUSDT', { expiresMs: Date.UTC(2027, 0, 1) })],
]

const rowsOf = (store: Store, source: string) => store.rows(`SELECT * EXCEPT stored_at FROM ${source} ORDER BY ALL`)
const latestOf = (store: Store) => store.rows('SELECT * FROM instruments_latest ORDER BY ALL')

test('instruments are archived, dropped, still known, and restored value for value', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-instruments-'))
  const fixture = await openArchiveFixture(directory)
  t.after(async () => {
    await fixture.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const { log, store, events } = fixture
  let known: KnownList | undefined
  for (const [hour, listed] of LISTS.entries()) {
    const nowMs = Date.now() + hour * 3_600_000
    const { changes, now } = compareLists(known, listed, nowMs)
    await appendChanges(log, 'binance', changes, nowMs)
    known = now
  }
  await storeAll(log, store)
  const rows = await rowsOf(store, 'instruments')
  const latest = await latestOf(store)
  assert.equal(rows.length, 7)
  assert.equal(latest.length, 4)
  assert.ok(isSound(await diagnose(store, log, () => {})), 'log and store agree')

  const target = await openTarget(`file:${directory}/archive`, 'unused')
  await viewArchive(store, target)
  const { archiver, catalog } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 0 } })
  await archiver.round()
  await archiver.round()
  assert.deepEqual(await rowsOf(store, 'instruments'), [], JSON.stringify(events.emitted.slice(-3)))
  assert.deepEqual(await rowsOf(store, 'all_instruments'), rows)
  assert.deepEqual(await latestOf(store), latest)

  await restore({ store, target, catalog }, {})
  assert.deepEqual(await rowsOf(store, 'instruments'), rows)
  assert.deepEqual(await latestOf(store), latest)
})
