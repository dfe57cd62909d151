/**
 * What the ledger says of a slice, kept beside its objects, so that an archive can be checked and restored without its store. Whoever
 * can write to the archive can write a manifest: nothing in one is believed that its own key, or the closed list of kinds, does not say.
 */

import fs from 'node:fs'
import { z } from 'zod'
import { MS_PER_DAY } from '../../clock.ts'
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject } from '../archive.ts'
import { dailyKey, MANIFESTS, type Named, objectKey, PARTITION_MAX, parseKey, shownKey } from '../keys.ts'
import { TICK_KINDS } from '../kinds.ts'
import type { ArchiveTarget } from '../targets/target.ts'

/** Version 1 did not say whose archive it is in. */
const VERSION = 2
const BYTES_MAX = 2 ** 20
const MS_PER_HOUR = 3_600_000
/** A record holds fewer ticks than this. */
const TICKS_PER_RECORD = 2 ** 20
/** The ends of a DateTime and of a DateTime64(3), ms since 1970 UTC. */
const SLICE_MS_MAX = (2 ** 32 - 1) * 1000
const TIME_MS_MAX = Date.UTC(2299, 11, 31)

const count = z.int().min(0)
const wide = (min: bigint, max: bigint) =>
  z
    .string()
    .regex(/^-?\d{1,20}$/)
    .refine(text => BigInt(text) >= min && BigInt(text) <= max)
const hash = wide(0n, 2n ** 64n - 1n)
const nanos = wide(-(2n ** 63n), 2n ** 63n - 1n)
const time = z.int().min(0).max(TIME_MS_MAX)

const OBJECT = z.strictObject({
  kind: z.string(),
  slice: z.strictObject({
    partition: count.max(PARTITION_MAX),
    firstOffset: count,
    lastOffset: count,
    startMs: count.max(SLICE_MS_MAX),
    endMs: count.max(SLICE_MS_MAX),
  }),
  key: z.string(),
  rows: count,
  bytes: count,
  sha256: z.string().regex(/^([0-9a-f]{64})?$/),
  hashSum: hash,
  hashXor: hash,
  lowestOffset: count,
  lowestIndex: count.max(TICKS_PER_RECORD - 1),
  highestOffset: count,
  highestIndex: count.max(TICKS_PER_RECORD - 1),
  firstTimeNanos: nanos,
  lastTimeNanos: nanos,
  asOfMs: time,
  verifiedAtMs: time,
})

/** How a log names itself: see `Log.identity`. */
export const LOG_IDENTITY = z.string().min(1).max(4096)

const OWNER = { archive: z.uuid(), log: LOG_IDENTITY }
const MANIFEST = z.discriminatedUnion('version', [
  z.strictObject({ version: z.literal(1), objects: z.array(OBJECT) }),
  z.strictObject({ version: z.literal(VERSION), ...OWNER, objects: z.array(OBJECT) }),
])

/** Names an archive, and the log whose records are in it. */
export interface Owner {
  archive: string
  log: string
}

export interface Manifest {
  key: string
  /** Null in one that was written before archives had a name. */
  owner: Owner | null
  objects: ArchivedObject[]
}

/** The manifest of a slice's objects, JSON. */
export function manifestOf({ archive, log }: Owner, objects: readonly ArchivedObject[]): string {
  const said = objects.map(({ state: _state, changedAtMicros: _changed, ...object }) => object)
  return `${JSON.stringify({ version: VERSION, archive, log, objects: said }, null, 1)}\n`
}

/** What a manifest says; null if there is none under the key. Throws `archive_mismatch` for one that cannot be believed. */
export async function fetchManifest(target: ArchiveTarget, key: string): Promise<Manifest | null> {
  const text = await fetchText(target, key)
  return text === null ? null : parseManifest(key, text)
}

/** A small object as text; null if there is none. Throws `archive_mismatch` for a large one, or what the target throws. */
export async function fetchText(target: ArchiveTarget, key: string): Promise<string | null> {
  const fetched = await target.fetch(key)
  if (!fetched) return null
  try {
    if (fetched.bytes > BYTES_MAX) throw unbelievable(key, `it has ${fetched.bytes} bytes`)
    return await fs.promises.readFile(fetched.file, 'utf8')
  } finally {
    await fetched.release()
  }
}

