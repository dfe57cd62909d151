/**
 * A batch: consecutive records of one log partition and one log day, stored by one insert per table. Pure: columns in, blocks out. The
 * order of the tables and why: docs/decisions/kinds.md.
 */
import { MS_PER_DAY } from '../clock.ts'
import type { LoggedRecord } from '../log/log.ts'
import { recordHash } from '../log/record-hash.ts'
import { KINDS, type Kind, QUARANTINE, type TickColumns, TRADES } from '../tick/kinds.ts'
import type { TradeColumns } from '../tick/trades.ts'
import type { RecorderCounts } from './arbitration/line-arbitration.ts'
import type { Refused } from './decode.ts'
import type { Gap } from './gaps/gap.ts'
import type { IdRestart } from './ids/followed-ids.ts'
import { RepeatedTrades } from './ids/repeated-trades.ts'
import { type PlacedRefusal, quarantineBlock } from './quarantine/quarantine-block.ts'
import { BatchRows } from './rows.ts'

/** A batch is cut at the first of these limits. Its age counts from when its first record was read. */
export interface BatchLimits {
  ticksMax: number
  bytesMax: number
  /** ms. May change while a batch fills. */
  readonly ageMsMax: number
}

/** The kind of a record is any text that its producer wrote. */
const KIND_LENGTH_MAX = 64

export class Batch {
  readonly partition: number
  /** Rows of each kind, in insert order. */
  readonly rows: readonly BatchRows[]
  /** Columns for decoding a record of a kind, before its valid ticks are added. */
  readonly scratch = (kind: Kind): TickColumns => this.of(kind).scratch
  readonly refused: PlacedRefusal[] = []
  readonly #repeats = new RepeatedTrades()
  /** Gaps that opened or changed in this batch. */
  readonly gaps = new Set<Gap>()
  /** Runs of ids that began in this batch. */
  readonly restarts: IdRestart[] = []
  /** Counts of recorders, once the batch is cut. */
  recorders: RecorderCounts[] = []
  #lastEntry: LoggedRecord | undefined
  #first = -1
  #last = -1
  #day = -1
  #bytes = 0
  /** The log's time of its last record, ms since 1970 UTC. */
  lastLogMs = 0
  /** When its first record was read, ms; for its age. */
  sinceMs = 0

  constructor(partition: number, kinds: readonly Kind[] = KINDS) {
    this.partition = partition
    this.rows = kinds.map(kind => new BatchRows(kind))
  }

  get empty(): boolean {
    return this.#first < 0
  }
  get firstOffset(): number {
    return this.#first
  }
  get lastOffset(): number {
    return this.#last
  }
  /** Days since 1970 UTC of the log's own time of its records. */
  get logDay(): number {
    return this.#day
  }
  /** Valid ticks of all kinds. */
  get goodTicks(): number {
    return this.#ticksFrom(0)
  }
  get trades(): TradeColumns {
    return this.of(TRADES).ticks
  }
  /** The tables of the batch and their numbers of rows, in insert order. */
  get tables(): { table: string; rows: number }[] {
    const good = this.rows.map(({ kind, length }) => ({ table: kind.table, rows: length }))
    return [{ table: QUARANTINE, rows: this.refused.length }, ...good]
  }

  /** The rows of a kind, which must be one of the batch's. */
  of<C extends TickColumns>(kind: Kind<C>): BatchRows<C> {
    return this.rows.find(rows => rows.kind === (kind as Kind))! as BatchRows<C>
  }

  /** Valid ticks of the kinds from the `index`th on. */
  #ticksFrom(index: number): number {
    let ticks = 0
    for (let at = index; at < this.rows.length; at++) ticks += this.rows[at]!.length
    return ticks
  }

  /** Whether the record fits; if not, the batch is cut first. */
  accepts(entry: LoggedRecord, limits: BatchLimits): boolean {
    if (this.empty) return true
    return (
      Math.floor(entry.timestampMs / MS_PER_DAY) === this.#day &&
      this.goodTicks + this.refused.length + entry.ticks <= limits.ticksMax &&
      this.#bytes + entry.payload.length <= limits.bytesMax
    )
  }

  /** Begins a record; its ticks follow through `addTicks` and `addRefused`. */
  begin(entry: LoggedRecord, nowMs: number): void {
    if (this.empty) {
      this.#first = entry.offset
      this.#day = Math.floor(entry.timestampMs / MS_PER_DAY)
      this.sinceMs = nowMs
    }
    this.#last = entry.offset
    this.#lastEntry = entry
    this.lastLogMs = entry.timestampMs
    this.#bytes += entry.payload.length
  }

  /** Adds rows `start` to `end`-1 of a kind: see `BatchRows.add`. */
  addTicks<C extends TickColumns>(
    kind: Kind<C>,
    offset: number,
    ticks: C,
    start: number,
    end: number,
    indexes?: Uint32Array,
    idRuns?: Uint16Array,
  ): void {
    this.of(kind).add(offset, this.#loggedAtSeconds, ticks, start, end, indexes, idRuns)
  }

  /** Adds a tick of the current record that is refused. */
  addRefused(offset: number, refused: Refused): void {
    const kind = this.#lastEntry!.kind.slice(0, KIND_LENGTH_MAX)
    this.refused.push({ ...refused, kind, offset, hash: 0, loggedAtSeconds: this.#loggedAtSeconds })
  }

  /** Counts rows `start` to `end`-1, trades of the current record that are stored already: see `RepeatedTrades.add`. */
  addRepeats(offset: number, trades: TradeColumns, start: number, end: number, indexes?: Uint32Array): void {
    this.#repeats.add(offset, this.#loggedAtSeconds, trades, start, end, indexes)
  }

  /** Adds the rows of counted repeats. Call once, when the batch is cut, before `hashLastRecord`. */
  placeRepeats(): void {
    for (const repeats of this.#repeats.take()) this.refused.push({ ...repeats, kind: TRADES.name, hash: 0 })
  }

  /**
   * Sets `log_hash` for the batch's last record in each table that has ticks of it: on resume the log must still contain that record. See
   * docs/decisions/positions.md. Call once, when the batch is cut.
   */
  hashLastRecord(): void {
    const hash = recordHash(this.#lastEntry!)
    for (const rows of this.rows) if (rows.lastOffset === this.#last) rows.keepHash(hash)
    const refused = this.refused.findLast(({ offset }) => offset === this.#last)
    if (refused) refused.hash = hash
  }

  /** Log time of the current record. */
  get #loggedAtSeconds(): number {
    return Math.floor(this.lastLogMs / 1000)
  }

  /** Empties the batch and keeps its memory. */
  clear(): void {
    for (const rows of this.rows) rows.clear()
    this.refused.length = 0
    this.#repeats.clear()
    this.gaps.clear()
    this.#lastEntry = undefined
    this.restarts.length = 0
    this.recorders = []
    this.#first = -1
    this.#bytes = 0
  }

  /** The block for one of its tables, with the writer's epoch where the table states it. */
  block(table: string, epoch: number): Uint8Array<ArrayBuffer> {
    const { partition, logDay: day } = this
    // -1 for quarantine, which is before all kinds.
    const index = this.rows.findIndex(({ kind }) => kind.table === table)
    const batch = { firstOffset: this.#first, good: this.#ticksFrom(index + 1), epoch }
    if (table === QUARANTINE) return quarantineBlock(this.refused, { partition, day, batch })
    const isLast = index === this.rows.length - 1
    return this.rows[index]!.block({ partition, day, batch: isLast ? undefined : batch })
  }
}
