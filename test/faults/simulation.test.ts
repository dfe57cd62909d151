/**
 * Ingest in simulated worlds, many thousands of them: processes that die, stand still and overlap, a store that answers
 * late or not at all, a log that moves its partitions and drops records. See test/simulation.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { FAULTS, noFaults } from '../simulation/faults.ts'
import { MUTANTS, SHOWN_BY, VARIANTS } from '../simulation/mutants.ts'
import { type Outcome, runWorld } from '../simulation/run.ts'
import { simulateIn, type Task, THREADS } from '../simulation/threads.ts'
import type { Report } from '../simulation/worker.ts'
import { rounds } from '../support/faults.ts'

/** SEEDS sets how many worlds are tried; FAULT_SEED tries that one only. */
const SEEDS = Number(process.env.SEEDS ?? rounds(3_000, 1_000_000))
const ONE = process.env.FAULT_SEED === undefined ? undefined : Number(process.env.FAULT_SEED)
const MUTANT_SEEDS = 5_000
/** Mutants that few worlds show, and a world shortly before one of them. */
const FIRST_SEEDS: Partial<Record<string, number>> = {
  'half a batch taken back whoever wrote it': 5_700,
  'kinds inserted in another order than resumed': 1_050,
  'half a batch not taken back from the table of a kind': 550,
  'a kind without the count of ticks that follow': 550,
  'reading on wherever the log was when the tables were asked': 1_880,
}
const VARIANT_SEEDS = rounds(500, 100_000)

const simulate = (task: Task) => simulateIn<Report>(new URL('../simulation/worker.ts', import.meta.url), task)

test(`${ONE === undefined ? `${SEEDS} worlds` : `world ${ONE}`}: whatever fails, every tick is stored once in the end`, {
  timeout: 3_600_000,
}, async t => {
  const [first, end] = ONE === undefined ? [0, SEEDS] : [ONE, ONE + 1]
  const startedMs = performance.now()
  const reports = await Promise.all(
    Array.from({ length: THREADS }, (_, thread) => simulate({ first: first + thread, end, stride: THREADS })),
  )
  const tookMs = performance.now() - startedMs
  const sum = (of: (report: Report) => number) => reports.reduce((total, report) => total + of(report), 0)
  const worlds = sum(report => report.worlds)
  t.diagnostic(
    `${worlds} seeds in ${(tookMs / 1000).toFixed(1)} s on ${THREADS} threads, ${sum(report => report.steps)} steps, ` +
      `${sum(report => report.ticks)} ticks: lost ${sum(report => report.lost)}, doubled ${sum(report => report.doubled)}`,
  )
  for (const fault of FAULTS) t.diagnostic(`  ${fault}: ${sum(report => report.tally[fault])}`)
  const unsound = reports.flatMap(report => report.unsound)
  for (const { seed, wrong } of unsound) t.diagnostic(`FAULT_SEED=${seed} repeats: ${wrong.join('; ')}`)
  assert.equal(worlds, end - first)
  assert.deepEqual(unsound, [])
  if (ONE === undefined)
    for (const fault of FAULTS) assert.ok(sum(report => report.tally[fault]) > 0, `${fault} was never tried`)
})

test('the same seed is the same world, step by step', async () => {
  for (let seed = 0; seed < 50; seed++) {
    const [one, other] = await Promise.all([traced(seed), traced(seed)])
    assert.deepEqual(one, other)
  }
})

async function traced(seed: number): Promise<{ outcome: Outcome; tally: object }> {
  const tally = noFaults()
  return { outcome: await runWorld(seed, tally), tally }
}

for (const variant of Object.keys(VARIANTS))
  test(`${VARIANT_SEEDS} worlds with ${variant}: every tick is stored once`, { timeout: 3_600_000 }, async () => {
    const { worlds, unsound } = await simulate({ first: 0, end: VARIANT_SEEDS, stride: 1, mutant: variant })
    assert.deepEqual(unsound, [])
    assert.equal(worlds, VARIANT_SEEDS)
  })

for (const mutant of Object.keys(MUTANTS))
  test(`a mutant is detected: ${mutant}`, { timeout: 600_000 }, async (t: TestContext) => {
    const first = FIRST_SEEDS[mutant] ?? 0
    const { worlds, unsound } = await simulate({ first, end: first + MUTANT_SEEDS, stride: 1, mutant })
    assert.ok(unsound.length > 0, `survived ${worlds} worlds`)
    const { seed } = unsound[0]!
    const without = await simulate({ first: seed, end: seed + 1, stride: 1, mutant: SHOWN_BY[mutant] })
    assert.deepEqual(without.unsound, [], `world ${seed} is unsound without the mutant too`)
    t.diagnostic(`caught within ${worlds} seeds, in seed ${seed}: ${unsound[0]!.wrong[0]}`)
  })
