/** Offers the newest checkpoint to witnesses, and keeps their cosignatures in the archive beside it. */
import { cosignedAt, parseWitness, requestText } from '../../proof/cosignature.ts'
import { openCheckpoint, parseNote, parseVerifier } from '../../proof/note.ts'
import { cosignedPath, type LogFiles, type TransparencyLog } from '../../proof/tlog.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Cosigning, SealMetrics } from '../archive.ts'

/** Cosignatures of one checkpoint. */
const WITNESSES_MAX = 32

export interface CosignaturesContext {
  /** Undefined until it is open. */
  log: () => TransparencyLog | undefined
  files: LogFiles
  metrics: SealMetrics
  emit: Emit
}

export class Cosignatures implements Cosigning {
  readonly #context: CosignaturesContext
  #last: Promise<unknown> = Promise.resolve()

  constructor(context: CosignaturesContext) {
    this.#context = context
  }

  async request(old: number): Promise<{ key: string; request: string } | null> {
    const log = this.#context.log()
    if (!log || log.size === 0) return null
    return { key: log.key, request: requestText(await log.requestFrom(old)) }
  }

  /** One at a time: each adds its line to a file. */
  accept(witness: string, note: string): Promise<string | null> {
    const accepted = this.#last.catch(() => {}).then(() => this.#accept(witness, note))
    this.#last = accepted
    return accepted
  }

  async #accept(witness: string, note: string): Promise<string | null> {
    const { files, metrics, emit } = this.#context
    const log = this.#context.log()
    const verifier = parseWitness(witness)
    if (!log) return 'the transparency log is not open'
    if (!verifier) return 'not the public key of a witness'
    // This key signs one checkpoint of each size.
    const checkpoint = openCheckpoint(note, parseVerifier(log.key)!)
    if (!checkpoint) return 'not a checkpoint of this log'
    if (typeof cosignedAt(note, verifier) !== 'number') return 'not cosigned by this key'
    const { size } = checkpoint
    const found = (await files.read(cosignedPath(size)))?.toString() ?? ''
    // A file that somebody else wrote does not count.
    const known = openCheckpoint(found, parseVerifier(log.key)!) ? found : undefined
    if (known === undefined || cosignedAt(known, verifier) === 'missing') {
      const signed = known ?? signedBy(note, [log.key.split('+')[0]!])
      if (parseNote(signed)!.signatures.length > WITNESSES_MAX) return `more than ${WITNESSES_MAX} witnesses`
      await files.write(cosignedPath(size), Buffer.from(signed + linesOf(note, [verifier.name])))
      emit('cosignature_stored', { size, witness: verifier.name })
    }
    metrics.cosignedEntries = Math.max(metrics.cosignedEntries ?? 0, size)
    return null
  }
}

const linesOf = (note: string, names: readonly string[]): string =>
  note
    .slice(note.lastIndexOf('\n\n') + 2)
    .split(/(?<=\n)/)
    .filter(line => names.includes(line.split(' ')[1] ?? ''))
    .join('')

/** A note with the signatures by some names only. */
const signedBy = (note: string, names: readonly string[]): string =>
  `${note.slice(0, note.lastIndexOf('\n\n') + 2)}${linesOf(note, names)}`
