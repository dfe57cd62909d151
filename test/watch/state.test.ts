import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { EMPTY, keep, loadState, type WatcherState } from '../../src/watch/state.ts'

let directory: string
let file: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-memory-'))
  file = path.join(directory, 'watch.json')
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

function memoryOf(names: number): WatcherState {
  const alert = {
    name: 'stale',
    severity: 'critical' as const,
    title: 'x',
    what: 'y',
    sinceMs: 1,
    affected: Array.from({ length: names }, (_, index) => `binance SYMBOL${index}`),
    next: 'z',
    page: 'docs/watch.md#stale',
    silencedUntilMs: null,
  }
  const remembered = {
    alert,
    toldAfterwards: false,
    explains: ['sources_degraded'],
    seenMs: 1,
    lastSeenMs: 2,
    seenProbes: 3,
    longestPauseMs: 0,
    openedMs: 2,
  }
  return {
    alerts: { remembered: { stale: { ...remembered, goneMs: null, toldMs: 2, toldAffected: [] } }, closed: { a: [5] } },
    unsent: [
      { message: { kind: 'opened', alert, occurrence: 'stale-1', atMs: 2, lastedMs: 1 }, routes: ['mail to a@b.c'] },
    ],
    availability: { lastMs: 9, days: [{ day: '2026-11-25', watchedMs: 5, wellMs: 4 }] },
  }
}

test('nothing was kept: it begins empty', async () => assert.deepEqual(await loadState(file), { memory: EMPTY }))

test('what was kept is remembered, and its directory made', async () => {
  const deep = path.join(directory, 'a', 'b', 'watch.json')
  await keep(deep, memoryOf(3))
  assert.deepEqual(await loadState(deep), { memory: memoryOf(3) })
})

describe('a file that cannot be understood is put aside, and the watcher begins anew', () => {
  for (const text of ['', '{"version":2,"alerts', 'null', '[]', '"x"', '{"version":1}', '{"version":2}'])
    test(JSON.stringify(text), async () => {
      fs.writeFileSync(file, text)
      assert.deepEqual(await loadState(file), { memory: EMPTY, aside: `${file}.unreadable` })
      assert.equal(fs.readFileSync(`${file}.unreadable`, 'utf8'), text)
      assert.deepEqual(await loadState(file), { memory: EMPTY })
    })
  test('with parts that are of another kind', async () => {
    for (const part of ['alerts', 'unsent', 'availability']) {
      fs.writeFileSync(file, JSON.stringify({ version: 2, ...memoryOf(1), [part]: null }))
      assert.equal((await loadState(file)).aside, `${file}.unreadable`, part)
    }
  })
})

test('a file that may not be read is no empty one', async () => {
  fs.mkdirSync(file)
  await assert.rejects(loadState(file), { code: 'EISDIR' })
})

test('a watcher killed at any moment leaves a whole file', async () => {
  const memory = new URL('../../src/watch/state.ts', import.meta.url).href
  const script = `
    const { keep } = await import(${JSON.stringify(memory)})
    const availability = { lastMs: 0, days: [] }
    for (let round = 1; ; round++) {
      const closed = { names: Array.from({ length: 20_000 }, () => round) }
      await keep(process.argv[1], { alerts: { remembered: {}, closed }, unsent: [], availability })
      if (round === 1) console.log('begun')
    }`
  for (let kill = 0; kill < 5; kill++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    // Somewhere in its writing: how far it came by then differs from time to time.
    for (let turn = 0; turn < kill * 50; turn++) await new Promise(setImmediate)
    child.kill('SIGKILL')
    await once(child, 'close')
    const { memory: left, aside } = await loadState(file)
    assert.equal(aside, undefined)
    const [first] = left.alerts.closed.names!
    assert.ok(left.alerts.closed.names!.length === 20_000 && left.alerts.closed.names!.every(each => each === first))
  }
})
