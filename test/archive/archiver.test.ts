import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ArchivedObject } from '../../src/archive/archive.ts'
import { objectsOf, readManifests } from '../../src/archive/catalog/manifest.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../src/archive/targets/target.ts'
import { type Checked, checkArchive } from '../../src/archive/verify/check.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { type ArchiveFixture, archiverOf, LATER_MS, openArchiveFixture, rowsOf } from '../support/data/archiving.ts'
import { tamperings } from '../support/data/tampering.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-archive-'))
let fixture: ArchiveFixture

before(async () => {
  fixture = await openArchiveFixture(directory)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const openDirectory = (name: string): Promise<ArchiveTarget> => openTarget(`file:${directory}/${name}`, 'unused')

const checked = (target: ArchiveTarget, objects: readonly ArchivedObject[], deep = true): Promise<Checked> =>
  checkArchive({
    target,
    objects,
    deep: deep ? { source: fixture.store, files: filesOf(fixture.store) } : undefined,
    progress: () => {},
  })

describe('a directory', () => {
  test('equals the tables row by row, and catalog, manifests and a deep check agree', async () => {
    const target = await openDirectory('whole')
    const { archiver, catalog } = archiverOf(fixture, target)
    await archiver.round()
    const objects = await catalog.objects()
    const files = `file('${directory}/whole/trades/**/*.parquet', 'Parquet')`
    assert.deepEqual(await rowsOf(fixture.store, files), await rowsOf(fixture.store, 'trades'))
    const [refused] = await fixture.store.rows(
      `SELECT (SELECT count() FROM quarantine) = (SELECT count() FROM file('${directory}/whole/quarantine/**/*.parquet', 'Parquet')) AS equal`,
    )
    assert.deepEqual(refused, { equal: 1 })
    const written = objects.filter(({ rows }) => rows > 0)
    assert.ok(written.length >= 4 && objects.every(({ state }) => state === 'verified'))
    assert.ok(written.every(({ sha256 }) => sha256.length === 64))
    const said = objectsOf((await readManifests(target)).manifests)
    assert.deepEqual(new Set(said.map(({ key, sha256 }) => key + sha256)), new Set(objects.map(o => o.key + o.sha256)))
    assert.deepEqual((await checked(target, objects)).findings, [])
  })

  test('archived again without its catalog, results in the same objects, byte for byte', async () => {
    const target = await openDirectory('again')
    const { archiver, catalog } = archiverOf(fixture, target)
    await archiver.round()
    const once = await catalog.objects()
    await fixture.store.command('TRUNCATE TABLE archive_ledger')
    await archiverOf(fixture, target).archiver.round()
    const twice = await catalog.objects()
    const idOf = ({ key, sha256 }: ArchivedObject) => `${key} ${sha256}`
    assert.deepEqual(twice.map(idOf), once.map(idOf))
  })

  test('excludes an hour that is not over, and of an idle partition one that has been over for less than a minute', async () => {
    const target = await openDirectory('early')
    const lastHourEndMs = Date.UTC(2026, 10, 23, 1)
    const { archiver, catalog } = archiverOf(fixture, target, { nowMs: lastHourEndMs + 59_000 })
    await archiver.round()
    const last = (await catalog.objects("kind = 'trades'")).at(-1)!
    assert.equal(last.segment.startMs, Date.UTC(2026, 10, 22, 23), 'only the hour that a later record closed')
    await archiverOf(fixture, target, { nowMs: lastHourEndMs + 60_000 }).archiver.round()
    assert.equal((await catalog.nextOffsets()).get(0), fixture.log.bounds(0).next)
  })

  test('after a change from hours to days, segments continue where the hours ended', async () => {
    const target = await openDirectory('days')
    await archiverOf(fixture, target, { nowMs: Date.UTC(2026, 10, 23, 0, 30) }).archiver.round()
    const { archiver, catalog } = archiverOf(fixture, target, { segmentLength: 'day' })
    await archiver.round()
    assert.deepEqual((await checked(target, await catalog.objects())).findings, [])
    assert.equal((await catalog.nextOffsets()).get(0), fixture.log.bounds(0).next)
  })

  for (const { name, tamper, fault } of tamperings) {
    test(`archive verify names ${name}`, async () => {
      const copy = path.join(directory, name.replaceAll(' ', '-'))
      const target = await openTarget(`file:${copy}`, 'unused')
      const { archiver, catalog } = archiverOf(fixture, target)
      await archiver.round()
      const objects = await catalog.objects()
      const keys = tamper(
        copy,
        objects.filter(({ key }) => key.startsWith('trades/')).map(({ key }) => key),
      )
      const { findings } = await checked(target, objects, false)
      assert.deepEqual(
        findings.map(finding => `${finding.fault} ${finding.key}`).sort(),
        keys.map(key => `${fault} ${key}`).sort(),
      )
    })
  }
})

describe('moved ticks', () => {
  test('make their segment stale, and it is archived again in place', async () => {
    const target = await openDirectory('moved')
    const { archiver, catalog } = archiverOf(fixture, target)
    await archiver.round()
    const [row] = await fixture.store.rows<{ offset: number; index: number; day: string }>(
      'SELECT log_offset AS offset, log_index AS index, log_day AS day FROM quarantine WHERE ticks = 1 ORDER BY offset LIMIT 1',
    )
    const { offset, index, day } = row!
    await fixture.store.insertRows('requeues', [
      {
        log_partition: 0,
        epoch: 1,
        number: 0,
        step: 1,
        log_day: day,
        good: 1,
        good_offset: offset,
        good_index: index,
        offsets: [offset],
        indexes: [index],
      },
    ])
    await fixture.store.deleteRows('quarantine', 'log_offset = {offset:UInt64} AND log_index = {index:UInt32}', {
      offset,
      index,
    })
    await archiver.round()
    assert.equal(fixture.events.named('slice_archived_anew').length, 1)
    const objects = await catalog.objects()
    assert.ok(objects.every(({ state }) => state === 'verified'))
    const [sum] = await fixture.store.rows<{ rows: number }>('SELECT count() AS rows FROM quarantine')
    assert.equal(
      objects.filter(({ kind }) => kind === 'quarantine').reduce((total, { rows }) => total + rows, 0),
      sum!.rows,
    )
    assert.deepEqual((await checked(target, objects)).findings, [])
  })
})

describe('retention', () => {
  test('a day that is not archived yet stays without an event', async () => {
    const target = await openDirectory('waiting')
    const before = await rowsOf(fixture.store, 'trades')
    const held = fixture.events.named('day_held').length
    // The archive cannot be written: what is old enough to leave waits for it.
    target.put = () => Promise.reject(new Error('away'))
    const { archiver } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 2 } })
    await assert.rejects(archiver.round(), /away/)
    assert.deepEqual(await rowsOf(fixture.store, 'trades'), before)
    assert.equal(fixture.events.named('day_held').length, held)
  })

  test('a damaged object keeps its day in the store; repaired, the day is dropped, and log records only after their retention', async () => {
    const target = await openDirectory('kept')
    const retention = { logHours: 1, storeDays: 2 }
    const { archiver, catalog } = archiverOf(fixture, target)
    await archiver.round()
    const objects = await catalog.objects()
    const victim = `${directory}/kept/${objects.find(({ kind, key }) => kind === 'trades' && key !== '')!.key}`
    const bytes = fs.readFileSync(victim)
    fs.writeFileSync(victim, Buffer.from(bytes).fill(1, 100, 101))
    const before = await rowsOf(fixture.store, 'trades')
    await archiverOf(fixture, target, { retention }).archiver.round()
    assert.match(String(fixture.events.named('day_held')[0]?.why), /is not what was archived/)
    assert.equal((await fixture.store.rows("SELECT 1 FROM trades WHERE log_day = '2026-11-22' LIMIT 1")).length, 1)
    assert.equal(fixture.log.bounds(0).first, fixture.log.bounds(0).next, 'what is archived has left the log')

    fs.writeFileSync(victim, bytes)
    await archiverOf(fixture, target, { retention, nowMs: LATER_MS }).archiver.round()
    assert.deepEqual(await rowsOf(fixture.store, 'trades'), [])
    const files = `file('${directory}/kept/trades/**/*.parquet', 'Parquet')`
    assert.deepEqual(await rowsOf(fixture.store, files), before)
    assert.ok((await catalog.objects("kind = 'trades'")).every(({ state }) => state === 'dropped'))
  })
})
