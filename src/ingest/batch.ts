/** A batch: consecutive records of one log partition and one log day, stored by one insert per table. Pure: columns in, blocks out. */
import { MS_PER_DAY } from '../clock.ts'
import type { LoggedRecord } from '../log/log.ts'
import { recordHash } from '../log/record-hash.ts'
import { BlockWriter } from '../tick/native.ts'
import { TRADE_BYTES, TRADE_COLUMN_COUNT, TYPES, writeTradeColumns } from '../tick/records.ts'
import { writeTime } from '../tick/time.ts'
import { TradeColumns } from '../tick/trades.ts'
import type { Refused } from './decode.ts'
import type { Gap } from './ids/continuity.ts'
import type { IdRestart } from './ids/followed-ids.ts'

/** A batch is cut at the first of these limits. Its age counts from when its first record was read. */
export interface BatchLimits {
  ticksMax: number
  bytesMax: number
  ageMsMax: number
}

interface PlacedRefusal extends Refused {
  offset: number
  /** Hash of its record, if that is the last of the batch; see `keepHash`. */
  hash: number
  loggedAtSeconds: number
}

/** Initial capacity in rows; doubles as needed. */
const ROWS_MIN = 64
/** Identity columns: log_partition, log_offset, log_index, log_hash, logged_at, log_day. */
const IDENTITY_COLUMN_COUNT = 6
const IDENTITY_BYTES = 28

export class Batch {
  readonly partition: number
  readonly trades = new TradeColumns(ROWS_MIN)
  /** Columns for decoding the next record, before its valid trades are added. */
  readonly scratch = new TradeColumns(0)
  readonly refused: PlacedRefusal[] = []
  /** Gaps that opened or changed in this batch. */
  readonly gaps = new Set<Gap>()
  /** Runs of ids that began in this batch. */
  readonly restarts: IdRestart[] = []
  #offsets = new BigUint64Array(ROWS_MIN)
  #indexes = new Uint32Array(ROWS_MIN)
  #loggedAt = new Uint32Array(ROWS_MIN)
  /** Rows of `trades` with the hash of their record. */
  readonly #named: { row: number; hash: number }[] = []
  #lastEntry: LoggedRecord | undefined
  /** Id run of each row; undefined while all are 0. */
  #idRuns: Uint16Array | undefined
  #first = -1
  #last = -1
  #day = -1
  #bytes = 0
  /** The log's time of its last record, ms since 1970 UTC. */
  lastLogMs = 0
  /** When its first record was read, ms; for its age. */
  sinceMs = 0

