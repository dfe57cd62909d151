/** Table `archive_ledger`: what is archived at one address, and the proof. Only what was verified is ever written to it. */
import { nowMicros } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import type { ArchivedObject, CatalogState } from '../archive.ts'
import { quoted } from '../columns.ts'
import type { Named } from '../keys.ts'
import { TICK_KINDS } from '../kinds.ts'

/** A row as it is read, times as numbers. */
export interface CatalogRow {
  kind: string
  log_partition: number
  start_seconds: number
  end_seconds: number
  first_offset: number
  last_offset: number
  key: string
  rows: number
  bytes: number
  sha256: string
  sum_text: string
  xor_text: string
  lowest_offset: number
  lowest_index: number
  highest_offset: number
  highest_index: number
  first_nanos: string
  last_nanos: string
  state: CatalogState
  as_of_ms: number
  verified_ms: number
  changed_micros: number
}

/** How far a partition is archived. */
export interface Reached {
  /** The offset that the next slice begins at. */
  next: number
}

export class ArchiveCatalog {
  readonly #store: Store
  readonly #address: string

  /** Of the archive that was found at a target's address: another archive has a ledger of its own. */
  constructor(store: Store, address: string) {
    this.#store = store
    this.#address = address
  }

  /** How far each partition is archived; those with nothing archived are left out. */
  async reached(): Promise<Map<number, Reached>> {
    const rows = await this.#store.rows<{ partition: number; last: number }>(
      `SELECT log_partition AS partition, max(last_offset) AS last
       FROM archive_ledger WHERE archive = ${nameAt(this.#address)} AND kind = 'trades' GROUP BY log_partition`,
    )
    return new Map(rows.map(({ partition, last }) => [partition, { next: last + 1 }]))
  }

  /** What the ledger says of every object, or of those that a condition on its columns selects, by partition and offset: their times may fall. */
  async objects(where = '1'): Promise<ArchivedObject[]> {
    return (await this.#store.rows<CatalogRow>(objectsQuery(nameAt(this.#address), where))).map(objectFrom)
  }

  /** Writes what was verified: all objects of a slice at once, so that a slice is archived or not. */
  async write(objects: readonly ArchivedObject[]): Promise<void> {
    const [row] = await this.#store.rows<{ archive: string }>(`SELECT ${nameAt(this.#address)} AS archive`)
    await this.#store.insertRows(
      'archive_ledger',
      objects.map(object => ({ ...row, ...toRow(object) })),
    )
  }

  /** Writes the objects' rows anew with another state; the objects as they are now. */
  async setState(objects: readonly ArchivedObject[], state: CatalogState): Promise<ArchivedObject[]> {
    const changed = objects.map(object => ({ ...object, state, changedAtMicros: laterThan(object) }))
    if (changed.length > 0) await this.write(changed)
    return changed
  }
}

/** What the ledger calls the archive that was last found at an address, as SQL: its id, or, as long as that is not known, the address. */
export function nameAt(address: string): string {
  return `(SELECT if(count() = 0, ${quoted(address)}, argMax(archive, seen_at)) FROM archives WHERE address = ${quoted(address)})`
}

/** The SELECT of an archive's objects by its name as SQL; without parameters, so that a running tickhouse can be asked too. */
export function objectsQuery(name: string, where = '1'): string {
  return `SELECT * EXCEPT (archive, slice_start, slice_end, hash_sum, hash_xor, first_time, last_time, as_of, verified_at, changed_at),
      toString(hash_sum) AS sum_text, toString(hash_xor) AS xor_text,
      toUnixTimestamp(slice_start) AS start_seconds, toUnixTimestamp(slice_end) AS end_seconds,
      toString(toUnixTimestamp64Nano(first_time)) AS first_nanos, toString(toUnixTimestamp64Nano(last_time)) AS last_nanos,
      toUnixTimestamp64Milli(as_of) AS as_of_ms, toUnixTimestamp64Milli(verified_at) AS verified_ms,
      toUnixTimestamp64Micro(changed_at) AS changed_micros
    FROM archive_ledger FINAL WHERE archive = ${name} AND (${where})
    ORDER BY log_partition, first_offset, slice_start, kind`
}

