/**
 * Compares an archive with its catalog: fetches and hashes every object and lists missing, damaged and foreign ones.
 */
import type { TickhouseError } from '../../errors.ts'
import type { StoreFiles } from '../../store/embedded/files.ts'
import type { ArchivedObject } from '../archive.ts'
import { isAfter, sameChecksums } from '../catalog/catalog.ts'
import { MARKER } from '../catalog/identity.ts'
import { fetchManifest, type Owner } from '../catalog/manifest.ts'
import { columnsOf, type RowSource } from '../columns.ts'
import { dailyManifestKey, manifestKey, parseKey, shownKey } from '../keys.ts'
import { DAILY_KINDS, SEGMENT_TABLE, TICK_KINDS } from '../kinds.ts'
import { TLOG } from '../seal/log-files.ts'
import type { ArchiveTarget, FetchedObject } from '../targets/target.ts'
import { compareRows } from '../write.ts'

/**
 * Kind of a finding. `swapped`: the object has the bytes of another one. `foreign`: it is not in the catalog. `hole`:
 * offsets that no segment of the catalog covers. `unequal`: its rows do not match the checksums (only with `deep`).
 */
export type Fault = 'missing' | 'truncated' | 'changed' | 'swapped' | 'foreign' | 'hole' | 'unequal'

export interface Finding {
  key: string
  fault: Fault
  detail: string
}

export interface Checked {
  findings: Finding[]
  objects: number
  rows: number
  bytes: number
}

export interface CheckOptions {
  target: ArchiveTarget
  /** The catalog, in the order of the segments. */
  objects: readonly ArchivedObject[]
  /** Owner by the marker; null without a marker. */
  owner?: Owner | null
  /** Reads each object's rows too, and compares them with the checksums. */
  deep?: { source: RowSource; files: Pick<StoreFiles, 'rows'> } | undefined
  progress: (doneBytes: number, totalBytes: number) => void
}

/** Checks an archive. Throws only if it is unreadable. Skips `stale` objects: they are to be archived again. */
export async function checkArchive({ target, objects, owner, deep, progress }: CheckOptions): Promise<Checked> {
  const findings: Finding[] = []
  const listed = new Set<string>()
  for await (const { key } of target.list()) listed.add(key)
  for (const key of listed) if (key === MARKER || key.startsWith(TLOG)) listed.delete(key)
  const known = new Set(objects.flatMap(object => [object.key, manifestKeyOf(object)]))
  for (const key of listed) {
    if (!known.has(key) && !(await isInTransit(target, key, objects, owner)))
      findings.push({ key, fault: 'foreign', detail: 'it is not in the catalog' })
  }
  const settled = objects.filter(({ key, state }) => key !== '' && state !== 'stale')
  const bySha256 = new Map(settled.map(object => [object.sha256, object.key]))
  const totalBytes = settled.reduce((sum, { bytes }) => sum + bytes, 0)
  let doneBytes = 0
  for (const object of settled) {
    const finding = await checkObject(target, object, bySha256, deep).catch(mismatchOf(object.key))
    if (finding) findings.push(finding)
    doneBytes += object.bytes
    progress(doneBytes, totalBytes)
  }
  findings.push(...(await checkManifests(target, objects, owner)), ...holes(objects))
  return {
    findings,
    objects: settled.length,
    rows: settled.reduce((sum, { rows }) => sum + rows, 0),
    bytes: totalBytes,
  }
}

/** Turns `archive_mismatch` into a finding; any other error ends the check. */
function mismatchOf(key: string): (error: unknown) => Finding {
  return error => {
    const { code, message } = error as TickhouseError
    if (code !== 'archive_mismatch') throw error
    return { key, fault: 'changed', detail: message }
  }
}

/** Checks an object's bytes and, with `deep`, its rows; fetches it once. */
async function checkObject(
  target: ArchiveTarget,
  object: ArchivedObject,
  bySha256: ReadonlyMap<string, string>,
  deep: CheckOptions['deep'],
): Promise<Finding | null> {
  const { key, bytes } = object
  const fetched = await target.fetch(key)
  if (!fetched) return { key, fault: 'missing', detail: `its ${bytes} bytes are gone` }
  try {
    return bytesFinding(object, fetched, bySha256) ?? (deep ? await rowsFinding(object, fetched.file, deep) : null)
  } finally {
    await fetched.release()
  }
}

