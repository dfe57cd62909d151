/**
 * A recorded afternoon on Binance through the processes that a user runs: the sums are equal to the last digit. Another
 * program counted TRUTH.json from the same files.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { OpenLog } from '../../src/log/log.ts'
import type { Store } from '../../src/store/store.ts'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { LONG } from '../support/faults.ts'
import { endAudited } from '../support/judges/audited.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import {
  assertSessionQuotes,
  assertSessionTrades,
  SESSION_FILES,
  SESSION_SOURCES,
  sessionLastIds,
  sessionLastSequences,
} from '../support/judges/recorded-truth.ts'
import { TestInstance, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { type PlayerOptions, startPlayer } from '../support/servers/player.ts'

async function assertTruth(store: Store, log: OpenLog): Promise<void> {
  await assertSessionTrades(store)
  await assertSessionQuotes(store)
  const [others] = await store.rows<Record<string, number>>(
    'SELECT (SELECT count() FROM quarantine) AS refused, (SELECT count() FROM gaps) AS gaps, (SELECT count() FROM lost_ranges) AS lost',
  )
  assert.deepEqual(others, { refused: 0, gaps: 0, lost: 0 })
  assertPositions(await checkPositions(store, log))
}

/** How long the sessions took when they were recorded. */
const SESSION_MS = 346_100

interface Play extends Omit<PlayerOptions, 'files'> {
  partitions?: number
}

/** Plays the sessions to a recorder while the other side stores them, ends both as a user does, and compares. */
async function playThrough(t: TestContext, { partitions = 1, ...options }: Play): Promise<void> {
  const player = await startPlayer({ files: SESSION_FILES, ...options })
  t.after(() => player.close())
  const instance = new TestInstance(t, {
    LOG: `sqlite:data/log?partitions=${partitions}`,
    SOURCES: SESSION_SOURCES,
    BINANCE_WS: player.wsUrl,
  })
  const recorder = instance.run('record')
  const storing = instance.run('ingest')
  await recorder.waitFor('log_opened')
  const log = await instance.log()
  await using watch = new LogWatch(log)
  const last = new Map([...sessionLastIds(), ...sessionLastSequences()])
  await watch.until(last, recorder, WAIT_MS_MAX + SESSION_MS / options.speed)
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  const used = Array.from({ length: partitions }, (_, partition) => log.bounds(partition).next > 0).filter(
    Boolean,
  ).length
  assert.ok(partitions === 1 || used > 1, 'the symbols lie in different partitions')
  await endAudited(instance, [storing], used)
  const store = await instance.store()
  try {
    await assertTruth(store, log)
  } finally {
    await store.close()
  }
}

test('a recorded session at 50 times its pace is stored to the last digit', { skip: skipWithoutData }, async t => {
  await playThrough(t, { speed: 50 })
})

test('a recorded session as fast as it goes is stored to the last digit', { skip: skipWithoutData }, async t => {
  await playThrough(t, { speed: Infinity })
})

test('over a log of eight partitions too', { skip: skipWithoutData }, async t => {
  await playThrough(t, { speed: Infinity, partitions: 8 })
})

test('frames of streams without a subscription are ignored, none refused, no tick changed', {
  skip: skipWithoutData,
}, async t => {
  await playThrough(t, { speed: Infinity, filter: 'all' })
})

test('a recorded session at its own pace is stored to the last digit', {
  skip: skipWithoutData || (LONG ? false : 'takes 346 s: in the long run, FAULT_ROUNDS=long'),
  timeout: 600_000,
}, async t => {
  await playThrough(t, { speed: 1 })
})
