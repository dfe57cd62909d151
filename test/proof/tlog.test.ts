import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, test } from 'node:test'
import { TransparencyLog } from '../../src/proof/tlog.ts'
import { signer, World } from '../support/data/log-world.ts'

const openIn = (world: World, as = signer) => TransparencyLog.open({ ...world.writer(), signer: as })

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
    other.lastSigned = world.lastSigned
    await assert.rejects(openIn(other), { code: 'archive_mismatch', message: /does not continue/ })
  })

  test('with an append that somebody else planned is refused, and nothing is signed', async () => {
    const world = await worldOf([3])
    world.files.set('append/0000000000000003', Buffer.from(`${Buffer.alloc(64).toString('base64')}\nfalse\n`))
    const note = world.lastSigned
    await assert.rejects(openIn(world), { code: 'archive_mismatch', message: /not written by this key/ })
    assert.equal(world.lastSigned, note)
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
    await assert.rejects(openIn(world, other), { code: 'archive_foreign' })
  })

  test('an entry with a newline, or too long, is refused before anything is written', async () => {
    const world = await worldOf([1])
    const files = new Map(world.files)
    for (const entry of ['two\nlines', 'x'.repeat(65_536)])
      await assert.rejects((await openIn(world)).append([entry]), RangeError)
    assert.deepEqual(world.files, files)
  })
})