function bytesFinding(
  { key, bytes, sha256 }: ArchivedObject,
  fetched: FetchedObject,
  bySha256: ReadonlyMap<string, string>,
): Finding | null {
  if (fetched.sha256 === sha256) return null
  const other = bySha256.get(fetched.sha256)
  if (other) return { key, fault: 'swapped', detail: `it has the bytes of ${other}` }
  if (fetched.bytes < bytes) return { key, fault: 'truncated', detail: `${fetched.bytes} of ${bytes} bytes` }
  return { key, fault: 'changed', detail: `SHA-256 ${fetched.sha256} instead of ${sha256}` }
}

async function rowsFinding(
  object: ArchivedObject,
  file: string,
  { source, files }: NonNullable<CheckOptions['deep']>,
): Promise<Finding | null> {
  const kind = [...TICK_KINDS, ...DAILY_KINDS].find(({ table }) => table === object.kind)
  if (!kind) return { key: object.key, fault: 'unequal', detail: `unknown kind ${object.kind}` }
  try {
    await compareRows(files, kind, await columnsOf(source, kind.table), object, file)
    return null
  } catch (error) {
    return { key: object.key, fault: 'unequal', detail: (error as Error).message }
  }
}

/** Checks that every segment has a manifest of this archive that agrees with the catalog. */
async function checkManifests(
  target: ArchiveTarget,
  objects: readonly ArchivedObject[],
  owner: Owner | null | undefined,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [key, expected] of Map.groupBy(objects, manifestKeyOf)) {
    if (expected.some(({ state }) => state === 'stale')) continue
    const finding = await checkManifest(target, key, expected, owner).catch(mismatchOf(key))
    if (finding) findings.push(finding)
  }
  return findings
}

async function checkManifest(
  target: ArchiveTarget,
  key: string,
  expected: readonly ArchivedObject[],
  owner: Owner | null | undefined,
): Promise<Finding | null> {
  const found = await fetchManifest(target, key)
  if (!found) return { key, fault: 'missing', detail: 'there is no manifest' }
  if (found.owner && owner && found.owner.log !== owner.log)
    return { key, fault: 'foreign', detail: `it is of log ${shownKey(found.owner.log)}` }
  const same =
    found.objects.length === expected.length && found.objects.every(one => expected.some(o => sameChecksums(o, one)))
  return same ? null : { key, fault: 'changed', detail: 'the manifest differs from the catalog' }
}

/** Offsets of a partition that no segment covers. */
function holes(objects: readonly ArchivedObject[]): Finding[] {
  const findings: Finding[] = []
  const next = new Map<number, number>()
  for (const { kind, segment } of objects) {
    if (kind !== SEGMENT_TABLE) continue
    const expected = next.get(segment.partition) ?? 0
    if (segment.firstOffset > expected) {
      const detail = `records ${expected} to ${segment.firstOffset - 1} of partition ${segment.partition} are in no segment`
      findings.push({ key: manifestKey(segment), fault: 'hole', detail })
    }
    next.set(segment.partition, Math.max(expected, segment.lastOffset + 1))
  }
  return findings
}

/**
 * Whether a key is of a segment after the last in the catalog: it is being archived, or will be archived again after an
 * interruption. A manifest, written after its objects, must have the same owner.
 */
async function isInTransit(
  target: ArchiveTarget,
  key: string,
  objects: readonly ArchivedObject[],
  owner: Owner | null | undefined,
): Promise<boolean> {
  const parsedKey = parseKey(key)
  if (!parsedKey || !isAfter(parsedKey, objects)) return false
  const manifest = parsedKey.daily ? dailyManifestKey(parsedKey.kind, parsedKey.dayMs) : manifestKey(parsedKey.segment)
  try {
    const found = await fetchManifest(target, manifest)
    return found === null || owner === undefined || (found.owner !== null && found.owner.log === owner?.log)
  } catch {
    return false
  }
}

function manifestKeyOf({ kind, segment }: ArchivedObject): string {
  const daily = DAILY_KINDS.some(({ table }) => table === kind)
  return daily ? dailyManifestKey(kind, segment.startMs) : manifestKey(segment)
}
