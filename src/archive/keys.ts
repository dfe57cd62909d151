/**
 * Keys of archived objects. The segment alone determines a key, so writing a segment again overwrites it. No part of a
 * key comes from a venue, so every key is safe for any file system and bucket. Why this layout:
 * docs/decisions/archive.md.
 */
import { TickhouseError } from '../errors.ts'
import { printable } from '../plain-text.ts'
import type { Segment } from './archive.ts'
import { DAILY_KINDS, TICK_KINDS } from './kinds.ts'

/** Prefix of all manifests. */
export const MANIFESTS = 'ledger/'

/** UInt16, as in the tables. */
export const PARTITION_MAX = 65_535
const SHOWN_CHARACTERS = 200

/** The part of a segment that is in its key: all but the end. */
export type KeySegment = Omit<Segment, 'endMs'>

/** A parsed key: of a segment of the log, or of a day of a daily table; of an object or of the manifest. */
export type ParsedKey =
  | { manifest: boolean; daily: false; kind: string | null; segment: KeySegment }
  | { manifest: boolean; daily: true; kind: string; dayMs: number }

/** `trades/date=2026-11-22/1300-p000-0000000000012345-0000000000013579.parquet`: date and time by the log, UTC. */
export function objectKey(kind: string, segment: KeySegment): string {
  return `${kind}/${segmentPath(segment)}.parquet`
}

/** `ledger/date=2026-11-22/1300-p000-….json`: catalog entries of the segment's objects. */
export function manifestKey(segment: KeySegment): string {
  return `${MANIFESTS}${segmentPath(segment)}.json`
}

/** `gaps/date=2026-11-22/gaps.parquet`: a day of a daily table. */
export function dailyKey(kind: string, dayMs: number): string {
  return `${kind}/date=${dateOf(dayMs)}/${kind}.parquet`
}

/** `ledger/date=2026-11-22/gaps.json`. */
export function dailyManifestKey(kind: string, dayMs: number): string {
  return `${MANIFESTS}date=${dateOf(dayMs)}/${kind}.json`
}

/** Prefix of the manifests of a UTC day. */
export function manifestsOfDay(ms: number): string {
  return `${MANIFESTS}date=${dateOf(ms)}/`
}

/** Parses a key; null unless formatting the result yields exactly the same key. */
export function parseKey(key: string): ParsedKey | null {
  const [, folder, date, time, rest, ending] =
    /^(\w+)\/date=(\d{4}-\d{2}-\d{2})\/(?:(\d{4})-)?([\w-]+)\.(parquet|json)$/.exec(key) ?? []
  if (!folder || !date || !rest) return null
  const manifest = ending === 'json'
  const dayMs = Date.parse(date)
  if (Number.isNaN(dayMs) || dayMs < 0 || manifest !== (folder === 'ledger')) return null
  const parsed =
    time === undefined ? dayOf(manifest, folder, rest, dayMs) : segmentOf(manifest, folder, rest, dayMs, time)
  return parsed && keyOf(parsed) === key ? parsed : null
}

function keyOf(parsed: ParsedKey): string {
  if (parsed.daily)
    return parsed.manifest ? dailyManifestKey(parsed.kind, parsed.dayMs) : dailyKey(parsed.kind, parsed.dayMs)
  return parsed.manifest ? manifestKey(parsed.segment) : objectKey(parsed.kind!, parsed.segment)
}

function dayOf(manifest: boolean, folder: string, rest: string, dayMs: number): ParsedKey | null {
  if (!DAILY_KINDS.some(({ table }) => table === rest) || !(manifest || rest === folder)) return null
  return { manifest, daily: true, kind: rest, dayMs }
}

function segmentOf(manifest: boolean, folder: string, rest: string, dayMs: number, time: string): ParsedKey | null {
  const [, partition, first, last] = /^p(\d{3,5})-(\d{16})-(\d{16})$/.exec(rest) ?? []
  if (first === undefined || !(manifest || TICK_KINDS.some(({ table }) => table === folder))) return null
  const segment = {
    partition: Number(partition),
    firstOffset: Number(first),
    lastOffset: Number(last),
    startMs: dayMs + (Number(time.slice(0, 2)) * 60 + Number(time.slice(2))) * 60_000,
  }
  const bounded = segment.partition <= PARTITION_MAX && segment.firstOffset <= segment.lastOffset
  if (!bounded || !Number.isSafeInteger(segment.lastOffset)) return null
  return { manifest, daily: false, kind: manifest ? null : folder, segment }
}

/** Whether a key stays below any root it is appended to, on disk and in a bucket. */
export function isInside(key: string): boolean {
  return key.isWellFormed() && !/[\p{Cc}\\]/u.test(key) && key.split('/').every(part => !['', '.', '..'].includes(part))
}

/** Error for a key that does not. */
export function outsideError(key: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the key ${shownKey(key)} points outside the archive`,
    'Files outside are neither read nor written. If it is a symbolic link, replace it with the files.',
  )
}

/** A key, or other text from an archive, safe to print: without control characters, at most 200 characters. */
export function shownKey(text: string): string {
  const clean = printable(text.slice(0, SHOWN_CHARACTERS))
  return text.length > SHOWN_CHARACTERS ? `${clean}…` : clean
}

/** UTC date, `2026-11-22`. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function segmentPath({ partition, firstOffset, lastOffset, startMs }: KeySegment): string {
  const time = new Date(startMs).toISOString().slice(11, 16).replace(':', '')
  return `date=${dateOf(startMs)}/${time}-p${digits(partition, 3)}-${digits(firstOffset, 16)}-${digits(lastOffset, 16)}`
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
