import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import type { TickhouseError } from '../../src/errors.ts'
import { verifierText } from '../../src/proof/note.ts'
import { TransparencyLog } from '../../src/proof/tlog.ts'
import { LastSignedInMemory, signer, World } from '../support/data/log-world.ts'

const openIn = (world: World, as = signer) => TransparencyLog.open({ ...world.writer(), signer: as })

const noteOf = async ({ places }: World) => (await places[0]!.read())!.note

async function worldOf(sizes: readonly number[]): Promise<World> {
  const world = new World()
  const log = await openIn(world)
  for (const size of sizes) await log.append(Array.from({ length: size }, (_, at) => `${log.size + at}`))
  return world
}

describe('a log that is not as it was signed', () => {
  test('set back to an earlier checkpoint, without the planned appends, is refused', async () => {
    const world = await worldOf([3])
    const early = new Map(world.files)
    const log = await openIn(world)
    await log.append(['more'])
    world.files.clear()
    for (const [path, bytes] of early) world.files.set(path, bytes)
    await assert.rejects(openIn(world), { code: 'archive_mismatch', message: /set back to 3 entries/ })
  })

  test('set back with the planned appends continues to the same checkpoint', async () => {
    const world = await worldOf([3, 300, 5])
    const note = world.files.get('checkpoint')!.toString()
    world.files.delete('checkpoint')
    for (const path of [...world.files.keys()]) if (path.startsWith('tile/')) world.files.delete(path)
    assert.equal((await openIn(world)).note, note)
  })

  test('forked, with a checkpoint by the same key, is refused', async () => {
    const world = await worldOf([3, 2])
    const other = new World()
    await (await openIn(other)).append(['a', 'b', 'c', 'd', 'e', 'f'])
    await other.places[0]!.write(await noteOf(world))
    await assert.rejects(openIn(other), { code: 'archive_mismatch', message: /does not continue/ })
  })

  test('with an append that somebody else planned is refused, and nothing is signed', async () => {
    const world = await worldOf([3])
    world.files.set('append/0000000000000003', Buffer.from(`${Buffer.alloc(64).toString('base64')}\nfalse\n`))
    const note = await noteOf(world)
    await assert.rejects(openIn(world), { code: 'archive_mismatch', message: /not written by this key/ })
    assert.equal(await noteOf(world), note)
  })

  test('with a changed or missing tile is refused', async () => {
    for (const damage of [(bytes: Buffer) => Buffer.from(bytes.map(byte => byte ^ 1)), () => null]) {
      const world = await worldOf([300])
      const bytes = damage(world.files.get('tile/0/001.p/44')!)
      if (bytes) world.files.set('tile/0/001.p/44', bytes)
      else world.files.delete('tile/0/001.p/44')
      await assert.rejects(openIn(world), { code: 'archive_mismatch' })
    }
  })

  test('of another key is refused', async () => {
    const world = await worldOf([1])
    const other = { ...signer, key: generateKeyPairSync('ed25519').privateKey }
    await assert.rejects(openIn(world, other), ({ code, message, advice }: TickhouseError) => {
      assert.equal(code, 'archive_foreign')
      for (const given of [signer, other]) assert.ok(message.includes(verifierText(given)))
      assert.match(advice!, /Give the key that began it/)
      return true
    })
  })

  test('an entry with a newline, or too long, is refused before anything is written', async () => {
    const world = await worldOf([1])
    const files = new Map(world.files)
    for (const entry of ['two\nlines', 'x'.repeat(65_536)])
      await assert.rejects((await openIn(world)).append([entry]), RangeError)
    assert.deepEqual(world.files, files)
  })
})

describe('the last signed checkpoint', () => {
  test('is looked for in each place: the larger counts, and a place that has an earlier one or none gets it', async () => {
    const places = [new LastSignedInMemory(), new LastSignedInMemory()] as const
    const world = new World(false, places)
    const log = await openIn(world)
    await log.append(['a'])
    const early = { files: new Map(world.files), note: places[0].note }
    await log.append(['b'])
    const last = places[0].note
    assert.equal(places[1].note, last)
    for (const before of ['', early.note]) {
      for (const [lost, other] of [places, [places[1], places[0]]] as const) {
        lost.note = before
        const opened = await openIn(world)
        assert.deepEqual([opened.size, opened.lastFromArchive, lost.note, other.note], [2, false, last, last])
        // Also where the place that has it is not the one that is asked first.
        lost.note = before
        const setBack = new World(false, places)
        for (const [path, bytes] of early.files) setBack.files.set(path, bytes)
        await assert.rejects(openIn(setBack), { code: 'archive_mismatch', message: /set back to 1 entries/ })
        assert.equal(lost.note, before)
        lost.note = last
      }
    }
  })

  test('that a smaller one in another place contradicts is refused', async () => {
    const world = await worldOf([3, 2])
    const other = new World()
    await (await openIn(other)).append(['a', 'b'])
    const places = [...world.places, ...other.places]
    await assert.rejects(TransparencyLog.open({ ...world.writer(), signer, lastSigned: places }), {
      code: 'archive_mismatch',
      message: /does not continue the checkpoint of 2 entries/,
    })
  })

  test('is that of the archive where every place has lost it, which is stated, and kept from then on', async () => {
    const place = new LastSignedInMemory()
    const world = new World(false, [place])
    assert.equal((await openIn(world)).lastFromArchive, false)
    await (await openIn(world)).append(['a', 'b'])
    const { note } = place
    for (const lost of ['', 'damaged']) {
      place.note = lost
      assert.equal((await openIn(world)).lastFromArchive, true)
      assert.equal(place.note, note)
      assert.equal((await openIn(world)).lastFromArchive, false)
    }
  })

  test('is kept before the checkpoint is published', async () => {
    const world = new World()
    const { files, lastSigned } = world.writer()
    const unpublished = {
      ...files,
      write: async (path: string, bytes: Buffer) => {
        if (path === 'checkpoint') throw new Error('not published')
        await files.write(path, bytes)
      },
    }
    const log = await TransparencyLog.open({ files: unpublished, lastSigned, signer })
    await assert.rejects(log.append(['a']), /not published/)
    assert.match(await noteOf(world), /^tickhouse\/simulated\n1\n/)
  })
})
