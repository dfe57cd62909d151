/**
 * Repair in simulated worlds, thousands of them: a feed that is cut, silent, skips, repeats, reorders and begins ids again, a
 * recorder and an ingest that are killed at any moment, and a REST that lies. See test/simulation/repair.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noRepairFaults, REPAIR_FAULTS } from '../simulation/repair/faults.ts'
import { REPAIR_MUTANTS } from '../simulation/repair/mutants.ts'
import { runRepair } from '../simulation/repair/run.ts'
import type { RepairReport } from '../simulation/repair/worker.ts'
import { simulateIn, type Task, THREADS } from '../simulation/threads.ts'
import { LONG, rounds } from '../support/faults.ts'

/** SEEDS sets how many worlds are tried; FAULT_SEED tries that one only. */
const SEEDS = Number(process.env.SEEDS ?? rounds(200, 10_000))
const ONE = process.env.FAULT_SEED === undefined ? undefined : Number(process.env.FAULT_SEED)
const MUTANT_SEEDS = 2_000

const simulate = (task: Task) =>
  simulateIn<RepairReport>(new URL('../simulation/repair/worker.ts', import.meta.url), task)

test(`${ONE === undefined ? `${SEEDS} repairs` : `repair ${ONE}`}: every id ever issued is stored once, or stands in gaps with its reason`, {
  timeout: 3_600_000,
}, async t => {
  const [first, end] = ONE === undefined ? [0, SEEDS] : [ONE, ONE + 1]
  const startedMs = performance.now()
  const reports = await Promise.all(
    Array.from({ length: THREADS }, (_, thread) => simulate({ first: first + thread, end, stride: THREADS })),
  )
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  const sum = (of: (report: RepairReport) => number) => reports.reduce((total, report) => total + of(report), 0)
  const worlds = sum(report => report.worlds)
  t.diagnostic(
    `${worlds} seeds in ${seconds} s on ${THREADS} threads, ${sum(({ steps }) => steps)} steps, ` +
      `${sum(({ issued }) => issued)} ids issued, ${sum(({ stored }) => stored)} stored, ` +
      `${sum(({ named }) => named)} in gaps, ${sum(({ requests }) => requests)} requests, ` +
      `${sum(({ excused }) => excused)} during a ban that a kill had hidden`,
  )
  for (const fault of REPAIR_FAULTS) t.diagnostic(`  ${fault}: ${sum(report => report.tally[fault])}`)
  const unsound = reports.flatMap(report => report.unsound)
  for (const { seed, wrong } of unsound) t.diagnostic(`FAULT_SEED=${seed} repeats: ${wrong.join('; ')}`)
  assert.equal(worlds, end - first)
  assert.deepEqual(unsound, [])
  if (ONE === undefined)
    for (const fault of REPAIR_FAULTS) assert.ok(sum(report => report.tally[fault]) > 0, `${fault} was never tried`)
})

test('the same seed is the same repair, to the byte', async () => {
  const traces = new Set<string>()
  for (let seed = 0; seed < 20; seed++) {
    const one = noRepairFaults()
    const other = noRepairFaults()
    const [first, second] = await Promise.all([runRepair(seed, one), runRepair(seed, other)])
    assert.deepEqual(first, second)
    assert.deepEqual(one, other)
    traces.add(first.trace)
  }
  assert.equal(traces.size, 20)
})

for (const [mutant, { seed: known }] of Object.entries(REPAIR_MUTANTS))
  test(`a mutant of repair is detected: ${mutant}`, { timeout: 600_000 }, async t => {
    const { worlds, unsound } = await simulate({ first: LONG ? 0 : known, end: MUTANT_SEEDS, stride: 1, mutant })
    assert.ok(unsound.length > 0, `survived ${worlds} worlds`)
    const { seed, wrong } = unsound[0]!
    const without = await simulate({ first: seed, end: seed + 1, stride: 1 })
    assert.deepEqual(without.unsound, [], `world ${seed} is unsound without the mutant too`)
    t.diagnostic(`caught in seed ${seed}: ${wrong[0]}`)
  })
