import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { ArchivedObject } from '../../../src/archive/archive.ts'
import type { ArchiveCatalog } from '../../../src/archive/catalog/catalog.ts'
import { logFilesOf } from '../../../src/archive/seal/log-files.ts'
import { originOf, type SealOptions } from '../../../src/archive/seal/sealer.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { checkArchive } from '../../../src/archive/verify/check.ts'
import { cosignedAt, parseWitness, witnessText } from '../../../src/proof/cosignature.ts'
import { newPrivateKey, parsePrivateKey } from '../../../src/proof/keys.ts'
import { type Leaf, parseLeaf } from '../../../src/proof/leaf.ts'
import { openCheckpoint, parseVerifier } from '../../../src/proof/note.ts'
import { readEntries } from '../../../src/proof/tiles.ts'
import { cosignedPath } from '../../../src/proof/tlog.ts'
import { Witness } from '../../../src/watch/cosigning/witness.ts'
import { WitnessFile } from '../../../src/watch/cosigning/witness-file.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture } from '../../support/data/archiving.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-sealer-'))
let fixture: ArchiveFixture
let late = 0

before(async () => {
  fixture = await openArchiveFixture(directory)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

const placeOf = (name: string) => `${directory}/${name}`
const sealOf = (name: string) => ({
  keyFile: `${placeOf(name)}-key.pem`,
  idKinds: new Map([['binance', 'dense' as const]]),
})

async function archive(name: string, sealed: boolean | SealOptions = true) {
  const target = await openTarget(`file:${placeOf(name)}`, 'unused')
  const made = archiverOf(fixture, target, sealed ? { seal: sealed === true ? sealOf(name) : sealed } : {})
  await made.archiver.round()
  return { ...made, target }
}

/** One more trade of the first object, as when a quarantined tick is stored later, at its position in the log. */
async function storeLate(catalog: ArchiveCatalog): Promise<ArchivedObject> {
  const object = (await catalog.objects("kind = 'trades'"))[0]!
  late += 1_000
  await fixture.store.command(
    `INSERT INTO trades SELECT * REPLACE (log_index + {late:UInt32} AS log_index, trade_id + 5 * {late:UInt32} AS trade_id) FROM trades
     WHERE log_offset = {offset:UInt64} LIMIT 1`,
    { offset: object.lowestOffset, late },
  )
  await catalog.setState([object], 'stale')
  return object
}

/** Entries under the checkpoint, as its public key in the archive lets anybody read them. */
async function leavesIn(name: string): Promise<Leaf[]> {
  const { read } = logFilesOf(await openTarget(`file:${placeOf(name)}`, 'unused'))
  const verifier = parseVerifier((await read('key'))!.toString())!
  const { archive: id } = JSON.parse(fs.readFileSync(`${placeOf(name)}/archive.json`, 'utf8'))
  assert.equal(verifier.name, originOf(id))
  const { size } = openCheckpoint((await read('checkpoint'))!.toString(), verifier)!
  const leaves: Leaf[] = []
  for await (const { entries } of readEntries(read, size))
    leaves.push(...entries.map(entry => parseLeaf(entry.toString())!))
  return leaves
}

describe('sealing', () => {
  test('a witness cosigns the checkpoint of an archiver, which keeps it beside the signed one', async () => {
    const { archiver, target } = await archive('cosigned')
    const { file, signer } = WitnessFile.open(`${placeOf('cosigned')}-witness.pem`, 'watch.example.org')
    const witness = new Witness(file, signer, fixture.events.emit)
    const cosigning = archiver.cosigning!
    const process = {
      url: 'here',
      checkpoint: (old: number) => cosigning.request(old),
      cosignature: async (key: string, note: string) => assert.equal(await cosigning.accept(key, note), null),
    }
    assert.deepEqual(await witness.probe([process], Date.now()), { forked: [], failed: [] })
    const { read } = logFilesOf(target)
    const note = (await read('checkpoint'))!.toString()
    const size = archiver.metrics.seal!.cosignedEntries!
    assert.equal(size, archiver.metrics.seal!.entries)
    assert.equal(fixture.events.named('cosignature_stored').at(-1)!.witness, 'watch.example.org')
    const cosigned = (await read(cosignedPath(size)))!.toString()
    assert.ok(cosigned.startsWith(note))
    assert.equal(typeof cosignedAt(cosigned, parseWitness(witnessText(signer))!), 'number')
  })

  test('every archived object has its entry, with what the file contains', async () => {
    const { archiver, catalog } = await archive('whole')
    const objects = (await catalog.objects()).filter(({ key }) => key !== '')
    const leaves = await leavesIn('whole')
    const named = (key: string, sha256: string) => `${key} ${sha256}`
    assert.deepEqual(
      new Set(leaves.map(({ object }) => named(object.key, object.sha256))),
      new Set(objects.map(({ key, sha256 }) => named(key, sha256))),
    )
    const trades = leaves.filter(({ kind }) => kind === 'trades')
    const rows = trades.flatMap(({ symbols }) => symbols).reduce((sum, symbol) => sum + symbol.rows, 0)
    const [stored] = await fixture.store.rows<{ rows: number }>('SELECT toUInt32(count()) AS rows FROM trades')
    assert.equal(rows, stored!.rows)
    const { seal } = archiver.metrics
    assert.equal(seal!.entries, leaves.length)
    assert.equal(seal!.unsealedObjects, 0)
    assert.equal(seal!.failure, null)
    assert.equal(fs.statSync(sealOf('whole').keyFile).mode & 0o777, 0o600)
  })

  test('nothing is sealed twice, by this process or by the next', async () => {
    const { archiver } = await archive('twice')
    const before = await leavesIn('twice')
    await archiver.round()
    await archive('twice')
    assert.deepEqual(await leavesIn('twice'), before)
  })

  test('an archive made before there was a log is sealed whole', async () => {
    const { catalog } = await archive('older', false)
    assert.ok(!fs.existsSync(`${placeOf('older')}/tlog`))
    await archive('older')
    const objects = (await catalog.objects()).filter(({ key }) => key !== '')
    assert.equal(new Set((await leavesIn('older')).map(({ object }) => object.key)).size, objects.length)
  })

  test('an object with other bytes than in the catalog is not sealed; the others are, and the reason is reported', async () => {
    const { archiver, catalog } = await archive('damaged', false)
    const object = (await catalog.objects("kind = 'trades'"))[0]!
    fs.appendFileSync(`${placeOf('damaged')}/${object.key}`, 'x')
    const { archiver: next } = await archive('damaged')
    assert.equal(next.metrics.seal!.unsealedObjects, 1)
    assert.match(next.metrics.seal!.failure!.why, new RegExp(object.key))
    assert.ok(!(await leavesIn('damaged')).some(leaf => leaf.object.key === object.key))
    assert.ok(fixture.events.named('seal_failed').length > 0)
    assert.equal(archiver.metrics.failure, null)
  })

  test('without its key the log is not continued, and archiving is', async () => {
    const { archiver } = await archive('keyless')
    const before = await leavesIn('keyless')
    fs.rmSync(sealOf('keyless').keyFile)
    assert.equal(archiver.metrics.failure, null)
    const { archiver: next } = await archive('keyless')
    assert.match(next.metrics.seal!.failure!.why, /another key/)
    assert.deepEqual(await leavesIn('keyless'), before)
  })

  test('with the key from a secret nothing is written to disk, and the next archiver goes on', async () => {
    const privateKey = parsePrivateKey(newPrivateKey())
    const seal = { ...sealOf('secret'), privateKey }
    const { archiver } = await archive('secret', seal)
    const before = await leavesIn('secret')
    assert.equal(archiver.metrics.seal!.entries, before.length)
    const { archiver: next } = await archive('secret', seal)
    assert.equal(next.metrics.seal!.failure, null)
    assert.equal(next.metrics.seal!.entries, before.length)
    assert.ok(next.metrics.seal!.checkpointMs! > 0)
    assert.deepEqual(await leavesIn('secret'), before)
    assert.deepEqual(
      fs.readdirSync(directory).filter(name => name.startsWith('secret')),
      ['secret'],
    )
  })

  test('a store that was rebuilt has no last checkpoint: the one in the archive is taken, and that is stated once', async () => {
    const seal = { ...sealOf('rebuilt'), privateKey: parsePrivateKey(newPrivateKey()) }
    const unknown = () => fixture.events.named('last_checkpoint_unknown').length
    const { archiver } = await archive('rebuilt', seal)
    const earlier = unknown()
    await fixture.store.deleteRows('signed_checkpoints', '1', {})
    for (let start = 0; start < 2; start++) {
      const { archiver: next } = await archive('rebuilt', seal)
      assert.equal(next.metrics.seal!.failure, null)
      assert.equal(next.metrics.seal!.entries, archiver.metrics.seal!.entries)
      assert.equal(unknown(), earlier + 1)
    }
  })

  test('archive verify does not take the files of the log for foreign ones', async () => {
    const { catalog, target } = await archive('verified')
    const { findings } = await checkArchive({ target, objects: await catalog.objects(), progress: () => {} })
    assert.deepEqual(findings, [])
  })
  test('an object that was archived again has a later entry, and the earlier one stays', async () => {
    const { archiver, catalog } = await archive('again')
    const before = await leavesIn('again')
    const object = await storeLate(catalog)
    await archiver.round()
    const after = await leavesIn('again')
    assert.deepEqual(after.slice(0, before.length), before)
    const rows = after.filter(leaf => leaf.object.key === object.key).map(leaf => leaf.object.rows)
    assert.deepEqual(rows, [object.rows, object.rows + 1])
  })

  test('an archive that was set back is not continued, though the file beside the key is lost, or the key is a secret', async () => {
    for (const [name, privateKey] of [
      ['back-file', undefined],
      ['back-secret', parsePrivateKey(newPrivateKey())],
    ] as const) {
      const seal = { ...sealOf(name), privateKey }
      const { archiver, catalog } = await archive(name, seal)
      fs.cpSync(placeOf(name), `${placeOf(name)}-copy`, { recursive: true })
      await storeLate(catalog)
      await archiver.round()
      assert.ok((await leavesIn(name)).length > 0)
      fs.rmSync(placeOf(name), { recursive: true })
      fs.renameSync(`${placeOf(name)}-copy`, placeOf(name))
      for (const file of fs.readdirSync(directory))
        if (file.startsWith(name) && file.endsWith('.checkpoint')) fs.rmSync(`${directory}/${file}`)
      const before = await leavesIn(name)
      const { archiver: next } = await archive(name, seal)
      assert.match(next.metrics.seal!.failure!.why, /set back to \d+ entries/)
      assert.deepEqual(await leavesIn(name), before)
    }
  })
})
