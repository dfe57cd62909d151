/** Sealing killed at any step, by writers beside each other: simulated worlds over a storage in memory. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { LastSignedFile, LastSignedRow } from '../../src/archive/seal/last-signed.ts'
import { leafHash, rootOf, subtreeRoot } from '../../src/proof/merkle.ts'
import { verifierText } from '../../src/proof/note.ts'
import { type LastSigned, TransparencyLog } from '../../src/proof/tlog.ts'
import { Random } from '../../src/simulator/random.ts'
import { openStore } from '../../src/store/open.ts'
import { Killed, signer, World } from '../support/data/log-world.ts'
import { rounds } from '../support/faults.ts'

/** SEEDS sets how many worlds are tried; FAULT_SEED tries that one only. */
const SEEDS = Number(process.env.SEEDS ?? rounds(300, 10_000))
const ONE = process.env.FAULT_SEED === undefined ? undefined : Number(process.env.FAULT_SEED)

/** Appends what is not in the log yet, as an archiver does: texts differ from one run of a writer to the next. */
async function run(
  writer: ReturnType<World['writer']>,
  run: number,
  wanted: readonly number[],
  size: number,
): Promise<void> {
  const log = await TransparencyLog.open({ ...writer, signer })
  const known = new Set<number>()
  const add = (entries: readonly string[]) => {
    for (const entry of entries) known.add(Number(entry.split(' ')[0]))
  }
  for await (const { entries } of log.entries()) add(entries.map(String))
  for (;;) {
    const missing = wanted.filter(id => !known.has(id)).slice(0, size)
    if (missing.length === 0) return
    add(await log.append(missing.map(id => `${id} by run ${run}`)))
  }
}

/** One world: runs that are killed, alone or two at a time, then one that ends. */
async function simulate(seed: number, world = new World(), betweenRuns = async () => {}): Promise<World> {
  const random = new Random(seed)
  const below = (limit: number) => Math.floor(random.uniform() * limit)
  const wanted = Array.from({ length: 1 + below(seed % 10 === 0 ? 700 : 40) }, (_, at) => at)
  const runs = 2 + below(6)
  for (let at = 0; at < runs; at++) {
    const some = wanted.slice(0, Math.ceil((wanted.length * (at + 1)) / runs))
    const writers = random.uniform() < 0.3 ? 2 : 1
    const running = Array.from({ length: writers }, (_, writer) => {
      const access = world.writer(1 + below(25), random.uniform() < 0.5, () => below(writers > 1 ? 12 : 1))
      return run(access, at * 2 + writer, some, 1 + below(300))
    })
    for (const { reason } of (await Promise.allSettled(running)) as PromiseRejectedResult[])
      if (reason && !(reason instanceof Killed)) throw reason
    await betweenRuns()
  }
  await run(world.writer(), 1_000, wanted, 300)
  return world
}

/** No size has two roots, and every checkpoint ever seen is one of the final entries' beginnings. */
async function judge(world: World): Promise<void> {
  for (const [size, roots] of world.seen) assert.equal(roots.size, 1, `two checkpoints of ${size} entries`)
  const log = await TransparencyLog.open({ ...world.writer(), signer })
  const hashes: Buffer[] = []
  for await (const { entries } of log.entries()) hashes.push(...entries.map(leafHash))
  assert.equal(hashes.length, log.size)
  for (const [size, [root]] of world.seen) {
    const expected = await rootOf(size, async (height, index) =>
      subtreeRoot(hashes.slice(index * 2 ** height, (index + 1) * 2 ** height)),
    )
    assert.equal(root, expected.toString('base64'), `checkpoint ${size}`)
  }
}

test(`${ONE === undefined ? `${SEEDS} worlds` : `world ${ONE}`}: a log killed at any step never has two checkpoints of one size with different roots`, {
  timeout: 3_600_000,
}, async () => {
  const [first, end] = ONE === undefined ? [1, SEEDS + 1] : [ONE, ONE + 1]
  for (let seed = first; seed < end; seed++)
    await simulate(seed)
      .then(judge)
      .catch(error => assert.fail(`FAULT_SEED=${seed}: ${(error as Error).stack}`))
})

test('the simulation sees two roots where a planned append can be replaced', async () => {
  let found = 0
  for (let seed = 1; seed <= 60; seed++)
    await simulate(seed, new World(true))
      .then(judge)
      .catch(() => found++)
  assert.ok(found > 0)
})

test('the same, kept in a store that may be lost between two starts of a writer, and in a file beside it', {
  timeout: 3_600_000,
}, async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-sealing-'))
  const store = await openStore(`chdb:${directory}/store`)
  t.after(async () => {
    await store.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const key = verifierText(signer)
  const [first, count] = ONE === undefined ? [1, Math.ceil(SEEDS / 20)] : [ONE, 1]
  let lost = 0
  for (let seed = first; seed < first + count; seed++) {
    const random = new Random(seed)
    const places: LastSigned[] = [new LastSignedRow(store, key)]
    if (random.uniform() < 0.5) places.push(new LastSignedFile(`${directory}/${seed}`, 'simulated', key))
    const lose = () => store.command('TRUNCATE TABLE signed_checkpoints')
    await lose()
    const world = new World(false, places)
    await simulate(seed, world, async () => {
      if (random.uniform() > 0.2) return
      await lose()
      lost++
    })
      .then(judge)
      .catch(error => assert.fail(`FAULT_SEED=${seed}: ${(error as Error).stack}`))
    // What every place keeps in the end is the last checkpoint that anybody could have seen.
    const size = Math.max(...world.seen.keys())
    for (const place of places) assert.match((await place.read())!.note, new RegExp(`\n${size}\n`))
  }
  assert.ok(lost > 0 || ONE !== undefined)
})