  constructor(partition: number) {
    this.partition = partition
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

  /** Whether the record fits; if not, the batch is cut first. */
  accepts(entry: LoggedRecord, limits: BatchLimits): boolean {
    if (this.empty) return true
    return (
      Math.floor(entry.timestampMs / MS_PER_DAY) === this.#day &&
      this.trades.length + this.refused.length + entry.ticks <= limits.ticksMax &&
      this.#bytes + entry.payload.length <= limits.bytesMax
    )
  }

  /** Begins a record; its ticks follow through `addTrades` and `addRefused`. */
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

  /** Adds rows `start` to `end`-1. `indexes` has each row's `log_index`; without it, row n has index n. */
  addTrades(
    offset: number,
    trades: TradeColumns,
    start: number,
    end: number,
    indexes?: Uint32Array,
    idRuns?: Uint16Array,
  ): void {
    const at = this.trades.length
    this.trades.appendRange(trades, start, end)
    if (this.#offsets.length < this.trades.capacity) {
      const { capacity } = this.trades
      const offsets = new BigUint64Array(capacity)
      const [indexes, loggedAt] = [new Uint32Array(capacity), new Uint32Array(capacity)]
      offsets.set(this.#offsets)
      indexes.set(this.#indexes)
      loggedAt.set(this.#loggedAt)
      this.#offsets = offsets
      this.#indexes = indexes
      this.#loggedAt = loggedAt
    }
    this.#offsets.fill(BigInt(offset), at, this.trades.length)
    this.#loggedAt.fill(this.#loggedAtSeconds, at, this.trades.length)
    for (let row = start; row < end; row++) this.#indexes[at + row - start] = indexes ? indexes[row]! : row
    if (idRuns) this.#addIdRuns(at, idRuns.subarray(start, end))
  }

  #addIdRuns(at: number, idRuns: Uint16Array): void {
    this.#idRuns = extended(this.#idRuns ?? new Uint16Array(0), this.trades.capacity)
    this.#idRuns.set(idRuns, at)
  }

  addRefused(offset: number, refused: Refused): void {
    this.refused.push({ ...refused, offset, hash: 0, loggedAtSeconds: this.#loggedAtSeconds })
  }

  /** Sets `log_hash` of the trade added last. */
  keepHash(hash: number): void {
    this.#named.push({ row: this.trades.length - 1, hash })
  }

  /**
   * Sets `log_hash` for the batch's last record in each table that has ticks of it: on resume the log must still contain that record. See
   * docs/decisions/positions.md. Call once, when the batch is cut.
   */
  nameLastRecord(): void {
    const hash = recordHash(this.#lastEntry!)
    const row = this.trades.length - 1
    if (row >= 0 && Number(this.#offsets[row]) === this.#last) this.keepHash(hash)
    const refused = this.refused.at(-1)
    if (refused?.offset === this.#last) refused.hash = hash
  }

  /** Log time of the current record. */
  get #loggedAtSeconds(): number {
    return Math.floor(this.lastLogMs / 1000)
  }

  /** Empties the batch and keeps its memory. */
  clear(): void {
    this.trades.clear()
    this.refused.length = 0
    this.gaps.clear()
    this.#named.length = 0
    this.#lastEntry = undefined
    this.restarts.length = 0
    this.#idRuns = undefined
    this.#first = -1
    this.#bytes = 0
  }

  /** The block for table `trades`. */
  tradesBlock(): Uint8Array<ArrayBuffer> {
    const rows = this.trades.length
    const writer = new BlockWriter(
      TRADE_COLUMN_COUNT + IDENTITY_COLUMN_COUNT + (this.#idRuns ? 1 : 0),
      rows,
      4096 + rows * (TRADE_BYTES + IDENTITY_BYTES + 2),
    )
    writeTradeColumns(writer, this.trades)
    writer.fixed('log_partition', 'UInt16', new Uint16Array(rows).fill(this.partition))
    writer.fixed('log_offset', 'UInt64', this.#offsets)
    writer.fixed('log_index', 'UInt32', this.#indexes)
    writer.fixed('log_hash', 'UInt64', this.#hashes())
    writer.fixed('logged_at', TYPES.seconds, this.#loggedAt)
    writer.fixed('log_day', 'Date', new Uint16Array(rows).fill(this.#day))
    if (this.#idRuns) writer.fixed('id_run', 'UInt16', extended(this.#idRuns, rows))
    return writer.done()
  }

  #hashes(): BigUint64Array {
    const hashes = new BigUint64Array(this.trades.length)
    for (const { row, hash } of this.#named) hashes[row] = BigInt(hash)
    return hashes
  }

  /** The block for table `quarantine`, with the writer's epoch. */
  quarantineBlock(epoch: number): Uint8Array<ArrayBuffer> {
    const { refused } = this
    const rows = refused.length
    const receivedAt = new BigInt64Array(rows)
    const words = new Uint32Array(receivedAt.buffer)
    for (const [row, tick] of refused.entries()) writeTime(words, row, tick.receivedAtMicros)
    const writer = new BlockWriter(20, rows, 4096 + refused.reduce((sum, tick) => sum + tick.raw.length + 200, 0))
    writer.fixed('log_partition', 'UInt16', new Uint16Array(rows).fill(this.partition))
    writer.fixed(
      'log_offset',
      'UInt64',
      BigUint64Array.from(refused, tick => BigInt(tick.offset)),
    )
    writer.fixed(
      'log_index',
      'UInt32',
      Uint32Array.from(refused, tick => tick.index),
    )
    writer.fixed(
      'log_hash',
      'UInt64',
      BigUint64Array.from(refused, tick => BigInt(tick.hash)),
    )
    writer.fixed(
      'logged_at',
      TYPES.seconds,
      Uint32Array.from(refused, tick => tick.loggedAtSeconds),
    )
    writer.fixed('log_day', 'Date', new Uint16Array(rows).fill(this.#day))
    writer.fixed(
      'ticks',
      'Int64',
      BigInt64Array.from(refused, tick => BigInt(tick.ticks)),
    )
    writer.strings(
      'kind',
      refused.map(() => 'trades'),
    )
    writer.strings(
      'reason',
      refused.map(tick => tick.reason),
    )
    writer.strings(
      'detail',
      refused.map(tick => tick.detail),
    )
    writer.strings(
      'venue',
      refused.map(tick => tick.venue),
    )
    writer.strings(
      'symbol',
      refused.map(tick => tick.symbol),
    )
    writer.strings(
      'raw',
      refused.map(tick => tick.raw),
    )
    writer.fixed('received_at', TYPES.time, receivedAt)
    writer.fixed('batch_first_offset', 'UInt64', new BigUint64Array(rows).fill(BigInt(this.#first)))
    writer.fixed('batch_good', 'UInt32', new Uint32Array(rows).fill(this.trades.length))
    writer.fixed('epoch', 'UInt64', new BigUint64Array(rows).fill(BigInt(epoch)))
    writer.fixed(
      'received_bytes',
      'UInt64',
      BigUint64Array.from(refused, tick => BigInt(tick.rawBytes ?? Buffer.byteLength(tick.raw))),
    )
    writer.fixed(
      'trade_id',
      'UInt64',
      BigUint64Array.from(refused, tick => tick.tradeId ?? 0n),
    )
    writer.fixed(
      'id_run',
      'UInt16',
      Uint16Array.from(refused, tick => tick.idRun ?? 0),
    )
    return writer.done()
  }
}

/** The values, extended with zeros. */
function extended(values: Uint16Array, length: number): Uint16Array {
  if (values.length >= length) return values
  const longer = new Uint16Array(length)
  longer.set(values)
  return longer
}
