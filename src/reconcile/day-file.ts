/**
 * Compares a venue's file of a day with the stored trades, id by id, in bounded memory. The file is validated too: files with missing
 * ids and a matching checksum have been published.
 */
import { readWholeMicros } from '../tick/time.ts'
import { SIDE, type TradeColumns } from '../tick/trades.ts'
import { EXAMPLES_MAX, FileCheck, type FileFacts, newFacts, type TimeUnit } from './file-check.ts'
import { type FileRows, readRows } from './file-rows.ts'
import { type CountedIds, IdRanges } from './id-ranges.ts'
import { StoredTrades } from './stored.ts'

/** Stored trades of an id are expected within this time of the file's; others are looked for in the days around. */
const NEAR_MICROS = 2_000_000
const DAY_MICROS = 86_400_000_000
const LOOKED_FOR_MAX = 1_000

/** A value that differs: the file's and the stored one. */
export interface Difference {
  id: number
  column: 'price' | 'volume' | 'side' | 'time'
  file: string
  stored: string
}

export interface DayFileResult extends FileFacts {
  equal: number
  /** Of these: stored to the ms, where the file has µs. */
  coarser: number
  /** In the file, not in the tables. */
  missingHere: CountedIds
  /** In the tables, not in the file. */
  missingThere: CountedIds
  different: number
  /** The first of them. */
  differences: Difference[]
}

/** `unit`: that of the day's times by the venue's document. `progress` gets the rows read. Throws FileFault. */
export async function compareDayFile(
  chunks: AsyncIterable<Buffer>,
  stored: StoredTrades,
  unit: TimeUnit,
  progress: (rows: number) => void = () => {},
): Promise<DayFileResult> {
  const comparison = new Comparison(stored, unit)
  for await (const rows of readRows(chunks, line => comparison.check.bad(line))) {
    await comparison.add(rows)
    progress(comparison.result.rows)
  }
  return await comparison.end()
}

/** Whether all rows are stored with equal values, and nothing else is. */
export function isEqual({ rows, equal, missingHere, missingThere, different }: DayFileResult): boolean {
  return rows > 0 && equal === rows && missingHere.ids + missingThere.ids + different === 0
}

class Comparison {
  readonly result = {
    ...newFacts(),
    ...{ equal: 0, coarser: 0, different: 0, missingHere: new IdRanges(), missingThere: new IdRanges() },
    differences: [] as Difference[],
  } satisfies DayFileResult
  readonly check: FileCheck
  readonly #stored: StoredTrades
  readonly #day: [from: number, until: number]

  constructor(stored: StoredTrades, unit: TimeUnit) {
    this.#stored = stored
    this.#day = StoredTrades.dayMicros(stored.of.day)
    this.check = new FileCheck(this.result, unit, this.#day)
  }

  async add(rows: FileRows): Promise<void> {
    const before = this.result.last
    const [earliest, latest] = this.check.add(rows)
    if (rows.length === 0) return
    const [from, until] = [Math.max(earliest, this.#day[0] - DAY_MICROS), Math.min(latest, this.#day[1] + DAY_MICROS)]
    const last = rows.id[rows.length - 1]!
    const range = `trade_id > ${before > 0 ? before : rows.id[0]! - 1} AND trade_id <= ${last}`
    const absent = this.#join(rows, await this.#stored.trades(from - NEAR_MICROS, until + NEAR_MICROS, range))
    for (let at = 0; at < absent.length; at += LOOKED_FOR_MAX)
      await this.#lookElsewhere(rows, absent.slice(at, at + LOOKED_FOR_MAX))
  }

  /** Stored trades of the day before the file's first and after its last. */
  async end(): Promise<DayFileResult> {
    const { result } = this
    if (result.rows === 0) return result
    const outside = await this.#stored.rows<{ ids: string; first: string; last: string }>(
      'toString(count()) AS ids, toString(min(trade_id)) AS first, toString(max(trade_id)) AS last',
      ...this.#day,
      `AND (trade_id < ${result.first} OR trade_id > ${result.last}) GROUP BY trade_id > ${result.last} ORDER BY trade_id > ${result.last}`,
    )
    for (const { ids, first, last } of outside) {
      result.missingThere.ids += Number(ids)
      result.missingThere.ranges.push({ first: Number(first), last: Number(last) })
    }
    return result
  }

  /** Compares rows with stored trades, both by id; returns the rows that are not among those. */
  #join(rows: FileRows, stored: TradeColumns): number[] {
    const absent: number[] = []
    let at = 0
    for (let row = 0; row < rows.length; row++) {
      const id = rows.id[row]!
      while (at < stored.length && Number(stored.tradeId[at]) < id) this.#extra(Number(stored.tradeId[at++]))
      if (at >= stored.length || Number(stored.tradeId[at]) !== id) {
        absent.push(row)
        continue
      }
      this.#compare(rows, row, stored, at++)
      // The same id again is of another run of ids.
      while (at < stored.length && Number(stored.tradeId[at]) === id) at++
    }
    while (at < stored.length) this.#extra(Number(stored.tradeId[at++]))
    return absent
  }

  #extra(id: number): void {
    this.result.missingThere.add(id)
  }

  /** Ids that are stored with a time far from the file's, or not at all. */
  async #lookElsewhere(rows: FileRows, absent: readonly number[]): Promise<void> {
    const ids = absent.map(row => rows.id[row]!)
    const [from, until] = this.#day
    const stored = await this.#stored.trades(from - DAY_MICROS, until + DAY_MICROS, `trade_id IN (${ids.join(', ')})`)
    let at = 0
    for (const row of absent) {
      while (at < stored.length && Number(stored.tradeId[at]) < rows.id[row]!) at++
      if (at < stored.length && Number(stored.tradeId[at]) === rows.id[row]) this.#compare(rows, row, stored, at)
      else this.result.missingHere.add(rows.id[row]!)
    }
  }

  #compare(rows: FileRows, row: number, stored: TradeColumns, at: number): void {
    const { result } = this
    const id = rows.id[row]!
    const found: Difference[] = []
    const differ = (column: Difference['column'], file: unknown, ours: unknown) =>
      found.push({ id, column, file: String(file), stored: String(ours) })
    if (rows.price[row] !== stored.price[at]) differ('price', rows.price[row], stored.price[at])
    if (rows.volume[row] !== stored.volume[at]) differ('volume', rows.volume[row], stored.volume[at])
    if (rows.side[row] !== stored.side[at]) differ('side', sideName(rows.side[row]!), sideName(stored.side[at]!))
    const [file, ours] = [rows.time[row]!, readWholeMicros(stored.timestampWords, at)]
    const inOneMs = Math.floor(file / 1000) === Math.floor(ours / 1000)
    const isCoarse = file % 1000 === 0 || ours % 1000 === 0
    if (file !== ours && !(inOneMs && isCoarse)) differ('time', timeText(file), timeText(ours))
    if (found.length > 0) {
      result.different++
      result.differences.push(...found.slice(0, EXAMPLES_MAX - result.differences.length))
      return
    }
    result.equal++
    if (file !== ours && ours % 1000 === 0) result.coarser++
  }
}

const sideName = (side: number) => (side === SIDE.buy ? 'buy' : side === SIDE.sell ? 'sell' : 'unknown')

function timeText(micros: number): string {
  const rest = String(micros % 1000).padStart(3, '0')
  return new Date(Math.floor(micros / 1000)).toISOString().replace('Z', `${rest}Z`)
}
