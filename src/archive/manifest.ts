/** What the ledger says of a slice, kept beside its objects, so that an archive can be checked and restored without its store. */
import fs from 'node:fs'
import { z } from 'zod'
import type { ArchivedObject } from './archive.ts'
import { MANIFESTS } from './keys.ts'
import type { ArchiveTarget } from './target.ts'

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

/** What a manifest says; null if there is none under the key, or it is none. */
export async function fetchManifest(target: ArchiveTarget, key: string): Promise<ArchivedObject[] | null> {
  const fetched = await target.fetch(key)
  if (!fetched) return null
  try {
    return parseManifest(await fs.promises.readFile(fetched.file, 'utf8'))
  } finally {
    await fetched.release()
  }
}

function parseManifest(text: string): ArchivedObject[] | null {
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

/** All that an archive's manifests say, by partition and offset: its ledger where the store is gone. */
export async function manifestObjects(target: ArchiveTarget): Promise<ArchivedObject[]> {
  const objects: ArchivedObject[] = []
  for await (const { key } of target.list()) {
    if (key.startsWith(MANIFESTS)) objects.push(...((await fetchManifest(target, key)) ?? []))
  }
  return objects.sort(
    ({ slice: a }, { slice: b }) => a.partition - b.partition || a.firstOffset - b.firstOffset || a.startMs - b.startMs,
  )
}
