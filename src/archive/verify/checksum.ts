/** Fingerprints of rows, compared to prove that two sets of rows are equal: see `Fingerprint`. */
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

/** SELECT that fingerprints the rows of a table or file; `fingerprintFrom` reads its one row. */
export function fingerprintQuery(kind: Kind, columns: readonly Column[], source: string): string {
  const hashOf = (hash: 'cityHash64' | 'xxHash64') => rowHash(hash, kind.table, columns)
  // A record has fewer ticks than 2^20, so offset and index fit into one number.
  const position = columns.some(({ name }) => name === 'log_index') ? 'bitShiftLeft(log_offset, 20) + log_index' : '0'
  const nanos = (time: string) => `toString(toUnixTimestamp64Nano(toDateTime64(${time}(${kind.time}), 9, 'UTC')))`
  return `SELECT count() AS rows, toString(sum(${hashOf('cityHash64')})) AS sum,
      toString(groupBitXor(${hashOf('xxHash64')})) AS xor, toString(min(${position})) AS lowest, toString(max(${position})) AS highest,
      ${nanos('min')} AS firstTime, ${nanos('max')} AS lastTime
    FROM ${source} SETTINGS max_threads = 2`
}

/** Source for FROM of an archived object's rows. The file name must not contain glob characters. */
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

/** Fingerprint of the union of two disjoint sets of rows. */
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

/** Differences of two fingerprints as text; empty if they are equal. */
export function differences(expected: Fingerprint, found: Fingerprint): string[] {
  const names = Object.keys(found) as (keyof Fingerprint)[]
  return names
    .filter(name => expected[name] !== found[name])
    .map(name => `${name} ${found[name]} instead of ${expected[name]}`)
}
