/** What proves that two sets of rows are the same: see `Fingerprint`. */
import type { Fingerprint } from '../archive.ts'
import { type Column, quoted, rowHash, structureOf } from '../columns.ts'
import type { Kind } from '../kinds.ts'

interface Row {
  rows: number
  sum: string
  xor: string
  lowest: string
  highest: string
  firstTime: string
  lastTime: string
}

/** The SELECT that fingerprints rows of a table or of a file; read its one row with `fingerprintFrom`. */
export function fingerprintQuery(kind: Kind, columns: readonly Column[], source: string): string {
  const hashOf = (hash: 'cityHash64' | 'xxHash64') => rowHash(hash, kind.table, columns)
  // A record holds fewer ticks than 2^20: one number tells a place.
  const place = columns.some(({ name }) => name === 'log_index') ? 'bitShiftLeft(log_offset, 20) + log_index' : '0'
  const nanos = (time: string) => `toString(toUnixTimestamp64Nano(toDateTime64(${time}(${kind.time}), 9, 'UTC')))`
  return `SELECT count() AS rows, toString(sum(${hashOf('cityHash64')})) AS sum,
      toString(groupBitXor(${hashOf('xxHash64')})) AS xor, toString(min(${place})) AS lowest, toString(max(${place})) AS highest,
      ${nanos('min')} AS firstTime, ${nanos('max')} AS lastTime
    FROM ${source} SETTINGS max_threads = 2`
}

/** The source of an archived object's rows, for a FROM. The file's name must have no pattern in it. */
export function fileSource(file: string, columns: readonly Column[]): string {
  return `file(${quoted(file)}, 'Parquet', ${quoted(structureOf(columns))})`
}

export function fingerprintFrom([row]: readonly Row[]): Fingerprint {
  const { rows, sum, xor, lowest, highest, firstTime, lastTime } = row!
  const [low, high] = [BigInt(lowest), BigInt(highest)]
  return {
    rows,
    hashSum: sum,
    hashXor: xor,
    lowestOffset: Number(low >> 20n),
    lowestIndex: Number(low & 0xfffffn),
    highestOffset: Number(high >> 20n),
    highestIndex: Number(high & 0xfffffn),
    firstTimeNanos: firstTime,
    lastTimeNanos: lastTime,
  }
}

/** The fingerprint of two sets of rows together, which have no row in common. */
export function combined(a: Fingerprint, b: Fingerprint): Fingerprint {
  if (a.rows === 0 || b.rows === 0) return a.rows === 0 ? b : a
  const low = isBefore(a.lowestOffset, a.lowestIndex, b.lowestOffset, b.lowestIndex) ? a : b
  const high = isBefore(a.highestOffset, a.highestIndex, b.highestOffset, b.highestIndex) ? b : a
  const earlier = BigInt(a.firstTimeNanos) < BigInt(b.firstTimeNanos) ? a : b
  const later = BigInt(a.lastTimeNanos) > BigInt(b.lastTimeNanos) ? a : b
  return {
    rows: a.rows + b.rows,
    hashSum: String(BigInt.asUintN(64, BigInt(a.hashSum) + BigInt(b.hashSum))),
    hashXor: String(BigInt(a.hashXor) ^ BigInt(b.hashXor)),
    lowestOffset: low.lowestOffset,
    lowestIndex: low.lowestIndex,
    highestOffset: high.highestOffset,
    highestIndex: high.highestIndex,
    firstTimeNanos: earlier.firstTimeNanos,
    lastTimeNanos: later.lastTimeNanos,
  }
}

const isBefore = (offset: number, index: number, otherOffset: number, otherIndex: number): boolean =>
  offset < otherOffset || (offset === otherOffset && index < otherIndex)

/** What differs between two fingerprints, for people; empty if nothing does. */
export function differences(expected: Fingerprint, found: Fingerprint): string[] {
  const names = Object.keys(found) as (keyof Fingerprint)[]
  return names
    .filter(name => expected[name] !== found[name])
    .map(name => `${name} ${found[name]} instead of ${expected[name]}`)
}
