/** Repair with one thing done wrong, as in ../mutants.ts: the simulation of repair must catch each. */
import type { Edit } from '../mutants.ts'

export interface RepairMutant extends Edit {
  /** A world that shows it. A change of the simulation may move it. */
  seed: number
}

export const REPAIR_MUTANTS: Readonly<Record<string, RepairMutant>> = {
  'pages by time, after the last one': {
    seed: 0,
    ...{ file: 'venues/kraken/repair.ts', from: 'String(BigInt(result.last) - 1n)', to: 'String(BigInt(result.last))' },
  },
  'a cursor from a float': {
    seed: 0,
    ...{ file: 'venues/kraken/repair.ts', from: 'String(BigInt(result.last) - 1n)' },
    to: 'String(Math.ceil(Number(result.last) / 1e6)) + "000000"',
  },
  'trusts the first row': {
    seed: 1,
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'taken.set(trade.id, trade)' },
    to: 'taken.set(missing[0]!.first + taken.size, { ...trade, id: missing[0]!.first + taken.size })',
  },
  "the maker's side for the taker's": {
    seed: 1,
    ...{
      file: 'venues/coinbase/repair.ts',
      from: 'side: opposite(readSide(row.side))',
      to: 'side: readSide(row.side)',
    },
  },
  'the side of Binance swapped': {
    seed: 6,
    ...{ file: 'venues/binance/fields.ts', from: 'buyerIsMaker ? SIDE.sell : SIDE.buy' },
    to: 'buyerIsMaker ? SIDE.buy : SIDE.sell',
  },
  'a ban forgotten at a restart': {
    seed: 5,
    ...{ file: 'sources/rest/kept-pauses.ts', from: '(this.#untilMs[host] ?? 0) - this.#nowMs()' },
    to: '0 - this.#nowMs()',
  },
  'the pause of a 429 ignored': {
    seed: 5,
    file: 'sources/rest/hosts.ts',
    from: 'if (denial) await this.pause(rest, denial.waitMs)',
    to: '',
  },
  'a pause that only the process knows': {
    seed: 5,
    ...{ file: 'sources/rest/hosts.ts', from: 'await this.#kept?.keep(host, waitMs)', to: '' },
  },
  'the use of others ignored': {
    seed: 369,
    ...{ file: 'sources/rest/host-budget.ts', from: '    this.#used = used\n', to: '    this.#used = 0\n' },
  },
  'a gap closed by count': {
    seed: 7,
    ...{ file: 'ingest/ids/continuity.ts', from: 'if (at < 0) continue' },
    to: 'if (at < 0) { gap.missing.splice(0, 1); continue }',
  },
  'gaps forgotten at a restart': {
    seed: 5,
    ...{ file: 'ingest/ids/known-ids.ts', from: '  add(gaps, own => ({ gaps: own }))\n', to: '' },
  },
  'not supplied after one answer': {
    seed: 5,
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'const ABSENT_MAX = 3', to: 'const ABSENT_MAX = 1' },
  },
  'times of other trades taken': {
    seed: 172,
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'holds(missing, trade.id) && this.#isOfItsPlace(trade)' },
    to: 'holds(missing, trade.id)',
  },
  'what was sent to the log is never requested again': {
    seed: 172,
    ...{ file: 'sources/repair/symbol-repair.ts', from: 'const untilMs = nowMs + this.#timings.settleMs' },
    to: 'const untilMs = Number.POSITIVE_INFINITY',
  },
}
