/**
 * kill -9 while ticks leave quarantine: none is missing or doubled after the next start, and what was begun goes on.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReprocessReport } from '../../src/ingest/reprocess/reprocess.ts'
import { tradesOf } from '../support/data/trades.ts'
import { report, rounds, Schedule } from '../support/faults.ts'
import {
  assertPositions,
  assertTrades,
  checkPositions,
  compareTrades,
  type ExpectedTrade,
} from '../support/judges/oracle.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

const RECORDS = 120
const TICKS_PER_RECORD = 250
/** Within this a re-ingest has moved some pages, and is not done. */
const LIFE_MS_MAX = 1_500

async function reingest(storing: TestProcess): Promise<ReprocessReport> {
  const response = await fetch(`${await storing.url()}/api/quarantine/reingest`, { method: 'POST' })
  return (await response.json()) as ReprocessReport
}

test('kill -9 during reprocessing, repeatedly: each tick is stored once', {
  timeout: 1_800_000,
}, async t => {
  const schedule = new Schedule(t)
  const tries = rounds(2, 100)
  const instance = new TestInstance(t)
  const log = await instance.log('write')
  t.after(() => log.close())
  const trades: ExpectedTrade[] = []
  for (let record = 0; record < RECORDS; record++) {
    const ticks = Array.from({ length: TICKS_PER_RECORD }, (_, at) => ({
      ...{
        symbol: 'AAA',
        tradeId: 1 + record * TICKS_PER_RECORD + at,
        price: 1 + at / 7,
        volume: 1 + record,
        side: 'buy',
      },
    }))
    trades.push(...ticks)
    await log.append(0, [tradesOf('acme', ticks), tradesOf('binance', [ticks[0]!])])
  }
  const refusing = instance.run('ingest')
  await refusing.drained()
  assert.deepEqual(await refusing.end('SIGTERM'), { code: 0, signal: null })

  let killed = 0
  for (let round = 0; round < tries; round++) {
    const storing = instance.run('ingest', { EXTRA_VENUES: 'acme' })
    await storing.waitFor('ingest_started')
    const asked = reingest(storing).catch(() => undefined)
    await schedule.moment(LIFE_MS_MAX)
    assert.deepEqual(await storing.end('SIGKILL'), { code: null, signal: 'SIGKILL' })
    if ((await asked) === undefined) killed++
    const store = await instance.store()
    try {
      const { lost } = await checkPositions(store, log)
      assert.equal(lost, 0, 'each tick is there at any moment')
    } finally {
      await store.close()
    }
  }
  const storing = instance.run('ingest', { EXTRA_VENUES: 'acme' })
  await storing.drained()
  await reingest(storing)
  assert.deepEqual((await reingest(storing)).moved, 0)
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(storing.logged('audit_failed'), [])

  const store = await instance.store()
  try {
    const positions = await checkPositions(store, log)
    const result = await compareTrades(store, 'acme', trades)
    const [{ moves }] = (await store.rows<{ moves: string }>('SELECT count() AS moves FROM requeues FINAL')) as [
      { moves: string },
    ]
    report(t, `killed ${killed} times in ${tries} re-ingests, ${moves} moves begun`, positions, result)
    assert.ok(killed > 0, 'at least one was cut off')
    assertPositions(positions)
    assertTrades(result)
  } finally {
    await store.close()
  }
})
