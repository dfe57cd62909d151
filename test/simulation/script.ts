/**
 * Logs to be stored: short runs of records with ids that rise, skip, come late, repeat, and ticks and records that are no good.
 * Made once and used by many worlds, since encoding them takes longer than storing them.
 */
import { Random } from '../../src/simulator/random.ts'
import { type LogRecord, tradesRecord } from '../../src/tick/records.ts'
import type { Refusal } from '../../src/tick/refusal.ts'
import { ORIGIN, TradeColumns } from '../../src/tick/trades.ts'

export interface ScriptTick {
  symbol: string
  id: number
  /** Why the tick is no good, whatever its id. */
  refused?: Refusal
}

export interface ScriptRecord {
  record: LogRecord
  ticks: readonly ScriptTick[]
  /** Why nothing of it can be read. */
  refused?: Refusal
}

export const SCRIPT_VENUE = 'binance'
const SCRIPTS = 512
const RECORDS_MIN = 5
const RECORDS_MAX = 12
const TICKS_MAX = 4
const FIRST_ID = 10

/** Of each partition; a symbol is in one partition only. */
const scripts: ScriptRecord[][][] = []

export function scriptOf(partition: number, number: number): readonly ScriptRecord[] {
  scripts[partition] ??= Array.from({ length: SCRIPTS }, (_, index) =>
    makeScript(new Random(index, `script of partition ${partition}`), partition),
  )
  return scripts[partition][number % SCRIPTS]!
}

function makeScript(random: Random, partition: number): ScriptRecord[] {
  const below = (end: number) => Math.floor(random.uniform() * end)
  const ids = Array.from({ length: 1 + below(2) }, () => new IdSource(below))
  return Array.from({ length: RECORDS_MIN + below(RECORDS_MAX - RECORDS_MIN + 1) }, () => {
    const ticks = Array.from({ length: 1 + below(TICKS_MAX) }, (): ScriptTick => {
      const source = below(ids.length)
      const tick = { symbol: `S${partition}${source}`, id: ids[source]!.next() }
      return below(12) === 0 ? { ...tick, refused: 'price_out_of_range' } : tick
    })
    const record = tradesRecord(columnsOf(ticks))
    if (below(16) > 0) return { record, ticks }
    const payload = record.payload.subarray(0, record.payload.length - 3)
    return { record: { ...record, payload }, ticks, refused: 'undecodable_record' }
  })
}

/** The ids of a symbol as a flawed feed and its repairs bring them. */
class IdSource {
  readonly #below: (end: number) => number
  readonly #given: number[] = []
  readonly #skipped: number[] = []
  #next = FIRST_ID

  constructor(below: (end: number) => number) {
    this.#below = below
  }

  next(): number {
    const id = this.#choose()
    this.#given.push(id)
    return id
  }

  #choose(): number {
    const below = this.#below
    const dice = below(20)
    if (dice < 4) for (let skip = 1 + below(3); skip > 0; skip--) this.#skipped.push(this.#next++)
    if (dice >= 4 && dice < 9 && this.#skipped.length > 0) {
      const [id] = this.#skipped.splice(below(this.#skipped.length), 1)
      return id!
    }
    if (dice === 9 && this.#given.length > 0) return this.#given[below(this.#given.length)]!
    if (dice === 10) return 1 + below(FIRST_ID)
    return this.#next++
  }
}

function columnsOf(ticks: readonly ScriptTick[]): TradeColumns {
  const columns = new TradeColumns(ticks.length)
  for (const { symbol, id, refused } of ticks)
    columns.add(SCRIPT_VENUE, symbol, 1e15 + id, 0, 1e15, refused ? Number.NaN : id, 1, 1, id, ORIGIN.live)
  return columns
}
