/**
 * Manifests: the catalog's entries of a segment or day, stored beside its objects, so that an archive can be checked
 * and restored without its store. Anyone with write access to the archive can write one, so its contents are accepted
 * only if they match its key and the closed list of kinds.
 */
import fs from 'node:fs'
import { z } from 'zod'
import { MS_PER_DAY, MS_PER_HOUR } from '../../clock.ts'
import { TickhouseError } from '../../errors.ts'
import type { ArchivedObject } from '../archive.ts'
import { dailyKey, MANIFESTS, objectKey, PARTITION_MAX, type ParsedKey, parseKey, shownKey } from '../keys.ts'
import { TICK_KINDS } from '../kinds.ts'
import type { ArchiveTarget } from '../targets/target.ts'

/** Version 1 has no owner. */
const VERSION = 2
const BYTES_MAX = 2 ** 20
/** A record has fewer ticks than this. */
const TICKS_PER_RECORD = 2 ** 20
/** Upper limits of DateTime and DateTime64(3), ms since 1970 UTC. */
const SEGMENT_MS_MAX = (2 ** 32 - 1) * 1000
const TIME_MS_MAX = Date.UTC(2299, 11, 31)

const count = z.int().min(0)
const integerText = (min: bigint, max: bigint) =>
  z
    .string()
    .regex(/^-?\d{1,20}$/)
    .refine(text => BigInt(text) >= min && BigInt(text) <= max)
const hash = integerText(0n, 2n ** 64n - 1n)
const nanos = integerText(-(2n ** 63n), 2n ** 63n - 1n)
const time = z.int().min(0).max(TIME_MS_MAX)