/** Tells the objects of an archive apart. */
export function idOf({ kind, slice }: ArchivedObject): string {
  return `${kind} ${slice.partition} ${slice.firstOffset} ${slice.startMs}`
}

/** Does a key name the slice, or day, of an object that comes after all that the ledger has? */
export function isAfter(named: Named, objects: readonly ArchivedObject[]): boolean {
  if (named.daily) return objects.every(({ kind, slice }) => kind !== named.kind || slice.startMs < named.dayMs)
  const { partition, firstOffset } = named.slice
  const ticks = objects.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind))
  return ticks.every(({ slice }) => slice.partition !== partition || slice.lastOffset < firstOffset)
}

/** Do two say the same of an object's key, bytes and rows? */
export function sameProof(a: ArchivedObject, b: ArchivedObject): boolean {
  const names = ['kind', 'key', 'rows', 'bytes', 'sha256', 'hashSum', 'hashXor'] as const
  return names.every(name => a[name] === b[name])
}

/** A time for the next row of a slice: above that of the last even where the clock was set back. */
export function laterThan(object: ArchivedObject | undefined): number {
  return Math.max(nowMicros(), (object?.changedAtMicros ?? 0) + 1)
}

/** An object as a row of `objectsQuery` has it. */
export function objectFrom(row: CatalogRow): ArchivedObject {
  return {
    kind: row.kind,
    slice: {
      partition: row.log_partition,
      firstOffset: row.first_offset,
      lastOffset: row.last_offset,
      startMs: row.start_seconds * 1000,
      endMs: row.end_seconds * 1000,
    },
    key: row.key,
    rows: row.rows,
    bytes: row.bytes,
    sha256: row.sha256,
    hashSum: row.sum_text,
    hashXor: row.xor_text,
    lowestOffset: row.lowest_offset,
    lowestIndex: row.lowest_index,
    highestOffset: row.highest_offset,
    highestIndex: row.highest_index,
    firstTimeNanos: row.first_nanos,
    lastTimeNanos: row.last_nanos,
    state: row.state,
    asOfMs: row.as_of_ms,
    verifiedAtMs: row.verified_ms,
    changedAtMicros: row.changed_micros,
  }
}

/** Times as the engine reads them from JSON: seconds as a number, finer ones as decimal text. */
function toRow(object: ArchivedObject): Record<string, unknown> {
  const { slice } = object
  return {
    kind: object.kind,
    log_partition: slice.partition,
    slice_start: slice.startMs / 1000,
    slice_end: slice.endMs / 1000,
    first_offset: slice.firstOffset,
    last_offset: slice.lastOffset,
    key: object.key,
    rows: object.rows,
    bytes: object.bytes,
    sha256: object.sha256,
    hash_sum: object.hashSum,
    hash_xor: object.hashXor,
    lowest_offset: object.lowestOffset,
    lowest_index: object.lowestIndex,
    highest_offset: object.highestOffset,
    highest_index: object.highestIndex,
    first_time: decimal(BigInt(object.firstTimeNanos), 9),
    last_time: decimal(BigInt(object.lastTimeNanos), 9),
    state: object.state,
    as_of: decimal(BigInt(object.asOfMs), 3),
    verified_at: decimal(BigInt(object.verifiedAtMs), 3),
    changed_at: decimal(BigInt(object.changedAtMicros), 6),
  }
}

/** Seconds as decimal text with so many places. Ten digits of seconds: the engine takes fewer for a date. */
function decimal(units: bigint, places: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = String(units < 0n ? -units : units).padStart(places + 10, '0')
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}
