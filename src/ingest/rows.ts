/** The valid ticks of a batch that go into one table, with their log positions. */

import type { Kind, TickColumns } from '../tick/kinds.ts'
import { BlockWriter } from '../tick/native.ts'
import { TYPES } from '../tick/records.ts'

/** Initial capacity; doubles as needed. */
const ROWS_MIN = 64
/** log_partition, log_offset, log_index, log_hash, logged_at, log_day. */
const IDENTITY_COLUMN_COUNT = 6
const IDENTITY_BYTES = 28
/** batch_first_offset, batch_good, epoch. */
const BATCH_COLUMN_COUNT = 3
const BATCH_BYTES = 20
const ID_RUN_BYTES = 2

/** What rows state of their batch: its first offset, its ticks in later tables, and the writer's epoch. */
export interface BatchColumns {
  firstOffset: number
  good: number
  epoch: number
}

/** The values that all rows of a block share. */
export interface BlockContext<B extends BatchColumns | undefined = BatchColumns | undefined> {
  partition: number
  /** Days since 1970 UTC. */
  day: number
  /** In every table but the last: see docs/decisions/kinds.md. */
  batch: B
}

export class BatchRows<C extends TickColumns = TickColumns> {
  readonly kind: Kind<C>
  readonly ticks: C
  /** Columns for decoding the next record, before its valid ticks are added. */
  readonly scratch: C
  #offsets = new BigUint64Array(ROWS_MIN)
  #indexes = new Uint32Array(ROWS_MIN)
  #loggedAt = new Uint32Array(ROWS_MIN)
  /** Rows with the hash of their record. */
  readonly #hashed: { row: number; hash: number }[] = []
  /** Id run of each row; undefined while all are 0. */
  #idRuns: Uint16Array | undefined

  constructor(kind: Kind<C>) {
    this.kind = kind
    this.ticks = kind.columns(ROWS_MIN)
    this.scratch = kind.columns(0)
  }

  get length(): number {
    return this.ticks.length
  }

  /** Offset of the last row; -1 if there is none. */
  get lastOffset(): number {
    return this.length === 0 ? -1 : Number(this.#offsets[this.length - 1])
  }

  /** Adds rows `start` to `end`-1 of `ticks`. `indexes` has each row's `log_index`; without it, row n has index n. */
  add(
    offset: number,
    loggedAtSeconds: number,
    ticks: C,
    start: number,
    end: number,
    indexes?: Uint32Array,
    idRuns?: Uint16Array,
  ): void {
    const at = this.length
    this.ticks.appendRange(ticks, start, end)
    if (this.#offsets.length < this.ticks.capacity) {
      const { capacity } = this.ticks
      const offsets = new BigUint64Array(capacity)
      const [indexes, loggedAt] = [new Uint32Array(capacity), new Uint32Array(capacity)]
      offsets.set(this.#offsets)
      indexes.set(this.#indexes)
      loggedAt.set(this.#loggedAt)
      this.#offsets = offsets
      this.#indexes = indexes
      this.#loggedAt = loggedAt
    }
    this.#offsets.fill(BigInt(offset), at, this.length)
    this.#loggedAt.fill(loggedAtSeconds, at, this.length)
    for (let row = start; row < end; row++) this.#indexes[at + row - start] = indexes ? indexes[row]! : row
    if (!idRuns) return
    this.#idRuns = extended(this.#idRuns ?? new Uint16Array(0), this.ticks.capacity)
    this.#idRuns.set(idRuns.subarray(start, end), at)
  }

  /** Sets `log_hash` of the row added last. */
  keepHash(hash: number): void {
    this.#hashed.push({ row: this.length - 1, hash })
  }

  clear(): void {
    this.ticks.clear()
    this.#hashed.length = 0
    this.#idRuns = undefined
  }

  /** The block for the kind's table. */
  block({ partition, day, batch }: BlockContext): Uint8Array<ArrayBuffer> {
    const { kind, length: rows } = this
    const bytes = kind.tickBytes + IDENTITY_BYTES + BATCH_BYTES + ID_RUN_BYTES
    const ofKind = kind.columnCount(this.ticks)
    const columns = ofKind + IDENTITY_COLUMN_COUNT + (this.#idRuns ? 1 : 0) + (batch ? BATCH_COLUMN_COUNT : 0)
    const writer = new BlockWriter(columns, rows, 4096 + rows * bytes)
    kind.write(writer, this.ticks)
    writer.fixed('log_partition', 'UInt16', new Uint16Array(rows).fill(partition))
    writer.fixed('log_offset', 'UInt64', this.#offsets)
    writer.fixed('log_index', 'UInt32', this.#indexes)
    writer.fixed('log_hash', 'UInt64', this.#hashes())
    writer.fixed('logged_at', TYPES.seconds, this.#loggedAt)
    writer.fixed('log_day', 'Date', new Uint16Array(rows).fill(day))
    if (this.#idRuns) writer.fixed('id_run', 'UInt16', extended(this.#idRuns, rows))
    if (batch) writeBatchColumns(writer, rows, batch)
    return writer.done()
  }

  #hashes(): BigUint64Array {
    const hashes = new BigUint64Array(this.length)
    for (const { row, hash } of this.#hashed) hashes[row] = BigInt(hash)
    return hashes
  }
}

export function writeBatchColumns(writer: BlockWriter, rows: number, batch: BatchColumns): void {
  writer.fixed('batch_first_offset', 'UInt64', new BigUint64Array(rows).fill(BigInt(batch.firstOffset)))
  writer.fixed('batch_good', 'UInt32', new Uint32Array(rows).fill(batch.good))
  writer.fixed('epoch', 'UInt64', new BigUint64Array(rows).fill(BigInt(batch.epoch)))
}

/** The values, extended with zeros. */
function extended(values: Uint16Array, length: number): Uint16Array {
  if (values.length >= length) return values
  const longer = new Uint16Array(length)
  longer.set(values)
  return longer
}
