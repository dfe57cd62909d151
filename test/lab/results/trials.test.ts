/** Trials in the real table of runs. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { describeReport } from '../../../src/lab/results/describe.ts'
import type { Outcome } from '../../../src/lab/results/outcome.ts'
import { makeReport, type ReportFacts } from '../../../src/lab/results/report.ts'
import { type RunFacts, runRows } from '../../../src/lab/results/run-rows.ts'
import { readTrials } from '../../../src/lab/results/trials.ts'
import { labFacts, labOutcome, labPortfolio, labRecorded } from '../../support/data/lab-report.ts'
import { openTestStore, type TestStore } from '../../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

const query = (statement: string, format: string) => opened.store.untrusted(statement, format)

/** Saves a run of the seeded strategy and returns what came out. */
async function save(
  run: string,
  fast: number,
  change: Partial<RunFacts> = {},
): Promise<{ facts: ReportFacts; outcome: Outcome }> {
  const portfolio = labPortfolio(fast)
  const recorded = labRecorded(run, fast)
  const facts = labFacts(run, portfolio)
  const { fromMicros, untilMicros, ticks } = facts
  const row: RunFacts = {
    ...{
      run,
      portfolio,
      ticks,
      fromMicros,
      untilMicros,
      mode: 'run',
      state: 'ended',
      dataset: '',
      unproved: -1,
      beganAtMs: 0,
    },
    ...change,
  }
  await opened.store.insertRows('lab_runs', runRows(row, [recorded], 1))
  return { facts, outcome: labOutcome(portfolio, recorded) }
}

const deflatedOf = async (facts: ReportFacts, outcome: Outcome) => {
  const report = await makeReport(query, facts, [outcome])
  const { deflatedSharpe, trials, probabilisticSharpe } = report.strategies[0]!.evaluations[0].statistics
  return { deflatedSharpe, trials, probabilisticSharpe, text: describeReport(report).join('\n') }
}

test('each other setting that was tried lowers the deflated Sharpe ratio; the same again does not', async () => {
  const first = await save('a', 1)
  const alone = await deflatedOf(first.facts, first.outcome)
  assert.equal(alone.trials, 1)
  assert.equal(alone.deflatedSharpe, alone.probabilisticSharpe)
  await save('b', 2)
  const two = await deflatedOf(first.facts, first.outcome)
  await save('c', 3)
  const three = await deflatedOf(first.facts, first.outcome)
  assert.deepEqual([two.trials, three.trials], [2, 3])
  assert.ok(
    two.deflatedSharpe < alone.deflatedSharpe && three.deflatedSharpe < two.deflatedSharpe,
    JSON.stringify([alone, two, three]),
  )
  assert.match(three.text, /of 3 trials/)
  await save('again', 1)
  await save('unfinished', 4, { state: 'running' })
  assert.equal((await deflatedOf(first.facts, first.outcome)).trials, 3)
})

test('a run that is not saved is deflated too, states so, and is no trial of others', async () => {
  const portfolio = labPortfolio(9)
  const outcome = labOutcome(portfolio, labRecorded('unsaved', 9))
  const found = await deflatedOf({ ...labFacts('unsaved', portfolio), isSaved: false }, outcome)
  assert.equal(found.trials, 4)
  assert.match(found.text, /not saved: it is no trial of later runs/)
  assert.equal((await readTrials(query, outcome.kind, outcome.symbols)).size, 3)
})

test('trials are of the same kind on one of the same symbols at least; one without trades counts too', async () => {
  assert.equal((await readTrials(query, 'order-flow', ['test:BTC'])).size, 0)
  assert.equal((await readTrials(query, 'trend', ['test:ETH'])).size, 0)
  assert.equal((await readTrials(query, 'trend', ['test:ETH', 'test:BTC'])).size, 3)
  await save('flat', 0)
  const family = await readTrials(query, 'trend', ['test:BTC'])
  assert.equal(family.size, 4)
  assert.equal([...family.values()].filter(({ sharpe }) => Number.isNaN(sharpe)).length, 1)
})
