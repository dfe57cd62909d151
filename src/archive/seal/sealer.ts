/**
 * Seals archived objects: appends their entries to the transparency log of the archive and signs a checkpoint. What is
 * sealed already is read from the log itself, so nothing is sealed twice, and objects archived before there was a log are
 * sealed too. A failure delays neither archiving nor storing.
 */
import type { KeyObject } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import { TickhouseError } from '../../errors.ts'
import { readOrMakeKey } from '../../proof/keys.ts'
import { parseLeaf } from '../../proof/leaf.ts'
import { verifierText } from '../../proof/note.ts'
import { type LastSigned, TransparencyLog } from '../../proof/tlog.ts'
import type { StoreFiles } from '../../store/embedded/files.ts'
import type { Store } from '../../store/store.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { ArchivedObject, Cosigning, SealMetrics } from '../archive.ts'
import type { Owner } from '../catalog/manifest.ts'
import { QUARANTINE, TICK_KINDS } from '../kinds.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { Cosignatures } from './cosignatures.ts'
import { LastSignedFile, LastSignedRow } from './last-signed.ts'
import { leavesOf } from './leaves.ts'
import { logFilesOf } from './log-files.ts'
import { type IdKinds, summarise } from './summary.ts'

/** Bounds of one append, so that an interruption loses little and no file is large. */
const APPEND_CHARACTERS_MAX = 400_000
const APPEND_ENTRIES_MAX = 256
const RETRY_MS_MIN = 10_000
const RETRY_MS_MAX = 600_000

export interface SealOptions {
  /** File of the private key; made if there is none. */
  keyFile: string
  /** The private key from a secret, in place of a file. */
  privateKey?: KeyObject | undefined
  idKinds: IdKinds
}

export interface SealerContext extends SealOptions {
  target: ArchiveTarget
  store: Pick<Store, 'rows' | 'insertRows'>
  files: Pick<StoreFiles, 'rows'>
  emit: Emit
  clock: Clock
}

/** Name under which an archive's log signs: the origin of its checkpoints. */
export const originOf = (archive: string): string => `tickhouse/${archive}`

/** The last entries of an object: of which bytes, and how many of them there are. */
interface Sealed {
  sha256: string
  parts: number
  of: number
}

export class Sealer {
  readonly metrics: SealMetrics = {
    entries: 0,
    unsealedObjects: 0,
    checkpointMs: null,
    cosignedEntries: null,
    failure: null,
  }
  readonly cosigning: Cosigning
  readonly #context: SealerContext
  readonly #sealed = new Map<string, Sealed>()
  #log: TransparencyLog | undefined
  #retryAtMs = 0
  #failures = 0

