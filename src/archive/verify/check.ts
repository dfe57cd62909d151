/** Holds a whole archive against its ledger: every object is fetched and hashed; what is missing, wrong or too much is named. */
import type { TickhouseError } from '../../errors.ts'
import type { StoreFiles } from '../../store/embedded/files.ts'
import type { ArchivedObject } from '../archive.ts'
import { isAfter, sameProof } from '../catalog/catalog.ts'
import { MARKER } from '../catalog/identity.ts'
import { fetchManifest, type Owner } from '../catalog/manifest.ts'
import { type Asked, columnsOf } from '../columns.ts'
import { dailyManifestKey, manifestKey, parseKey, shownKey } from '../keys.ts'
import { DAILY_KINDS, TICK_KINDS } from '../kinds.ts'
import type { ArchiveTarget, FetchedObject } from '../targets/target.ts'
import { compareRows } from '../write.ts'

/**
 * What is wrong with an object. `swapped`: it holds the bytes of another object. `foreign`: the ledger does not know it. `hole`:
 * no slice of the ledger holds some offsets. `unequal`: its rows are not those of the ledger (deep).
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
  /** What the ledger says, in the order of the slices. */
  objects: readonly ArchivedObject[]
  /** Whose archive it is; null if it has no marker. */
  owner?: Owner | null
  /** Reads each object's rows too, and compares them with the ledger's fingerprint. */
  deep?: { asked: Asked; files: Pick<StoreFiles, 'rows'> } | undefined
  progress: (doneBytes: number, totalBytes: number) => void
}

/** Checks an archive. Throws only if it cannot be read at all. What is `stale` is about to be written anew and left out. */
export async function checkArchive({ target, objects, owner, deep, progress }: CheckOptions): Promise<Checked> {
  const findings: Finding[] = []
  const listed = new Set<string>()
  for await (const { key } of target.list()) listed.add(key)
  listed.delete(MARKER)
  const known = new Set(objects.flatMap(object => [object.key, manifestKeyOf(object)]))
  for (const key of listed) {
    if (!known.has(key) && !(await isOnItsWay(target, key, objects, owner)))
      findings.push({ key, fault: 'foreign', detail: 'the ledger does not know it' })
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

/** What the target, or a manifest, says is not as it should be is a finding; anything else ends the check. */
function mismatchOf(key: string): (error: unknown) => Finding {
  return error => {
    const { code, message } = error as TickhouseError
    if (code !== 'archive_mismatch') throw error
    return { key, fault: 'changed', detail: message }
  }
}

/** Fetches an object once, for its bytes and its rows. */
async function checkObject(
  target: ArchiveTarget,
  object: ArchivedObject,
  bySha256: ReadonlyMap<string, string>,
  deep: CheckOptions['deep'],
): Promise<Finding | null> {
  const { key, bytes } = object
  const fetched = await target.fetch(key)
  if (!fetched) return { key, fault: 'missing', detail: `${bytes} bytes are gone` }
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
  if (other) return { key, fault: 'swapped', detail: `it holds the bytes of ${other}` }
  if (fetched.bytes < bytes) return { key, fault: 'truncated', detail: `${fetched.bytes} of ${bytes} bytes` }
  return { key, fault: 'changed', detail: `SHA-256 ${fetched.sha256} instead of ${sha256}` }
}

async function rowsFinding(
  object: ArchivedObject,
  file: string,
  { asked, files }: NonNullable<CheckOptions['deep']>,
): Promise<Finding | null> {
  const kind = [...TICK_KINDS, ...DAILY_KINDS].find(({ table }) => table === object.kind)
  if (!kind) return { key: object.key, fault: 'unequal', detail: `unknown kind ${object.kind}` }
  try {
    await compareRows(files, kind, await columnsOf(asked, kind.table), object, file)
    return null
  } catch (error) {
    return { key: object.key, fault: 'unequal', detail: (error as Error).message }
  }
}

/** Every slice has a manifest, and it says what the ledger says, in this archive. */
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
  const said = await fetchManifest(target, key)
  if (!said) return { key, fault: 'missing', detail: 'there is no manifest' }
  if (said.owner && owner && said.owner.log !== owner.log)
    return { key, fault: 'foreign', detail: `it is of log ${shownKey(said.owner.log)}` }
  const same =
    said.objects.length === expected.length && said.objects.every(one => expected.some(o => sameProof(o, one)))
  return same ? null : { key, fault: 'changed', detail: 'the manifest does not say what the ledger says' }
}

/** Offsets between two slices of a partition that no slice holds. */
function holes(objects: readonly ArchivedObject[]): Finding[] {
  const findings: Finding[] = []
  const next = new Map<number, number>()
  for (const { kind, slice } of objects) {
    if (kind !== TICK_KINDS[0]!.table) continue
    const expected = next.get(slice.partition) ?? 0
    if (slice.firstOffset > expected) {
      const detail = `records ${expected} to ${slice.firstOffset - 1} of partition ${slice.partition} are in no slice`
      findings.push({ key: manifestKey(slice), fault: 'hole', detail })
    }
    next.set(slice.partition, Math.max(expected, slice.lastOffset + 1))
  }
  return findings
}

/**
 * Is it the object of a slice after all that the ledger has: just being archived, or cut off and archived again at the next start? Its
 * manifest, which is written after it, says so too by then.
 */
async function isOnItsWay(
  target: ArchiveTarget,
  key: string,
  objects: readonly ArchivedObject[],
  owner: Owner | null | undefined,
): Promise<boolean> {
  const named = parseKey(key)
  if (!named || !isAfter(named, objects)) return false
  const manifest = named.daily ? dailyManifestKey(named.kind, named.dayMs) : manifestKey(named.slice)
  try {
    const said = await fetchManifest(target, manifest)
    return said === null || owner === undefined || (said.owner !== null && said.owner.log === owner?.log)
  } catch {
    return false
  }
}

function manifestKeyOf({ kind, slice }: ArchivedObject): string {
  const daily = DAILY_KINDS.some(({ table }) => table === kind)
  return daily ? dailyManifestKey(kind, slice.startMs) : manifestKey(slice)
}