/** As stored: a segment's key is `slice`. */
const OBJECT = z.strictObject({
  kind: z.string(),
  slice: z.strictObject({
    partition: count.max(PARTITION_MAX),
    firstOffset: count,
    lastOffset: count,
    startMs: count.max(SEGMENT_MS_MAX),
    endMs: count.max(SEGMENT_MS_MAX),
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

/** See `Log.identity`. */
export const LOG_IDENTITY = z.string().min(1).max(4096)

const OWNER = { archive: z.uuid(), log: LOG_IDENTITY }
const MANIFEST = z.discriminatedUnion('version', [
  z.strictObject({ version: z.literal(1), objects: z.array(OBJECT) }),
  z.strictObject({ version: z.literal(VERSION), ...OWNER, objects: z.array(OBJECT) }),
])

/** Id of an archive, and identity of the log whose records it contains. */
export interface Owner {
  archive: string
  log: string
}

export interface Manifest {
  key: string
  /** Null in version 1. */
  owner: Owner | null
  objects: ArchivedObject[]
}

/** The manifest of a segment's objects, JSON. */
export function manifestOf({ archive, log }: Owner, objects: readonly ArchivedObject[]): string {
  const stored = objects.map(({ state: _state, changedAtMicros: _changed, segment: slice, ...object }) => ({
    ...object,
    slice,
  }))
  return `${JSON.stringify({ version: VERSION, archive, log, objects: stored }, null, 1)}\n`
}

/** The manifest under a key; null if there is none. Throws `archive_mismatch` if it is invalid. */
export async function fetchManifest(target: ArchiveTarget, key: string): Promise<Manifest | null> {
  const text = await fetchText(target, key)
  return text === null ? null : parseManifest(key, text)
}

/** A small object as text; null if there is none. Throws `archive_mismatch` above 1 MiB, and errors of the target. */
export async function fetchText(target: ArchiveTarget, key: string): Promise<string | null> {
  const fetched = await target.fetch(key)
  if (!fetched) return null
  try {
    if (fetched.bytes > BYTES_MAX) throw unusable(key, `it has ${fetched.bytes} bytes`)
    return await fs.promises.readFile(fetched.file, 'utf8')
  } finally {
    await fetched.release()
  }
}

/** Parses the manifest stored under a key. Throws `archive_mismatch` unless its contents match the key. */
export function parseManifest(key: string, text: string): Manifest {
  const parsedKey = parseKey(key)
  if (!parsedKey?.manifest) throw unusable(key, 'not the key of a manifest')
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw unusable(key, 'it is not JSON')
  }
  refuseNewer(`the manifest ${shownKey(key)}`, json, VERSION)
  const parsed = MANIFEST.safeParse(json)
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!
    throw unusable(key, [...path, message].join(': '))
  }
  const manifest = parsed.data
  const objects = manifest.objects.map(({ slice: segment, ...object }) => ({
    ...object,
    segment,
    state: 'verified' as const,
    changedAtMicros: object.verifiedAtMs * 1000,
  }))
  const wrong = mismatchIn(parsedKey, objects)
  if (wrong) throw unusable(key, wrong)
  return { key, owner: manifest.version === 1 ? null : { archive: manifest.archive, log: manifest.log }, objects }
}

/** How a manifest differs from its key; null if it matches. */
function mismatchIn(parsedKey: ParsedKey, objects: readonly ArchivedObject[]): string | null {
  const kinds = objects.map(({ kind }) => kind)
  const expected = parsedKey.daily ? [parsedKey.kind] : TICK_KINDS.map(({ table }) => table)
  if (new Set(kinds).size !== kinds.length || !kinds.includes(expected[0]!)) return 'each kind must occur once'
  if (!kinds.every(kind => expected.includes(kind)))
    return `unknown kind ${kinds.find(kind => !expected.includes(kind))}`
  for (const object of objects) {
    const { segment, key, rows, sha256, bytes } = object
    const days = parsedKey.daily
    const expectedSegment = days
      ? { partition: 0, firstOffset: 0, lastOffset: 0, startMs: parsedKey.dayMs }
      : parsedKey.segment
    const same = (Object.keys(expectedSegment) as (keyof typeof expectedSegment)[]).every(
      name => expectedSegment[name] === segment[name],
    )
    if (!same || !isPeriod(segment, days)) return 'it is about another segment'
    const expectedKey =
      rows === 0 ? '' : days ? dailyKey(object.kind, segment.startMs) : objectKey(object.kind, segment)
    if (key !== expectedKey) return `the key of its ${object.kind} is ${key}, not ${expectedKey}`
    if ((rows === 0) !== (sha256 === '') || (rows === 0) !== (bytes === 0))
      return `size or checksum of ${key} is missing`
    if (rows > 0 && !days && !isWithin(object)) return `the rows of ${key} are not of its segment`
  }
  return null
}

function isPeriod({ startMs, endMs }: ArchivedObject['segment'], days: boolean): boolean {
  const lengths = days ? [MS_PER_DAY] : [MS_PER_HOUR, MS_PER_DAY]
  return lengths.some(length => endMs - startMs === length && startMs % length === 0)
}

function isWithin({ segment, rows, lowestOffset, highestOffset }: ArchivedObject): boolean {
  const { firstOffset, lastOffset } = segment
  const most = (lastOffset - firstOffset + 1) * TICKS_PER_RECORD
  return lowestOffset >= firstOffset && highestOffset <= lastOffset && lowestOffset <= highestOffset && rows <= most
}

/** An invalid manifest. */
export interface ManifestFault {
  key: string
  why: string
}

/** All manifests of an archive in the order of their keys, and the invalid ones. Throws errors of the target. */
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

/** The objects of manifests by partition and offset: the catalog of an archive whose store is lost. */
export function objectsOf(manifests: readonly Manifest[]): ArchivedObject[] {
  return manifests
    .flatMap(({ objects }) => objects)
    .sort(
      ({ segment: a }, { segment: b }) =>
        a.partition - b.partition || a.firstOffset - b.firstOffset || a.startMs - b.startMs,
    )
}

/** Throws `archive_mismatch` for a file of the archive whose version is higher than this program's. */
export function refuseNewer(what: string, json: unknown, version: number): void {
  const { data } = z.looseObject({ version: z.int().gt(version) }).safeParse(json)
  if (data)
    throw new TickhouseError(
      'archive_mismatch',
      `${what} cannot be used: a newer tickhouse wrote it, version ${data.version}, and this program has ${version}`,
      'Use the newer tickhouse for this archive, or set TICKHOUSE_ARCHIVE to a new location.',
    )
}

function unusable(key: string, why: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `the manifest ${shownKey(key)} cannot be used: ${shownKey(why)}`,
    'Restore it from a copy of the archive, or remove it if it is not yours: see docs/archive.md.',
  )
}