  constructor(context: SealerContext) {
    this.#context = context
    const { target, emit } = context
    this.cosigning = new Cosignatures({ log: () => this.#log, files: logFilesOf(target), metrics: this.metrics, emit })
  }

  /** Seals objects that are not sealed yet, in the order in which they were verified. Emits `seal_failed` instead of throwing. */
  async seal(owner: Owner, objects: readonly ArchivedObject[], signal: AbortSignal): Promise<void> {
    const { clock, emit, target } = this.#context
    if (clock.elapsedMs() < this.#retryAtMs) return
    try {
      await this.#seal(owner, objects, signal)
      if (this.metrics.failure) emit('seal_recovered', { address: target.address })
      this.metrics.failure = null
      this.#failures = 0
    } catch (error) {
      const waitMs = Math.min(RETRY_MS_MIN * 2 ** this.#failures++, RETRY_MS_MAX)
      this.#retryAtMs = clock.elapsedMs() + waitMs
      // What the log has is read again: another process may have changed it.
      this.#log = undefined
      const { message: why, advice = 'Archiving continues' } = error as TickhouseError
      this.metrics.failure = { atMs: clock.nowMicros() / 1000, why, advice }
      emit('seal_failed', { why, advice, waitMs })
    }
  }

  async #seal(owner: Owner, objects: readonly ArchivedObject[], signal: AbortSignal): Promise<void> {
    this.#log ??= await this.#open(owner)
    const log = this.#log
    const open = objects.filter(object => isSealable(object) && !this.#isSealed(object))
    open.sort((a, b) => a.verifiedAtMs - b.verifiedAtMs || (a.key < b.key ? -1 : 1))
    this.metrics.unsealedObjects = open.length
    const failures: unknown[] = []
    let waiting: string[] = []
    for (const object of open) {
      if (signal.aborted) break
      // An object that cannot be read does not keep others from being sealed.
      const leaves = await this.#leavesOf(owner, object).catch(error => void failures.push(error))
      waiting.push(...(leaves ?? []))
      for (let count = batch(waiting); count < waiting.length; count = batch(waiting)) {
        if (!(await this.#append(log, waiting.slice(0, count)))) return
        waiting = waiting.slice(count)
      }
    }
    if (waiting.length > 0) await this.#append(log, waiting)
    this.metrics.unsealedObjects = objects.filter(object => isSealable(object) && !this.#isSealed(object)).length
    if (failures.length > 0) throw failures[0]
  }

  async #open(owner: Owner): Promise<TransparencyLog> {
    const { keyFile, privateKey, store, target, emit } = this.#context
    const signer = { name: originOf(owner.archive), key: privateKey ?? readOrMakeKey(keyFile) }
    const key = verifierText(signer)
    const lastSigned: LastSigned[] = [new LastSignedRow(store, key)]
    if (!privateKey) lastSigned.push(new LastSignedFile(keyFile, owner.archive, key))
    const log = await TransparencyLog.open({ files: logFilesOf(target), signer, lastSigned })
    this.#sealed.clear()
    for await (const { entries } of log.entries()) this.#add(entries.map(String))
    this.metrics.entries = log.size
    this.metrics.checkpointMs = log.signedAtMs
    if (log.lastFromArchive) emit('last_checkpoint_unknown', { address: target.address, entries: log.size })
    emit('seal_opened', { address: target.address, entries: log.size })
    return log
  }

  /** False if others were appended, planned before: then what is sealed has to be looked at again. */
  async #append(log: TransparencyLog, leaves: readonly string[]): Promise<boolean> {
    const { clock, emit } = this.#context
    const appended = await log.append(leaves)
    this.#add(appended)
    this.metrics.entries = log.size
    this.metrics.checkpointMs = clock.nowMicros() / 1000
    emit('sealed', { entries: appended.length, size: log.size })
    return appended.length === leaves.length && appended.every((leaf, at) => leaf === leaves[at])
  }

  /** Entries of an object that are not in the log yet. Throws `archive_mismatch` if its bytes are not those of the catalog. */
  async #leavesOf(owner: Owner, object: ArchivedObject): Promise<string[]> {
    const { target, files, idKinds } = this.#context
    // Refused ticks may name any symbol: of them and of daily tables the object alone is sealed.
    const kind = TICK_KINDS.find(({ table }) => table === object.kind && table !== QUARANTINE)
    const fetched = await target.fetch(object.key)
    try {
      if (fetched?.sha256 !== object.sha256) throw changed(object.key)
      const summaries = kind ? await summarise(files, kind, fetched.file, idKinds) : []
      const leaves = leavesOf(owner, object, summaries, idKinds)
      const known = this.#sealed.get(object.key)
      return known?.sha256 === object.sha256 && known.of === leaves.length ? leaves.slice(known.parts) : leaves
    } finally {
      await fetched?.release()
    }
  }

  #isSealed({ key, sha256 }: ArchivedObject): boolean {
    const sealed = this.#sealed.get(key)
    return sealed?.sha256 === sha256 && sealed.parts === sealed.of
  }

  #add(entries: readonly string[]): void {
    for (const entry of entries) {
      const leaf = parseLeaf(entry)
      if (!leaf) continue
      const { key, sha256 } = leaf.object
      this.#sealed.set(key, { sha256, parts: leaf.part[0], of: leaf.part[1] })
    }
  }
}

/** Whether an object has rows, and is not about to be archived again. */
const isSealable = ({ key, state }: ArchivedObject): boolean => key !== '' && state !== 'stale'

/** How many of the first entries make one append. */
function batch(entries: readonly string[]): number {
  let [count, characters] = [0, 0]
  for (const { length } of entries.slice(0, APPEND_ENTRIES_MAX)) {
    characters += length
    if (characters > APPEND_CHARACTERS_MAX && count > 0) break
    count++
  }
  return count
}

function changed(key: string): TickhouseError {
  return new TickhouseError(
    'archive_mismatch',
    `${key} is missing or has other bytes than when it was archived: it is not sealed`,
    'Restore it from a copy of the archive; tickhouse archive verify lists all such objects.',
  )
}
