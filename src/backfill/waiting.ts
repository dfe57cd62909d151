/** What an earlier run, or a recorder, appended to the log and no process has stored yet: it is not appended again. */
import { MS_PER_DAY } from '../clock.ts'
import { TickhouseError } from '../errors.ts'
import type { Bounds, Log, LoggedRecord } from '../log/log.ts'
import { queryRows, type RunQuery } from '../reconcile/stored.ts'
import { partitionOf } from '../sources/recording/symbol-buffers.ts'
import { TRADES } from '../tick/kinds.ts'
import { BlockError } from '../tick/native.ts'
import { readTrades } from '../tick/records.ts'
import { type IdRange, joined } from '../tick/repairs/id-ranges.ts'
import { TradeColumns } from '../tick/trades.ts'

/** How far before the log's end the last stored record is looked for first, and how much farther each time, in records. */
const LOOK_BACK = { first: 1, factor: 100 }
/** Ranges of a day from which on those that touch are joined. */
const RANGES_MIN = 10_000
const DAY_NANOS = 86_400_000_000_000n

/** Ids by UTC day of the trade, as ranges in rising order. */
export type WaitingIds = ReadonlyMap<string, readonly IdRange[]>

export interface WaitingOptions {
  venue: string
  symbol: string
  query: RunQuery
  log: Log
  signal: AbortSignal
  /** Records read, of how many. */
  progress: (records: number, total: number) => void
}

/**
 * Ids of the symbol in records that no process has stored. Trades of a partition are stored in the order of its offsets, so only those after the
 * last stored one are read. Throws TickhouseErrors, and the signal's reason.
 */
export async function readWaiting(options: WaitingOptions): Promise<WaitingIds> {
  const { log, signal, progress } = options
  const { first, count } = log.partitionsOf(TRADES.name)
  const partition = first + partitionOf(options.venue, options.symbol, count)
  const bounds = await log.refresh(partition)
  const from = await notStoredFrom(options.query, partition, bounds)
  if (from >= bounds.next) return new Map()
  const days = new Map<number, DayIds>()
  const done = new AbortController()
  const trades = new TradeColumns(0)
  try {
    for await (const chunk of log.read(partition, from, AbortSignal.any([signal, done.signal]))) {
      for (const record of chunk) {
        if (record.offset >= bounds.next) break
        addIds(days, tradesOf(record, trades), options)
      }
      const next = chunk.at(-1)!.offset + 1
      progress(Math.min(next, bounds.next) - from, bounds.next - from)
      if (next >= bounds.next) break
    }
  } finally {
    done.abort()
  }
  signal.throwIfAborted()
  return new Map(Array.from(days, ([day, ids]) => [new Date(day * MS_PER_DAY).toISOString().slice(0, 10), ids.done()]))
}

/**
 * The offset after the last record of which a trade is in the table; the log's first if there is none. It is looked for from the end backwards:
 * the index of positions makes that cheap in a large table.
 */
async function notStoredFrom(query: RunQuery, partition: number, { first, next }: Bounds): Promise<number> {
  for (let back = LOOK_BACK.first; ; back *= LOOK_BACK.factor) {
    const from = Math.max(first, next - back)
    const [row] = await queryRows<{ last: string }>(
      query,
      `SELECT toString(max(log_offset)) AS last FROM ${TRADES.table}
       WHERE log_partition = ${partition} AND log_offset >= ${from} HAVING count() > 0`,
    )
    if (row) return Number(row.last) + 1
    if (from === first) return first
  }
}

/** Ids of a day as they come. */
class DayIds {
  #ranges: IdRange[] = []
  #joinAt = RANGES_MIN

  add(id: number): void {
    const before = this.#ranges.at(-1)
    if (before && before.last + 1 === id) this.#ranges[this.#ranges.length - 1] = { first: before.first, last: id }
    else this.#ranges.push({ first: id, last: id })
    if (this.#ranges.length < this.#joinAt) return
    this.#ranges = joined(this.#ranges)
    this.#joinAt = Math.max(RANGES_MIN, this.#ranges.length * 2)
  }

  done(): readonly IdRange[] {
    return joined(this.#ranges)
  }
}

function addIds(days: Map<number, DayIds>, trades: TradeColumns, { venue, symbol }: WaitingOptions): void {
  const isVenue = trades.venues.words.map(word => word === venue)
  const isSymbol = trades.symbols.words.map(word => word === symbol)
  for (let row = 0; row < trades.length; row++) {
    if (!isVenue[trades.venue[row]!] || !isSymbol[trades.symbol[row]!]) continue
    const day = Number(trades.timestamp[row]! / DAY_NANOS)
    const ids = days.get(day) ?? new DayIds()
    ids.add(Number(trades.tradeId[row]))
    days.set(day, ids)
  }
}

/** The trades of a record; none if it cannot be decoded, which ingest puts into quarantine. */
function tradesOf({ kind, format, payload }: LoggedRecord, trades: TradeColumns): TradeColumns {
  trades.clear()
  try {
    if (kind === TRADES.name && format === 'native') readTrades(payload, trades)
  } catch (error) {
    if (!(error instanceof BlockError)) throw error
    trades.clear()
  }
  return trades
}

/** Throws `log_replaced` if the store follows another log: what is appended to this one would never be stored there. */
export async function requireOwnLog(query: RunQuery, log: Log): Promise<void> {
  const [row] = await queryRows<{ identity: string }>(query, 'SELECT identity FROM log_identity')
  if (!row || row.identity === log.identity()) return
  throw new TickhouseError(
    'log_replaced',
    `the store follows log ${row.identity}, not this one (${log.identity()} at ${log.address})`,
    'Set TICKHOUSE_LOG to the address that the storing process has, or --listen to the instance of this log.',
  )
}
