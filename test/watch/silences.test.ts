import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ALL, parseDuration, readSilences, silence, silencedUntilMs } from '../../src/watch/silences.ts'

const NOW_MS = Date.UTC(2026, 10, 25)
let directory: string
let state: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-silences-'))
  state = path.join(directory, 'data', 'watch.json')
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

test('nothing is silenced without a file', async () => {
  assert.deepEqual(await readSilences(state), { silences: {} })
  assert.equal(silencedUntilMs({}, 'stale'), 0)
})

test('a name is silenced until its time, and no other name is', async () => {
  await silence(state, 'stale', 60_000, NOW_MS)
  const { silences } = await readSilences(state)
  assert.equal(silencedUntilMs(silences, 'stale'), NOW_MS + 60_000)
  assert.equal(silencedUntilMs(silences, 'house_down'), 0)
})

test('all silences every name; the longer of two silences counts', async () => {
  await silence(state, 'stale', 60_000, NOW_MS)
  await silence(state, ALL, 30_000, NOW_MS)
  const { silences } = await readSilences(state)
  assert.equal(silencedUntilMs(silences, 'stale'), NOW_MS + 60_000)
  assert.equal(silencedUntilMs(silences, 'house_down'), NOW_MS + 30_000)
})

test('an ended silence is over immediately; expired silences are removed from the file', async () => {
  await silence(state, 'stale', 60_000, NOW_MS)
  await silence(state, 'disk_low', 60_000, NOW_MS)
  await silence(state, 'stale', 0, NOW_MS + 1)
  assert.ok(silencedUntilMs((await readSilences(state)).silences, 'stale') <= NOW_MS + 1)
  await silence(state, 'no_ticks', 60_000, NOW_MS + 120_000)
  assert.deepEqual(Object.keys((await readSilences(state)).silences), ['no_ticks'])
})

test('names of object properties silence nothing', async () => {
  await silence(state, '__proto__', 60_000, NOW_MS)
  const { silences } = await readSilences(state)
  for (const name of ['stale', 'toString']) assert.ok(!(silencedUntilMs(silences, name) > NOW_MS), name)
})

describe('an unreadable file silences nothing, with a reason; the next silence replaces it', () => {
  for (const text of ['', '{', '[]', '"x"', '{"stale":"soon"}', '{"stale":null}'])
    test(JSON.stringify(text), async () => {
      fs.mkdirSync(path.dirname(state))
      fs.writeFileSync(`${state}.silences`, text)
      const { silences, unreadable } = await readSilences(state)
      assert.deepEqual(silences, {})
      assert.ok(unreadable!.startsWith(`${state}.silences: `), unreadable)
      assert.equal(await silence(state, 'stale', 60_000, NOW_MS), unreadable)
      assert.deepEqual(await readSilences(state), { silences: { stale: NOW_MS + 60_000 } })
      assert.equal(await silence(state, 'stale', 0, NOW_MS), undefined)
    })
})

test('durations are minutes, hours or days, up to thirty days', () => {
  assert.deepEqual(['30m', '2h', '1d', '30d'].map(parseDuration), [1_800_000, 7_200_000, 86_400_000, 2_592_000_000])
  for (const text of ['', '5', '0m', '-1h', '1.5h', '31d', '1w', 'h', '2h ', '1e3m', '99999999999999999999d'])
    assert.throws(() => parseDuration(text), { code: 'usage' }, text)
})
