/** What every place for the last signed checkpoint does, whichever it is. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { type Signer, signCheckpoint } from '../../src/proof/note.ts'
import { type LastSigned, TransparencyLog } from '../../src/proof/tlog.ts'
import { World } from '../support/data/log-world.ts'

/** A key of an archive of its own. */
export interface ArchiveSigner extends Signer {
  archive: string
}

function newSigner(): ArchiveSigner {
  const archive = randomUUID()
  return { archive, name: `tickhouse/${archive}`, key: generateKeyPairSync('ed25519').privateKey }
}

const noteOf = (signer: Signer, size: number) => signCheckpoint({ size, root: Buffer.alloc(32, size % 251) }, signer)

/** `open`: the place for a key, as a process that has just started opens it. `lose`: it loses everything. */
export function lastSignedContract(
  open: (signer: ArchiveSigner) => LastSigned,
  lose: (signer: ArchiveSigner) => Promise<void>,
): void {
  test('what was written is read by the next process, with its time; before that there is none', async () => {
    const signer = newSigner()
    assert.equal(await open(signer).read(), null)
    await open(signer).write(noteOf(signer, 1))
    const read = (await open(signer).read())!
    assert.equal(read.note, noteOf(signer, 1))
    assert.ok(Math.abs(read.atMs - Date.now()) < 3_600_000, `${read.atMs}`)
  })

  test('the one with the most entries counts, in whatever order they are written', async () => {
    const signer = newSigner()
    for (const size of [3, 300, 10, 2 ** 40, 4]) await open(signer).write(noteOf(signer, size))
    assert.equal((await open(signer).read())!.note, noteOf(signer, 2 ** 40))
  })

  test('of other keys, and of other archives of the same key, it keeps others', async () => {
    const signers = [newSigner(), newSigner()]
    signers.push({ ...newSigner(), key: signers[0]!.key })
    for (const [at, signer] of signers.entries()) await open(signer).write(noteOf(signer, at + 1))
    for (const [at, signer] of signers.entries())
      assert.equal((await open(signer).read())!.note, noteOf(signer, at + 1))
  })

  test('an archive that was set back to an old copy is not continued, and nothing is signed', async () => {
    const signer = newSigner()
    const world = new World(false, [open(signer)], signer)
    await (await TransparencyLog.open({ ...world.writer(), signer })).append(['a', 'b'])
    const copy = new Map(world.files)
    await (await TransparencyLog.open({ ...world.writer(), signer })).append(['c'])
    const kept = await open(signer).read()
    const restored = new World(false, [open(signer)], signer)
    for (const [path, bytes] of copy) restored.files.set(path, bytes)
    await assert.rejects(TransparencyLog.open({ ...restored.writer(), signer }), {
      code: 'archive_mismatch',
      message: /set back to 2 entries, and a checkpoint of 3 was signed/,
    })
    assert.deepEqual(await open(signer).read(), kept)
    assert.deepEqual(restored.files, copy)
  })

  test('one that was lost begins with what the archive has', async () => {
    const signer = newSigner()
    const world = new World(false, [open(signer)], signer)
    const log = await TransparencyLog.open({ ...world.writer(), signer })
    await log.append(['a', 'b'])
    await lose(signer)
    assert.equal(await open(signer).read(), null)
    const again = await TransparencyLog.open({ ...world.writer(), signer })
    assert.equal(again.lastFromArchive, true)
    assert.equal((await open(signer).read())!.note, log.note)
    await again.append(['c'])
    assert.equal((await open(signer).read())!.note, again.note)
  })
}
