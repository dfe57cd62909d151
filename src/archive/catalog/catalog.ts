/**
 * Table `archive_ledger`: the objects of the archive at one address, with their checksums. Only verified objects are
 * written to it.
 */
import { nowMicros } from '../../clock.ts'
import type { Store } from '../../store/store.ts'
import type { ArchivedObject, CatalogState } from '../archive.ts'
import { quoted } from '../columns.ts'
import type { ParsedKey } from '../keys.ts'
import { SEGMENT_TABLE, TICK_KINDS } from '../kinds.ts'

/** A row as `objectsQuery` selects it, times as numbers. */
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

export class ArchiveCatalog {
  readonly #store: Store
  readonly #address: string

  /** Catalog of the archive last found at this address; each archive has its own. */
  constructor(store: Store, address: string) {
    this.#store = store
    this.#address = address
  }

  /** First offset not archived yet, by log partition; without the partitions that have nothing archived. */
  async nextOffsets(): Promise<Map<number, number>> {
    const rows = await this.#store.rows<{ partition: number; last: number }>(
      `SELECT log_partition AS partition, max(last_offset) AS last
       FROM archive_ledger WHERE archive = ${nameAt(this.#address)} AND kind = '${SEGMENT_TABLE}' GROUP BY log_partition`,
    )
    return new Map(rows.map(({ partition, last }) => [partition, last + 1]))
  }

  /**
   * All objects, or those that a condition on the table's columns selects, by partition and offset (not by time: it may
   * go back).
   */
  async objects(where = '1'): Promise<ArchivedObject[]> {
    return (await this.#store.rows<CatalogRow>(objectsQuery(nameAt(this.#address), where))).map(objectFrom)
  }

  /** Writes verified objects: all of a segment in one insert, so that a segment is archived whole or not at all. */
  async write(objects: readonly ArchivedObject[]): Promise<void> {
    const [row] = await this.#store.rows<{ archive: string }>(`SELECT ${nameAt(this.#address)} AS archive`)
    await this.#store.insertRows(
      'archive_ledger',
      objects.map(object => ({ ...row, ...toRow(object) })),
    )
  }

  /** Sets the objects' state; returns the changed objects. */
  async setState(objects: readonly ArchivedObject[], state: CatalogState): Promise<ArchivedObject[]> {
    const changed = objects.map(object => ({ ...object, state, changedAtMicros: laterThan(object) }))
    if (changed.length > 0) await this.write(changed)
    return changed
  }
}

/**
 * SQL for the catalog's name of the archive last found at an address: its id, or the address while the id is unknown.
 */
export function nameAt(address: string): string {
  return `(SELECT if(count() = 0, ${quoted(address)}, argMax(archive, seen_at)) FROM archives WHERE address = ${quoted(address)})`
}

/**
 * SELECT of the objects of an archive; `name` is SQL. Has no parameters, so that a running instance can execute it too.
 */
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

/** Identifies an object within its archive. */
export function idOf({ kind, segment }: ArchivedObject): string {
  return `${kind} ${segment.partition} ${segment.firstOffset} ${segment.startMs}`
}

/** Whether a key's segment, or day, comes after all in the catalog. */
export function isAfter(parsedKey: ParsedKey, objects: readonly ArchivedObject[]): boolean {
  if (parsedKey.daily)
    return objects.every(({ kind, segment }) => kind !== parsedKey.kind || segment.startMs < parsedKey.dayMs)
  const { partition, firstOffset } = parsedKey.segment
  const ticks = objects.filter(({ kind }) => TICK_KINDS.some(({ table }) => table === kind))
  return ticks.every(({ segment }) => segment.partition !== partition || segment.lastOffset < firstOffset)
}

/** Whether key, size, row count and checksums are equal. */
export function sameChecksums(a: ArchivedObject, b: ArchivedObject): boolean {
  const names = ['kind', 'key', 'rows', 'bytes', 'sha256', 'hashSum', 'hashXor'] as const
  return names.every(name => a[name] === b[name])
}

/** Timestamp for an object's next catalog row: above the last one even if the clock was set back. */
export function laterThan(object: ArchivedObject | undefined): number {
  return Math.max(nowMicros(), (object?.changedAtMicros ?? 0) + 1)
}

/** The object in a row of `objectsQuery`. */
export function objectFrom(row: CatalogRow): ArchivedObject {
  return {
    kind: row.kind,
    segment: {
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

/** Times in the form the engine reads from JSON: seconds as a number, finer ones as decimal text. */
function toRow(object: ArchivedObject): Record<string, unknown> {
  const { segment } = object
  return {
    kind: object.kind,
    log_partition: segment.partition,
    slice_start: segment.startMs / 1000,
    slice_end: segment.endMs / 1000,
    first_offset: segment.firstOffset,
    last_offset: segment.lastOffset,
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

/**
 * Seconds as decimal text with the given decimals. Padded to ten digits of seconds: the engine reads fewer as a date.
 */
function decimal(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : ''
  const digits = String(units < 0n ? -units : units).padStart(decimals + 10, '0')
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
