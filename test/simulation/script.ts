/**
 * Logs to be stored: short runs of records with ids that rise, skip, come late, repeat, begin again, and invalid ticks and records; in every
 * other script with records of a second kind between.
 * Made once and used by many worlds, since encoding them takes longer than storing them.
 */
import { Random } from '../../src/simulator/random.ts'
import { type Kind, TRADES } from '../../src/tick/kinds.ts'
import type { LogRecord } from '../../src/tick/records.ts'
import type { Refusal } from '../../src/tick/refusal.ts'
import { ORIGIN, TradeColumns } from '../../src/tick/trades.ts'
import type { Fault } from './faults.ts'
import { MARKS } from './kinds.ts'

export interface ScriptTick {
  symbol: string
  id: number
  /** The time it was traded, µs since 1970 UTC: with the id, it tells one trade from another. */
  micros: number
  price: number
  /** What its id is an example of. */
  fault?: Fault
  /** Why the tick is no good, whatever its id. */
  refused?: Refusal
}

export interface ScriptRecord {
  kind: Kind
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
/** Between two ids, and from one beginning of ids to the next. */
const STEP_MICROS = 10_000
const SERIES_MICROS = 3_600e6
const ABSURD_ID = 9e12

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
  const marksOfTen = [0, 0, 3, 7][below(4)]!
  let marks = 0
  const ids = Array.from({ length: 1 + below(2) }, () => new IdSource(below))
  return Array.from({ length: RECORDS_MIN + below(RECORDS_MAX - RECORDS_MIN + 1) }, () => {
    const kind = below(10) < marksOfTen ? MARKS : TRADES
    const ticks = Array.from({ length: 1 + below(TICKS_MAX) }, (): ScriptTick => {
      if (kind === MARKS) {
        const mark = { symbol: `M${partition}`, id: 0, micros: 1e15 + ++marks, price: 1 + below(1000) }
        return below(12) === 0 ? { ...mark, refused: 'price_out_of_range' } : mark
      }
      const source = below(ids.length)
      const tick = { symbol: `S${partition}${source}`, ...ids[source]!.next() }
      return below(12) === 0 ? { ...tick, refused: 'price_out_of_range' } : tick
    })
    const record = kind.encode(columnsOf(ticks))
    if (below(16) > 0) return { kind, record, ticks }
    const payload = record.payload.subarray(0, record.payload.length - 3)
    return { kind, record: { ...record, payload }, ticks, refused: 'undecodable_record' }
  })
}

type Trade = Pick<ScriptTick, 'id' | 'micros' | 'price' | 'fault'>

/** The trades of a symbol as a flawed feed and its repairs bring them. */
class IdSource {
  readonly #below: (end: number) => number
  readonly #given: Trade[] = []
  readonly #skipped: Trade[] = []
  #series = 0
  #next = FIRST_ID

  constructor(below: (end: number) => number) {
    this.#below = below
  }

  next(): Trade {
    const trade = this.#choose()
    this.#given.push({ ...trade })
    return trade
  }

  #choose(): Trade {
    const below = this.#below
    const dice = below(24)
    if (dice < 4) for (let skip = 1 + below(3); skip > 0; skip--) this.#skipped.push(this.#trade(this.#next++))
    if (dice >= 4 && dice < 9 && this.#skipped.length > 0) {
      const [trade] = this.#skipped.splice(below(this.#skipped.length), 1)
      return trade!
    }
    if (dice === 9 && this.#given.length > 0) return this.#repeat()
    if (dice === 10) return this.#trade(1 + below(FIRST_ID))
    if (dice === 11 && this.#given.length > 0)
      return { ...this.#repeat(), price: 0.5 + below(1000), fault: 'trade repeated with another price' }
    if (dice === 12 && this.#given.length > 0) {
      this.#series++
      this.#next = 1 + below(FIRST_ID)
      return { ...this.#trade(this.#next++), fault: 'ids began again' }
    }
    if (dice === 13) return { ...this.#trade(this.#next), id: ABSURD_ID + below(1e12), fault: 'absurd id' }
    return this.#trade(this.#next++)
  }

  #repeat(): Trade {
    const { id, micros, price } = this.#given[this.#below(this.#given.length)]!
    return { id, micros, price }
  }

  #trade(id: number): Trade {
    return { id, micros: 1e15 + this.#series * SERIES_MICROS + id * STEP_MICROS, price: 1000 * this.#series + id }
  }
}

function columnsOf(ticks: readonly ScriptTick[]): TradeColumns {
  const columns = new TradeColumns(ticks.length)
  for (const { symbol, id, micros, price, refused } of ticks)
    columns.add({
      venue: SCRIPT_VENUE,
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: 1e15,
      price: refused ? Number.NaN : price,
      volume: 1,
      side: 1,
      tradeId: id,
      origin: ORIGIN.live,
    })
  return columns
}
