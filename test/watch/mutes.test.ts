import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { ALL, mute, mutedUntilMs, parseDuration, readMutes } from '../../src/watch/mutes.ts'

const NOW_MS = Date.UTC(2026, 10, 25)
let directory: string
let state: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-silences-'))
  state = path.join(directory, 'data', 'watch.json')
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

test('nothing is silenced without a file', async () => {
  assert.deepEqual(await readMutes(state), { mutes: {} })
  assert.equal(mutedUntilMs({}, 'stale'), 0)
})

test('a name is silenced until its time, and all others are not', async () => {
  await mute(state, 'stale', 60_000, NOW_MS)
  const { mutes } = await readMutes(state)
  assert.equal(mutedUntilMs(mutes, 'stale'), NOW_MS + 60_000)
  assert.equal(mutedUntilMs(mutes, 'house_down'), 0)
})

test('all are silenced by one word; the longer of two silences counts', async () => {
  await mute(state, 'stale', 60_000, NOW_MS)
  await mute(state, ALL, 30_000, NOW_MS)
  const { mutes } = await readMutes(state)
  assert.equal(mutedUntilMs(mutes, 'stale'), NOW_MS + 60_000)
  assert.equal(mutedUntilMs(mutes, 'house_down'), NOW_MS + 30_000)
})

test('a silence that is ended is over now; those that are over leave the file', async () => {
  await mute(state, 'stale', 60_000, NOW_MS)
  await mute(state, 'disk_low', 60_000, NOW_MS)
  await mute(state, 'stale', 0, NOW_MS + 1)
  assert.ok(mutedUntilMs((await readMutes(state)).mutes, 'stale') <= NOW_MS + 1)
  await mute(state, 'no_ticks', 60_000, NOW_MS + 120_000)
  assert.deepEqual(Object.keys((await readMutes(state)).mutes), ['no_ticks'])
})

test('names that objects have of their own silence nothing', async () => {
  await mute(state, '__proto__', 60_000, NOW_MS)
  const { mutes } = await readMutes(state)
  for (const name of ['stale', 'toString']) assert.ok(!(mutedUntilMs(mutes, name) > NOW_MS), name)
})

describe('a file that cannot be read silences nothing, and why is told; the next silence replaces it', () => {
  for (const text of ['', '{', '[]', '"x"', '{"stale":"soon"}', '{"stale":null}'])
    test(JSON.stringify(text), async () => {
      fs.mkdirSync(path.dirname(state))
      fs.writeFileSync(`${state}.silences`, text)
      const { mutes, unread } = await readMutes(state)
      assert.deepEqual(mutes, {})
      assert.ok(unread!.startsWith(`${state}.silences: `), unread)
      assert.equal(await mute(state, 'stale', 60_000, NOW_MS), unread)
      assert.deepEqual(await readMutes(state), { mutes: { stale: NOW_MS + 60_000 } })
      assert.equal(await mute(state, 'stale', 0, NOW_MS), undefined)
    })
})

test('times are told in minutes, hours and days, up to thirty days', () => {
  assert.deepEqual(['30m', '2h', '1d', '30d'].map(parseDuration), [1_800_000, 7_200_000, 86_400_000, 2_592_000_000])
  for (const text of ['', '5', '0m', '-1h', '1.5h', '31d', '1w', 'h', '2h ', '1e3m', '99999999999999999999d'])
    assert.throws(() => parseDuration(text), { code: 'usage' }, text)
})
