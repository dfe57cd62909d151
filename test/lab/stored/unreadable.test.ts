/** Ticks of a run that are in the archive alone, read with and without the archive. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { viewArchive } from '../../../src/archive/view.ts'
import { requireTicks } from '../../../src/lab/stored/unreadable.ts'
import { moveAllToArchive, openArchiveFixture } from '../../support/data/archiving.ts'

const NOON_MICROS = Date.UTC(2026, 10, 22, 12) * 1000
const HOUR_MICROS = 3_600_000_000
const [fromMicros, untilMicros] = [NOON_MICROS, NOON_MICROS + HOUR_MICROS]
const live = (run: string) => ({ run, mode: 'live', fromMicros, untilMicros }) as const
const RUNS = {
  live: live('living'),
  'live, later': live('later'),
  stored: { run: 'stored', mode: 'run', fromMicros, untilMicros },
  'of an earlier time': { run: 'earlier', mode: 'run', fromMicros: 1, untilMicros: 2 },
} as const

test('a run whose ticks are in the archive alone is refused where the archive is not set, and no other run', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-unreadable-'))
  const fixture = await openArchiveFixture(directory)
  t.after(async () => {
    await fixture.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const { store } = fixture
  const cut = { number: 1, partition: 0, advanced_to: 0, changes: '[]', ends: false, at: '2026-11-22 12:00:00' }
  await store.insertRows('lab_cuts', [
    { ...cut, run: 'living', from_offset: 3, until_offset: 5 },
    { ...cut, run: 'later', from_offset: 5_000, until_offset: 6_000 },
  ])
  const refused = async () => {
    const names: string[] = []
    for (const [name, run] of Object.entries(RUNS))
      await requireTicks((query, format) => store.untrusted(query, format), run, 'received').catch(error => {
        assert.equal(error.code, 'archive_unavailable')
        assert.match(error.message, /^trades of run \w+ cannot be read: .* logged on 2026-11-22/)
        assert.match(error.advice, /TICKHOUSE_ARCHIVE/)
        names.push(name)
      })
    return names
  }
  assert.deepEqual(await refused(), [], 'in the tables')
  const target = await moveAllToArchive(fixture, directory)
  assert.deepEqual(await refused(), [], 'in the archive, which the views include')
  for (const table of ['trades', 'quotes'])
    await store.command(`CREATE OR REPLACE VIEW all_${table} AS SELECT * FROM ${table}`)
  assert.deepEqual(await refused(), ['live', 'stored'], 'without the archive')
  await viewArchive(store, target)
  assert.deepEqual(await refused(), [], 'with it again')
})
