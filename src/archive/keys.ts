/**
 * Names of archived objects: determined by the slice alone, so that writing one again overwrites it. No part of a key comes
 * from a venue, so every key is safe for any file system and bucket. See docs/decisions/archive.md for the choice.
 */
import type { Slice } from './archive.ts'

/** What the key of every manifest begins with. */
export const MANIFESTS = 'ledger/'

/** `trades/date=2026-11-22/1300-p000-0000000000012345-0000000000013579.parquet`: date and time are the log's, UTC. */
export function objectKey(kind: string, slice: Slice): string {
  return `${kind}/${place(slice)}.parquet`
}

/** `ledger/date=2026-11-22/1300-p000-…json`: what the ledger says of the slice's objects, kept beside them. */
export function manifestKey(slice: Slice): string {
  return `${MANIFESTS}${place(slice)}.json`
}

/** `gaps/date=2026-11-22/gaps.parquet`: a day of a small table. */
export function dailyKey(kind: string, dayMs: number): string {
  return `${kind}/date=${dateOf(dayMs)}/${kind}.parquet`
}

/** `ledger/date=2026-11-22/gaps.json`. */
export function dailyManifestKey(kind: string, dayMs: number): string {
  return `${MANIFESTS}date=${dateOf(dayMs)}/${kind}.json`
}

/** The UTC day of a moment, `2026-11-22`. */
export function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function place({ partition, firstOffset, lastOffset, startMs }: Slice): string {
  const time = new Date(startMs).toISOString().slice(11, 16).replace(':', '')
  return `date=${dateOf(startMs)}/${time}-p${digits(partition, 3)}-${digits(firstOffset, 16)}-${digits(lastOffset, 16)}`
}

const digits = (value: number, count: number): string => String(value).padStart(count, '0')