/** Reads a manifest that lies under a key. Throws `archive_mismatch` unless all it says fits its key. */
export function parseManifest(key: string, text: string): Manifest {
  const named = parseKey(key)
  if (!named?.manifest) throw unbelievable(key, 'no slice has a manifest of this name')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw unbelievable(key, 'it is not JSON')
  }
  const parsed = MANIFEST.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw unbelievable(key, [...path, message].join(': '))
  }
  const said = parsed.data
  const objects = said.objects.map(object => ({
    ...object,
    state: 'verified' as const,
    changedAtMicros: object.verifiedAtMs * 1000,
  }))
  const wrong = wrongIn(named, objects)
  if (wrong) throw unbelievable(key, wrong)
  return { key, owner: said.version === 1 ? null : { archive: said.archive, log: said.log }, objects }
}

/** What in a manifest does not fit the key that it lies under; null if all does. */
function wrongIn(named: Named, objects: readonly ArchivedObject[]): string | null {
  const kinds = objects.map(({ kind }) => kind)
  const expected = named.daily ? [named.kind] : TICK_KINDS.map(({ table }) => table)
  if (new Set(kinds).size !== kinds.length || !kinds.includes(expected[0]!)) return 'it does not name each kind once'
  if (!kinds.every(kind => expected.includes(kind)))
    return `unknown kind ${kinds.find(kind => !expected.includes(kind))}`
  for (const object of objects) {
    const { slice, key, rows, sha256, bytes } = object
    const days = named.daily
    const own = days ? { partition: 0, firstOffset: 0, lastOffset: 0, startMs: named.dayMs } : named.slice
    const same = (Object.keys(own) as (keyof typeof own)[]).every(name => own[name] === slice[name])
    if (!same || !isPeriod(slice, days)) return 'it is about another slice'
    const due = rows === 0 ? '' : days ? dailyKey(object.kind, slice.startMs) : objectKey(object.kind, slice)
    if (key !== due) return `the key of its ${object.kind} is ${key}, not ${due}`
    if ((rows === 0) !== (sha256 === '') || (rows === 0) !== (bytes === 0)) return `it says no bytes of ${key}`
    if (rows > 0 && !days && !isWithin(object)) return `the rows of ${key} are not of its slice`
  }
  return null
}

function isPeriod({ startMs, endMs }: ArchivedObject['slice'], days: boolean): boolean {
  const lengths = days ? [MS_PER_DAY] : [MS_PER_HOUR, MS_PER_DAY]
  return lengths.some(length => endMs - startMs === length && startMs % length === 0)
}

function isWithin({ slice, rows, lowestOffset, highestOffset }: ArchivedObject): boolean {
  const { firstOffset, lastOffset } = slice
  const most = (lastOffset - firstOffset + 1) * TICKS_PER_RECORD
  return lowestOffset >= firstOffset && highestOffset <= lastOffset && lowestOffset <= highestOffset && rows <= most
}

/** A manifest that cannot be believed. */
export interface ManifestFault {
  key: string
  why: string
}

/** Every manifest of an archive, in the order of their slices; those that cannot be believed aside. Throws what the target throws. */
export async function readManifests(
  target: ArchiveTarget,
): Promise<{ manifests: Manifest[]; faults: ManifestFault[] }> {
  const manifests: Manifest[] = []
  const faults: ManifestFault[] = []
  for await (const { key } of target.list(MANIFESTS)) {
    try {
      const manifest = await fetchManifest(target, key)
      if (manifest) manifests.push(manifest)
    } catch (error) {
      if ((error as TickhouseError).code !== 'archive_mismatch') throw error
      faults.push({ key, why: (error as TickhouseError).message })
    }
  }
  return { manifests, faults }
}

/** All that manifests say of objects, by partition and offset: the ledger of an archive where the store is gone. */
export function objectsOf(manifests: readonly Manifest[]): ArchivedObject[] {
  return manifests
    .flatMap(({ objects }) => objects)
    .sort(
      ({ slice: a }, { slice: b }) =>
        a.partition - b.partition || a.firstOffset - b.firstOffset || a.startMs - b.startMs,
    )
}

function unbelievable(key: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the manifest ${shownKey(key)} cannot be used: ${shownKey(why)}`,
    'Put it back from a copy of the archive, or remove it if it is none of yours: see docs/archive.md.',
  )
}
