/**
 * Names of archived objects: determined by the slice alone, so that writing one again overwrites it. No part of a key comes
 * from a venue, so every key is safe for any file system and bucket. See docs/decisions/archive.md for the choice.
 */
import { TickhouseError } from '../errors.ts'
import { printable } from '../plain-text.ts'
import type { Segment } from './archive.ts'
import { DAILY_KINDS, TICK_KINDS } from './kinds.ts'

/** What the key of every manifest begins with. */
export const MANIFESTS = 'ledger/'

/** UInt16, as the tables have it. */
export const PARTITION_MAX = 65_535
const SHOWN_CHARACTERS = 200

/** A slice as a key names it: when it ends is not in the key. */
export type NamedSegment = Omit<Segment, 'endMs'>

/** What a key of our own form names: a slice of the log, or a day of a small table. `manifest` is about the objects of either. */
export type Named =
  | { manifest: boolean; daily: false; kind: string | null; slice: NamedSegment }
  | { manifest: boolean; daily: true; kind: string; dayMs: number }

/** `trades/date=2026-11-22/1300-p000-0000000000012345-0000000000013579.parquet`: date and time are the log's, UTC. */
export function objectKey(kind: string, slice: NamedSegment): string {
  return `${kind}/${place(slice)}.parquet`
}

/** `catalog/date=2026-11-22/1300-p000-…json`: what the ledger says of the slice's objects, kept beside them. */
export function manifestKey(slice: NamedSegment): string {
  return `${MANIFESTS}${place(slice)}.json`
}

/** `gaps/date=2026-11-22/gaps.parquet`: a day of a small table. */
export function dailyKey(kind: string, dayMs: number): string {
  return `${kind}/date=${dateOf(dayMs)}/${kind}.parquet`
}

/** `catalog/date=2026-11-22/gaps.json`. */
export function dailyManifestKey(kind: string, dayMs: number): string {
  return `${MANIFESTS}date=${dateOf(dayMs)}/${kind}.json`
}

/** What the keys of a slice's manifest begin with, up to its date: those of the same day stand together. */
export function manifestsOfDay(ms: number): string {
  return `${MANIFESTS}date=${dateOf(ms)}/`
}

/** What a key names; null unless it is, character for character, the key that we give to what it names. */
export function parseKey(key: string): Named | null {
  const [, folder, date, time, rest, ending] =
    /^(\w+)\/date=(\d{4}-\d{2}-\d{2})\/(?:(\d{4})-)?([\w-]+)\.(parquet|json)$/.exec(key) ?? []
  if (!folder || !date || !rest) return null
  const manifest = ending === 'json'
  const dayMs = Date.parse(date)
  if (Number.isNaN(dayMs) || dayMs < 0 || manifest !== (folder === 'ledger')) return null
  const named = time === undefined ? dayOf(manifest, folder, rest, dayMs) : sliceOf(manifest, folder, rest, dayMs, time)
  return named && keyOf(named) === key ? named : null
}

function keyOf(named: Named): string {
  if (named.daily) return named.manifest ? dailyManifestKey(named.kind, named.dayMs) : dailyKey(named.kind, named.dayMs)
  return named.manifest ? manifestKey(named.slice) : objectKey(named.kind!, named.slice)
}

function dayOf(manifest: boolean, folder: string, rest: string, dayMs: number): Named | null {
  if (!DAILY_KINDS.some(({ table }) => table === rest) || !(manifest || rest === folder)) return null
  return { manifest, daily: true, kind: rest, dayMs }
}

function sliceOf(manifest: boolean, folder: string, rest: string, dayMs: number, time: string): Named | null {
  const [, partition, first, last] = /^p(\d{3,5})-(\d{16})-(\d{16})$/.exec(rest) ?? []
  if (first === undefined || !(manifest || TICK_KINDS.some(({ table }) => table === folder))) return null
  const slice = {
    partition: Number(partition),
    firstOffset: Number(first),
    lastOffset: Number(last),
    startMs: dayMs + (Number(time.slice(0, 2)) * 60 + Number(time.slice(2))) * 60_000,
  }
  const bounded = slice.partition <= PARTITION_MAX && slice.firstOffset <= slice.lastOffset
  if (!bounded || !Number.isSafeInteger(slice.lastOffset)) return null
  return { manifest, daily: false, kind: manifest ? null : folder, slice }
}

/** Does a key stay below whatever it is set behind, on a disk and in a bucket? */
export function staysInside(key: string): boolean {
  return key.isWellFormed() && !/[\p{Cc}\\]/u.test(key) && key.split('/').every(part => !['', '.', '..'].includes(part))
}

/** What a target says to a key that does not. */
export function outside(key: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the key ${shownKey(key)} leads out of the archive`,
    'Nothing outside is read or written. If it is a symbolic link, put the files themselves there.',
  )
}

/** A key, or what another wrote into an archive, for a person to read: nothing that a terminal acts on, and not too long. */
export function shownKey(text: string): string {
  const clean = printable(text.slice(0, SHOWN_CHARACTERS))
  return text.length > SHOWN_CHARACTERS ? `${clean}…` : clean
}

/** The UTC day of a moment, `2026-11-22`. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function place({ partition, firstOffset, lastOffset, startMs }: NamedSegment): string {
  const time = new Date(startMs).toISOString().slice(11, 16).replace(':', '')
  return `date=${dateOf(startMs)}/${time}-p${digits(partition, 3)}-${digits(firstOffset, 16)}-${digits(lastOffset, 16)}`
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
