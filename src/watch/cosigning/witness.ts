/**
 * Cosigns the checkpoints of archives' transparency logs, as a witness that keeps the last one of each log: a checkpoint
 * that does not continue it is never cosigned. What is cosigned is on disk before anybody else gets it.
 */
import { cosign, parseRequest, witnessText } from '../../proof/cosignature.ts'
import { isConsistent } from '../../proof/merkle.ts'
import { type Checkpoint, openCheckpoint, parseNote, parseVerifier, type Signer } from '../../proof/note.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { KeptLog, WitnessFile } from './witness-file.ts'

/** A process that seals, or does not: then its requests are null. */
export interface WitnessedProcess {
  url: string
  /** Throws NoAnswer. */
  checkpoint(old: number): Promise<{ key: string; request: string } | null>
  /** Throws NoAnswer. */
  cosignature(witness: string, note: string): Promise<void>
}

/** Why checkpoints were not cosigned. */
export interface CosigningProbe {
  /** The log does not continue what was cosigned. */
  forked: readonly { url: string; why: string }[]
  failed: readonly { url: string; why: string }[]
}

class Forked extends Error {}

export class Witness {
  /** Entries under the newest checkpoint that was cosigned; undefined before. */
  size: number | undefined
  readonly #file: WitnessFile
  readonly #signer: Signer
  readonly #emit: Emit
  /** The log that each process showed last. */
  readonly #origins = new Map<string, string>()

  constructor(file: WitnessFile, signer: Signer, emit: Emit) {
    this.#file = file
    this.#signer = signer
    this.#emit = emit
  }

  /** Asks each process for its newest checkpoint and cosigns it. `nowMs` since 1970 UTC. Never rejects. */
  async probe(processes: readonly WitnessedProcess[], nowMs: number): Promise<CosigningProbe> {
    const forked: { url: string; why: string }[] = []
    const failed: { url: string; why: string }[] = []
    for (const process of processes) {
      const { url } = process
      try {
        await this.#witness(process, nowMs)
      } catch (error) {
        const list = error instanceof Forked ? forked : failed
        list.push({ url, why: (error as Error).message })
      }
    }
    return { forked, failed }
  }

  async #witness(process: WitnessedProcess, nowMs: number): Promise<void> {
    const before = this.#file.log(this.#origins.get(process.url) ?? '')
    const shown = await this.#fetch(process, before?.size ?? 0)
    if (!shown) return
    const { origin } = shown.checkpoint
    this.#origins.set(process.url, origin)
    const known = this.#file.log(origin)
    // Which checkpoint the proof has to begin at depends on the log.
    const offered = known?.size === before?.size ? shown : await this.#fetch(process, known?.size ?? 0)
    if (offered?.checkpoint.origin !== origin) return
    if (!known || offered.checkpoint.size > known.size) await this.#cosign(offered, known, nowMs)
    else this.#compare(offered, known)
    const last = this.#file.log(origin)!
    this.size = last.size
    if (last.delivered) return
    await process.cosignature(witnessText(this.#signer), last.note)
    this.#file.save(origin, { ...last, delivered: true })
  }

  /** What a process shows, signed by the key of its log. */
  async #fetch(process: WitnessedProcess, old: number): Promise<Offer | null> {
    const answer = await process.checkpoint(old)
    if (!answer) return null
    const request = parseRequest(answer.request)
    const verifier = parseVerifier(answer.key)
    if (!request || !verifier) throw new Error('it shows no checkpoint that can be read')
    const known = this.#file.log(verifier.name)
    if (known && known.key !== answer.key) throw new Forked(`${verifier.name} is signed by another key than before`)
    const checkpoint = openCheckpoint(request.note, verifier)
    if (!checkpoint) throw new Error('its checkpoint is not signed by its key')
    return { key: answer.key, checkpoint, ...request }
  }

  async #cosign(
    { key, checkpoint, old, proof, note }: Offer,
    known: KeptLog | undefined,
    nowMs: number,
  ): Promise<void> {
    const { origin, size, root } = checkpoint
    if (old !== (known?.size ?? 0)) throw new Error('it answers another request')
    if (known && !isConsistent(known.size, size, known.root, root, proof))
      throw new Forked(`its ${size} entries do not begin with the ${known.size} that were cosigned`)
    const line = cosign(parseNote(note)!.text, this.#signer, Math.floor(nowMs / 1000))
    this.#file.save(origin, { key, size, root, note: note + line, delivered: false })
    if (!known) this.#emit('witness_began', { log: key })
    this.#emit('cosigned', { log: origin, size })
  }

  #compare({ checkpoint: { size, root } }: Offer, known: KeptLog): void {
    if (size < known.size) throw new Forked(`it has ${size} entries, and ${known.size} were cosigned`)
    if (!root.equals(known.root)) throw new Forked(`its ${size} entries are not those that were cosigned`)
  }
}

interface Offer {
  key: string
  checkpoint: Checkpoint
  old: number
  proof: readonly Buffer[]
  note: string
}
