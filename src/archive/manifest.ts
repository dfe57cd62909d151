/** What the ledger says of a slice, kept beside its objects, so that an archive can be checked and restored without its store. */
import { z } from 'zod'
import type { ArchivedObject } from './archive.ts'

const VERSION = 1

const count = z.int().min(0)
const wide = z.string().regex(/^-?\d{1,20}$/)

const OBJECT = z.strictObject({
  kind: z.string(),
  slice: z.strictObject({
    partition: count,
    firstOffset: count,
    lastOffset: count,
    startMs: z.int(),
    endMs: z.int(),
  }),
  key: z.string(),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
  hashSum: wide,
  hashXor: wide,
  lowestOffset: count,
  lowestIndex: count,
  highestOffset: count,
  highestIndex: count,
  firstTimeNanos: wide,
  lastTimeNanos: wide,
  asOfMs: z.int(),
  verifiedAtMs: z.int(),
})

const MANIFEST = z.strictObject({ version: z.literal(VERSION), objects: z.array(OBJECT) })

/** The manifest of a slice's objects, JSON. */
export function manifestOf(objects: readonly ArchivedObject[]): string {
  const said = objects.map(({ state: _state, changedAtMicros: _changed, ...object }) => object)
  return `${JSON.stringify({ version: VERSION, objects: said }, null, 1)}\n`
}

/** Reads a manifest; null if it is none. */
export function parseManifest(text: string): ArchivedObject[] | null {
  try {
    return MANIFEST.parse(JSON.parse(text)).objects.map(object => ({
      ...object,
      state: 'verified' as const,
      changedAtMicros: object.verifiedAtMs * 1000,
    }))
  } catch {
    return null
  }
}
