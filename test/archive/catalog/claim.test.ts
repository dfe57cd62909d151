/** The owner of an archive: two instances at one address, a moved archive, and one of an earlier version. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { ArchiveCatalog } from '../../../src/archive/catalog/catalog.ts'
import { MARKER, readMarker } from '../../../src/archive/catalog/identity.ts'
import { restore } from '../../../src/archive/restore/restore.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { ArchiveTarget } from '../../../src/archive/targets/target.ts'
import { checkArchive } from '../../../src/archive/verify/check.ts'
import { viewArchive } from '../../../src/archive/view.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture, rowsOf } from '../../support/data/archiving.ts'
import { archiveForeign, storeForeign } from '../../support/processes/other-process.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-claim-'))
const KEEP_ALL = { logHours: undefined, storeDays: undefined }
/** Two instances with the same records at the same offsets in different logs. */
let fixture: ArchiveFixture
const other = `${directory}/other`

before(async () => {
  fixture = await openArchiveFixture(`${directory}/house`)
  await storeForeign(other)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const placeOf = (name: string) => `${directory}/${name}`
const addressOf = (name: string) => `file:${placeOf(name)}`
const open = (name: string): Promise<ArchiveTarget> => openTarget(addressOf(name), 'unused')
const command = (query: string) => fixture.store.command(query)
const archiveOther = (name: string) =>
  archiveForeign({ directory: other, archive: addressOf(name), retention: KEEP_ALL })

/** Every file of an archive with its bytes. */
function contents(name: string): Record<string, string> {
  const files = fs.globSync(`${placeOf(name)}/**/*`).filter(file => fs.statSync(file).isFile())
  return Object.fromEntries(files.sort().map(file => [file, fs.readFileSync(file, 'base64')]))
}

const parquet = (files: Record<string, string>) => Object.entries(files).filter(([file]) => file.endsWith('.parquet'))

/** As an earlier version wrote it: no marker, manifests without owner, and a catalog by address. */
async function asBefore(name: string): Promise<void> {
  const { archive } = (await readMarker(await open(name)))!
  fs.rmSync(`${placeOf(name)}/${MARKER}`)
  for (const file of fs.globSync(`${placeOf(name)}/ledger/**/*.json`)) {
    const { objects } = JSON.parse(fs.readFileSync(file, 'utf8'))
    fs.writeFileSync(file, JSON.stringify({ version: 1, objects }))
  }
  await command(
    `INSERT INTO archive_ledger SELECT * REPLACE ('${addressOf(name)}' AS archive) FROM (SELECT * FROM archive_ledger FINAL WHERE archive = '${archive}')`,
  )
  await fixture.store.deleteRows('archive_ledger', `archive = '${archive}'`, {})
  await fixture.store.deleteRows('archives', `archive = '${archive}'`, {})
}

const proofs = async (name: string) =>
  (await new ArchiveCatalog(fixture.store, addressOf(name)).objects()).map(({ key, sha256 }) => key + sha256)

test('an archive of another log is refused in one line, and nothing in it is changed', async () => {
  await archiverOf(fixture, await open('shared')).archiver.round()
  const mine = contents('shared')
  const why = await archiveOther('shared')
  assert.match(
    why!,
    /^archive_foreign: the archive file:\S+ does not belong to this log: it contains records of log \S+, not of \S+$/,
  )
  assert.deepEqual(contents('shared'), mine)

  assert.equal(await archiveOther('theirs'), undefined)
  const theirs = contents('theirs')
  const { archiver } = archiverOf(fixture, await open('theirs'))
  await assert.rejects(archiver.round(), { code: 'archive_foreign', advice: /Nothing was written there/ })
  await assert.rejects(restore(restoring(await open('theirs')), {}), {
    code: 'archive_foreign',
    advice: /Nothing was restored/,
  })
  assert.deepEqual(contents('theirs'), theirs)
  assert.deepEqual(await proofs('theirs'), [])
})

const restoring = (target: ArchiveTarget) => ({
  store: fixture.store,
  target,
  catalog: new ArchiveCatalog(fixture.store, target.address),
})

test('a segment of another log that was copied into the archive is neither replaced nor restored', async () => {
  await archiverOf(fixture, await open('mixed')).archiver.round()
  const trades = await rowsOf(fixture.store, 'trades')
  const [manifest] = fs.globSync(`${placeOf('mixed')}/ledger/*/*-p000-*.json`)
  const said = JSON.parse(fs.readFileSync(manifest!, 'utf8'))
  fs.writeFileSync(manifest!, JSON.stringify({ ...said, log: 'another' }))
  const mixed = contents('mixed')
  await command('TRUNCATE TABLE archive_ledger')
  const target = await open('mixed')
  await assert.rejects(archiverOf(fixture, target).archiver.round(), { code: 'archive_foreign' })
  await assert.rejects(restore(restoring(target), {}), { code: 'archive_foreign', message: /records of 2 logs/ })
  for (const [file, bytes] of Object.entries(mixed)) {
    if (file.includes(path.basename(manifest!, '.json'))) assert.equal(fs.readFileSync(file, 'base64'), bytes)
  }
  assert.deepEqual(await rowsOf(fixture.store, 'trades'), trades)
})

test('overlapping segments of two logs without owner are not restored', async () => {
  await archiverOf(fixture, await open('twofold')).archiver.round()
  await asBefore('twofold')
  const file = fs.globSync(`${placeOf('twofold')}/ledger/*/*-p000-*.json`).at(-1)!
  const [from, to] = [0, 1].map(more =>
    /-(\d{16})\.json$/.exec(file)![1]!.replace(/\d+/, n => String(+n + more).padStart(16, '0')),
  )
  const text = fs
    .readFileSync(file, 'utf8')
    .replaceAll(from!, to!)
    .replaceAll(`"lastOffset":${+from!}`, `"lastOffset":${+to!}`)
  fs.writeFileSync(file.replace(from!, to!), text)
  const target = await open('twofold')
  await assert.rejects(restore(restoring(target), {}), {
    code: 'archive_foreign',
    message: /it was written by two archivers/,
  })
})

test('a moved archive is recognised at its new address: its catalog, its days in all_trades, and nothing is archived again', async () => {
  const whole = await rowsOf(fixture.store, 'trades')
  const { archiver } = archiverOf(fixture, await open('here'), { retention: { logHours: undefined, storeDays: 1 } })
  await archiver.round()
  const before = await proofs('here')
  assert.ok((await rowsOf(fixture.store, 'trades')).length < whole.length, 'days have left the table')
  fs.renameSync(placeOf('here'), placeOf('there'))
  const moved = contents('there')

  const target = await open('there')
  await viewArchive(fixture.store, target)
  await archiverOf(fixture, target).archiver.round()
  assert.deepEqual(
    fixture.events.named('archive_moved').map(({ address }) => address),
    [addressOf('there')],
  )
  assert.deepEqual(await proofs('there'), before)
  assert.deepEqual(contents('there'), moved)
  assert.deepEqual(await rowsOf(fixture.store, 'all_trades'), whole)
  const objects = await new ArchiveCatalog(fixture.store, addressOf('there')).objects()
  assert.deepEqual((await checkArchive({ target, objects, progress: () => {} })).findings, [])
  await restore(restoring(target), {})
  assert.deepEqual(await rowsOf(fixture.store, 'trades'), whole)
})

test('an archive of an earlier version is taken over if its manifests agree with the catalog, moved or not', async () => {
  for (const moved of [false, true]) {
    const name = `earlier-${moved}`
    await archiverOf(fixture, await open(name)).archiver.round()
    const before = await proofs(name)
    await asBefore(name)
    assert.deepEqual(await proofs(name), before)
    const now = moved ? `${name}-moved` : name
    if (moved) fs.renameSync(placeOf(name), placeOf(now))
    await archiverOf(fixture, await open(now)).archiver.round()
    assert.equal((await readMarker(await open(now)))!.log, fixture.log.identity())
    assert.deepEqual(await proofs(now), before)
    const named = await fixture.store.rows(`SELECT 1 FROM archive_ledger WHERE archive = '${addressOf(name)}'`)
    assert.deepEqual(named, [], 'no row is left under the address')
  }
})

test('an archive of an earlier version that is not in the catalog, or differs from it, is refused and not marked', async () => {
  for (const fault of ['unknown', 'otherwise']) {
    await archiverOf(fixture, await open(fault)).archiver.round()
    await asBefore(fault)
    if (fault === 'unknown') await command('TRUNCATE TABLE archive_ledger')
    else {
      const [file] = fs.globSync(`${placeOf(fault)}/ledger/*/*-p000-*.json`)
      fs.writeFileSync(file!, fs.readFileSync(file!, 'utf8').replace(/"hashSum":"\d+"/, '"hashSum":"1"'))
    }
    const found = contents(fault)
    await assert.rejects(archiverOf(fixture, await open(fault)).archiver.round(), { code: 'archive_foreign' })
    assert.deepEqual(contents(fault), found)
  }
})

test('a store without its catalog archives the same again, replaces nothing by fewer rows, and restore rebuilds the catalog', async () => {
  const target = await open('less')
  await archiverOf(fixture, target).archiver.round()
  const found = contents('less')
  const before = await proofs('less')
  const whole = await rowsOf(fixture.store, 'trades')
  await command('TRUNCATE TABLE archive_ledger')
  await fixture.store.deleteRows('trades', "symbol = 'AAA' AND trade_id < 10", {})
  await assert.rejects(archiverOf(fixture, target).archiver.round(), {
    code: 'archive_mismatch',
    message: /more rows than the table/,
  })
  assert.deepEqual(parquet(contents('less')), parquet(found))
  await restore(restoring(target), {})
  assert.deepEqual(await rowsOf(fixture.store, 'trades'), whole)
  await archiverOf(fixture, target).archiver.round()
  assert.deepEqual((await proofs('less')).sort(), before.sort())
  assert.deepEqual(parquet(contents('less')), parquet(found))
})

test('a tick stored again from the log counts as restored', async () => {
  const target = await open('again')
  await archiverOf(fixture, target).archiver.round()
  const whole = await rowsOf(fixture.store, 'trades')
  await command('TRUNCATE TABLE archive_ledger')
  for (const table of ['trades', 'quarantine']) {
    await command(`CREATE TABLE copy AS ${table}`)
    await command(`INSERT INTO copy SELECT * FROM ${table}`)
    await command(`TRUNCATE TABLE ${table}`)
    await command(
      `INSERT INTO ${table} SELECT * REPLACE (stored_at + 1000 AS stored_at) FROM copy WHERE log_offset % 3 != 1`,
    )
    await command('DROP TABLE copy')
  }
  const stored = (await rowsOf(fixture.store, 'trades')).length
  assert.ok(stored < whole.length)
  await restore(restoring(target), {})
  assert.deepEqual(await rowsOf(fixture.store, 'trades'), whole)
})

test('nothing of a segment is restored if the table has other ticks in it', async () => {
  const target = await open('unlike')
  await archiverOf(fixture, target).archiver.round()
  await command(
    "ALTER TABLE trades UPDATE price = 1 WHERE symbol = 'AAA' AND trade_id = 20 SETTINGS mutations_sync = 2",
  )
  await fixture.store.deleteRows('trades', "symbol = 'AAA' AND trade_id < 10", {})
  const stored = await rowsOf(fixture.store, 'trades')
  await assert.rejects(restore(restoring(target), {}), {
    code: 'archive_mismatch',
    message: /rows of its segment differ/,
  })
  assert.deepEqual(await rowsOf(fixture.store, 'trades'), stored)
})

test('a marker damaged at any byte, or of a newer version, is reported as such, and nothing is written', async () => {
  const target = await open('damaged')
  await archiverOf(fixture, target).archiver.round()
  const marker = `${placeOf('damaged')}/${MARKER}`
  const whole = fs.readFileSync(marker, 'utf8')
  const { archive, log } = JSON.parse(whole)
  fs.writeFileSync(marker, JSON.stringify({ ...JSON.parse(whole), version: 2, added: 'by a newer version' }))
  await assert.rejects(restore(restoring(target), {}), {
    code: 'archive_mismatch',
    message: /a newer tickhouse wrote it/,
  })
  for (const text of [
    whole.replace(archive, archive.replace(/.$/, '0')),
    whole.replace(log, `${log}x`),
    whole.slice(9),
    '',
  ]) {
    if (text === whole) continue
    fs.writeFileSync(marker, text)
    const found = contents('damaged')
    await assert.rejects(archiverOf(fixture, target).archiver.round(), { code: 'archive_mismatch' })
    await assert.rejects(restore(restoring(target), {}), { code: 'archive_mismatch' })
    assert.deepEqual(contents('damaged'), found)
  }
})
