/** Repair with one thing done wrong: the tests beside this one must fail for each. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Mutant } from '../../support/processes/mutant.ts'

const REPAIRERS = 'test/venues/repair/repairers.test.ts'
const VENUE = 'test/sources/repair/venue-repair.test.ts'
const HOSTS = 'test/sources/rest/hosts.test.ts'
const BUDGET = 'test/sources/rest/host-budget.test.ts'
const GAPS = 'test/ingest/ids/continuity.test.ts'

const MUTANTS: Record<string, Mutant & { test: string; pattern?: string }> = {
  'pages by time, after the last one': {
    ...{ file: 'venues/kraken/repair.ts', from: 'String(BigInt(result.last) - 1n)', to: 'String(BigInt(result.last))' },
    test: REPAIRERS,
  },
  'a cursor from a float': {
    ...{ file: 'venues/kraken/repair.ts', from: 'String(BigInt(result.last) - 1n)' },
    ...{ to: 'String(Math.round(Number(result.last) / 1e6)) + "000000"', test: REPAIRERS },
  },
  'trusts the first row': {
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'taken.set(trade.id, trade)' },
    ...{
      to: 'taken.set(missing[0]!.first + taken.size, { ...trade, id: missing[0]!.first + taken.size })',
      test: VENUE,
      pattern: '^10 %',
    },
  },
  "the maker's side for the taker's": {
    ...{
      file: 'venues/coinbase/repair.ts',
      from: 'side: opposite(readSide(row.side))',
      to: 'side: readSide(row.side)',
    },
    test: REPAIRERS,
  },
  'the side of Binance swapped': {
    ...{ file: 'venues/binance/fields.ts', from: 'buyerIsMaker ? SIDE.sell : SIDE.buy' },
    ...{ to: 'buyerIsMaker ? SIDE.buy : SIDE.sell', test: VENUE },
  },
  'times of other trades taken': {
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'holds(missing, trade.id) && this.#isOfItsPlace(trade)' },
    ...{ to: 'holds(missing, trade.id)', test: VENUE },
  },
  'an aggregate split': {
    ...{ file: 'venues/binance/repair.ts', from: 'if (end === trade.id) trades.push(trade)' },
    ...{ to: 'if (end >= trade.id) trades.push(trade)', test: VENUE },
  },
  'times in ms where µs are served': {
    ...{ file: 'venues/binance/repair.ts', from: "{ 'X-MBX-TIME-UNIT': 'MICROSECOND' }", to: '{}', test: VENUE },
  },
  'not supplied after one answer': {
    ...{
      file: 'sources/repair/symbol-repair.ts',
      from: 'const ABSENT_MAX = 3',
      to: 'const ABSENT_MAX = 1',
      test: VENUE,
    },
  },
  'a ban forgotten at a restart': {
    ...{
      file: 'sources/rest/kept-pauses.ts',
      from: 'this.#untilMs[host] ?? 0) - this.#nowMs()',
      to: '0) - this.#nowMs()',
    },
    test: HOSTS,
  },
  'the pause of a 429 ignored': {
    ...{
      file: 'sources/rest/hosts.ts',
      from: 'if (denial) await this.pause(rest, denial.waitMs)',
      to: '',
      test: HOSTS,
    },
  },
  'the use of others ignored': {
    ...{ file: 'sources/rest/host-budget.ts', from: '    this.#used = used\n', to: '', test: BUDGET },
  },
  'a minute that begins with the answer': {
    ...{ file: 'sources/rest/host-budget.ts', from: 'WINDOW_MS - (serverMs % WINDOW_MS)', to: '1_000', test: BUDGET },
  },
  'a gap closed by count': {
    ...{ file: 'ingest/ids/continuity.ts', from: 'if (at < 0) continue' },
    ...{ to: 'if (at < 0) { gap.missing.splice(0, 1); continue }', test: GAPS },
  },
}

/** The exit code of a test file that runs with the edit. */
async function run(file: string, pattern: string, mutant?: Mutant): Promise<number> {
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env
  const flags = ['--import', './test/support/processes/mutant.ts', `--test-name-pattern=${pattern}`]
  const child = spawn(process.execPath, [...flags, file], {
    env: { ...env, ...(mutant && { MUTANT: JSON.stringify(mutant) }) },
    stdio: 'ignore',
  })
  const [code] = (await once(child, 'close')) as [number]
  return code
}

for (const file of [REPAIRERS, VENUE, HOSTS, BUDGET, GAPS])
  test(`${file} passes without an edit`, { timeout: 300_000 }, async () => assert.equal(await run(file, '.'), 0))

for (const [name, { test: file, pattern = '.', ...mutant }] of Object.entries(MUTANTS))
  test(`caught: ${name}`, { timeout: 300_000 }, async () => assert.equal(await run(file, pattern, mutant), 1))
