import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import { EMPTY, loadState, saveState, type WatcherState } from '../../src/watch/state.ts'

let directory: string
let file: string
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-state-'))
  file = path.join(directory, 'watch.json')
})
afterEach(() => fs.rmSync(directory, { recursive: true, force: true }))

function stateOf(names: number): WatcherState {
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
  const stale = {
    alert,
    sentAfterwards: false,
    explains: ['sources_degraded'],
    seenMs: 1,
    lastSeenMs: 2,
    seenProbes: 3,
    longestPauseMs: 0,
    openedMs: 2,
  }
  return {
    alerts: { conditions: { stale: { ...stale, goneMs: null, sentMs: 2, sentAffected: [] } }, closed: { a: [5] } },
    unsent: [
      { message: { kind: 'opened', alert, incident: 'stale-1', atMs: 2, lastedMs: 1 }, channels: ['mail to a@b.c'] },
    ],
    availability: { lastMs: 9, days: [{ day: '2026-11-25', watchedMs: 5, wellMs: 4 }] },
  }
}

test('without a file the state is empty', async () => assert.deepEqual(await loadState(file), { state: EMPTY }))

test('a saved state is loaded again, and its directory created', async () => {
  const deep = path.join(directory, 'a', 'b', 'watch.json')
  await saveState(deep, stateOf(3))
  assert.deepEqual(await loadState(deep), { state: stateOf(3) })
})

describe('an unreadable file is moved aside, and the watcher starts with an empty state', () => {
  for (const text of [
    '',
    '{"version":3,"alerts',
    'null',
    '[]',
    '"x"',
    '{"version":1}',
    '{"version":2}',
    '{"version":3}',
  ])
    test(JSON.stringify(text), async () => {
      fs.writeFileSync(file, text)
      assert.deepEqual(await loadState(file), { state: EMPTY, movedTo: `${file}.unreadable` })
      assert.equal(fs.readFileSync(`${file}.unreadable`, 'utf8'), text)
      assert.deepEqual(await loadState(file), { state: EMPTY })
    })
  test('with parts of other types', async () => {
    for (const part of ['alerts', 'unsent', 'availability']) {
      fs.writeFileSync(file, JSON.stringify({ version: 3, ...stateOf(1), [part]: null }))
      assert.equal((await loadState(file)).movedTo, `${file}.unreadable`, part)
    }
  })
})

test('a file of the version before is read: its alerts stay open, its messages are sent', async () => {
  const { alerts, unsent, availability } = stateOf(2)
  const { sentAfterwards, sentMs, sentAffected, ...stale } = alerts.conditions.stale!
  const before = {
    version: 2,
    alerts: {
      remembered: { stale: { ...stale, toldAfterwards: sentAfterwards, toldMs: sentMs, toldAffected: sentAffected } },
      closed: alerts.closed,
    },
    unsent: unsent.map(({ message: { incident, ...message }, channels }) => ({
      message: { ...message, occurrence: incident },
      routes: channels,
    })),
    availability,
  }
  fs.writeFileSync(file, JSON.stringify(before))
  const { state, movedTo } = await loadState(file)
  assert.equal(movedTo, undefined)
  assert.deepEqual(state, stateOf(2))
})

test('the state of a newer version is refused with what to do, and left as it is', async () => {
  const newer = JSON.stringify({ version: 4, alerts: {}, added: 'by it' })
  fs.writeFileSync(file, newer)
  await assert.rejects(loadState(file), {
    code: 'data_foreign',
    message: /written by a newer tickhouse: version 4, this program has 3/,
    advice: /^Start the newer tickhouse/,
  })
  assert.equal(fs.readFileSync(file, 'utf8'), newer)
})

test('a file that may not be read does not count as empty', async () => {
  fs.mkdirSync(file)
  await assert.rejects(loadState(file), { code: 'EISDIR' })
})

test('a watcher killed at any moment leaves a complete file', async () => {
  const module = new URL('../../src/watch/state.ts', import.meta.url).href
  const script = `
    const { saveState } = await import(${JSON.stringify(module)})
    const availability = { lastMs: 0, days: [] }
    for (let round = 1; ; round++) {
      const closed = { names: Array.from({ length: 20_000 }, () => round) }
      await saveState(process.argv[1], { alerts: { conditions: {}, closed }, unsent: [], availability })
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
    const { state, movedTo } = await loadState(file)
    assert.equal(movedTo, undefined)
    const [first] = state.alerts.closed.names!
    assert.ok(state.alerts.closed.names!.length === 20_000 && state.alerts.closed.names!.every(each => each === first))
  }
})
