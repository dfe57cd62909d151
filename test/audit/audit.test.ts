import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { audit, writeAudit } from '../../src/audit/audit.ts'
import { loadCheckpoint } from '../../src/audit/audit-checkpoint.ts'
import type { RepeatedTradesRow } from '../../src/ingest/ids/repeated-trades.ts'
import type { Store } from '../../src/store/store.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../src/tick/trades.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

const RECORDS = 7
const TICKS = 200_000

/** A log of records so large that an audit takes them in several steps, all stored. */
async function stored(t: TestContext) {
  const { log, store } = await openBoth(t)
  for (let record = 0; record < RECORDS; record++) {
    const trades = new TradeColumns(TICKS)
    for (let row = 0; row < TICKS; row++)
      trades.add({
        venue: 'binance',
        symbol: 'BTCUSDT',
        timestampMicros: 1e15 + row,
        timestampNanos: 0,
        receivedAtMicros: 1e15 + row,
        price: 1,
        volume: 1,
        side: 1,
        tradeId: record * TICKS + row,
        origin: ORIGIN.live,
      })
    await log.append(0, [tradesRecord(trades)])
  }
  await storeAll(log, store)
  return { log, store }
}

test('an audit in several steps counts every tick once, and sees one lost or doubled in any of them', async t => {
  const { log, store } = await stored(t)
  const steps: number[] = []
  const sound = await audit(store, log, 0, 0, RECORDS, done => steps.push(done))
  assert.ok(sound.passed, sound.detail)
  assert.deepEqual([sound.ticks, sound.distinct, sound.expected], [RECORDS * TICKS, RECORDS * TICKS, RECORDS * TICKS])
  assert.ok(steps.length > 1, 'several steps')
  assert.equal(steps.at(-1), RECORDS)

  await store.command('INSERT INTO trades SELECT * FROM trades WHERE log_offset = 3 AND log_index = 17')
  const doubled = await audit(store, log, 0, 0, RECORDS)
  assert.match(doubled.detail, /1 ticks twice/)

  await store.deleteRows('trades', 'log_offset = 5 AND log_index = {index:UInt32}', { index: TICKS - 1 })
  const lost = await audit(store, log, 0, 0, RECORDS)
  assert.match(lost.detail, /ticks stored, .* in the log/)
  assert.equal(lost.expected - lost.distinct, 1)
})

/** A log of 40 records, each second one a copy of the one before as a second recorder writes it, all stored. */
async function twoRecorders(t: TestContext) {
  const { log, store } = await openBoth(t)
  for (let at = 0; at < 20; at++) {
    const trades = Array.from({ length: 10 }, (_, row) => ({
      symbol: row % 3 === 0 ? 'AAA' : 'BBB',
      tradeId: 10 * at + row,
      price: 1 + row,
      volume: 1,
      side: 'buy' as const,
    }))
    await log.append(0, [tradesOf('coinbase', trades)])
    await log.append(0, [tradesOf('coinbase', trades)])
  }
  await storeAll(log, store)
  return { log, store }
}

test('copies of a second recorder are one row, and the audit counts each at its position, in whatever steps', async t => {
  const { log, store } = await twoRecorders(t)
  const [row, ...others] = await store.rows<{ ticks: string; reason: string }>(
    'SELECT toString(ticks) AS ticks, reason FROM quarantine',
  )
  assert.deepEqual([row, others], [{ ticks: '200', reason: 'trade_repeated' }, []])
  const whole = await audit(store, log, 0, 0, 40)
  assert.ok(whole.passed, whole.detail)
  assert.deepEqual([whole.ticks, whole.distinct, whole.expected], [400, 400, 400])
  for (const [first, below] of [
    [0, 1],
    [1, 2],
    [0, 2],
    [7, 32],
    [39, 40],
  ] as const) {
    const part = await audit(store, log, 0, first, below)
    assert.ok(part.passed, `${first} to ${below}: ${part.detail}`)
    assert.equal(part.ticks, (below - first) * 10)
  }
})

test('the checkpoint of audits counts repeats as the audit does, also where the log begins inside of a row', async t => {
  const { log, store } = await twoRecorders(t)
  for (const first of [0, 13]) {
    await store.command('TRUNCATE TABLE audits')
    await writeAudit(store, await audit(store, log, 0, first, 40), Date.now())
    assert.deepEqual(await loadCheckpoint(store, 0, first), { first, below: 40, ticks: (40 - first) * 10 })
  }
})

/** Edits the payload or the count of the one row of repeats. */
async function edit(store: Store, change: (row: RepeatedTradesRow, ticks: number) => number) {
  const [row] = await store.rows<Record<string, unknown>>('SELECT * FROM quarantine')
  const raw = JSON.parse(String(row!.raw)) as RepeatedTradesRow
  const ticks = change(raw, Number(row!.ticks))
  await store.deleteRows('quarantine', 'log_partition = 0', {})
  await store.insertRows('quarantine', [{ ...row, raw: JSON.stringify(raw), ticks }])
}

const FAULTS: Record<string, { plant: (store: Store) => Promise<unknown>; seen: RegExp }> = {
  'a repeat dropped from a range': {
    plant: store =>
      edit(store, ({ at, ids }, ticks) => {
        at[4]![2]--
        ids.at(-1)![3] = String(BigInt(ids.at(-1)![3]) - 1n)
        return ticks - 1
      }),
    seen: /399 ticks stored, 400 in the log/,
  },
  'a repeat counted twice': {
    plant: store =>
      edit(store, ({ at, ids }, ticks) => {
        at.push([3, 5, 5])
        ids.push(['coinbase', 'AAA', '15', '15'])
        return ticks + 1
      }),
    seen: /1 ticks twice/,
  },
  'one dropped and another counted twice, so that the sums agree': {
    plant: store =>
      edit(store, ({ at }, ticks) => {
        at[4]![2]--
        at.push([3, 5, 5])
        return ticks
      }),
    seen: /1 ticks twice.*399 ticks stored, 400 in the log/,
  },
  'a repeat counted at the position of a stored trade': {
    plant: store =>
      edit(store, ({ at }, ticks) => {
        at[4]![0]--
        return ticks
      }),
    seen: /10 ticks twice.*1 records missing/,
  },
  'a count that is not that of the positions': {
    plant: store => edit(store, (_, ticks) => ticks + 1),
    seen: /1 rows of counted repeats contradict themselves/,
  },
  'ids that are fewer than the positions': {
    plant: store =>
      edit(store, ({ ids }, ticks) => {
        ids.pop()
        return ticks
      }),
    seen: /1 rows of counted repeats contradict themselves/,
  },
  'the row gone': {
    plant: store => store.deleteRows('quarantine', 'log_partition = 0', {}),
    seen: /20 records missing/,
  },
  'the row twice': {
    plant: store => store.command('INSERT INTO quarantine SELECT * FROM quarantine'),
    seen: /200 ticks twice/,
  },
  'a stored trade gone': {
    plant: store => store.deleteRows('trades', 'log_offset = 6 AND log_index = 2', {}),
    seen: /399 ticks stored, 400 in the log/,
  },
}

for (const [name, { plant, seen }] of Object.entries(FAULTS))
  test(`the audit notices among counted repeats: ${name}`, async t => {
    const { log, store } = await twoRecorders(t)
    await plant(store)
    const result = await audit(store, log, 0, 0, 40)
    assert.equal(result.passed, false)
    assert.match(result.detail, seen)
  })
