/** A transparency log in memory behind HTTP, as the process that seals serves it to witnesses. */
import { generateKeyPairSync } from 'node:crypto'
import fastify, { type FastifyInstance } from 'fastify'
import { Cosignatures } from '../../../src/archive/seal/cosignatures.ts'
import type { Signer } from '../../../src/proof/note.ts'
import { cosignedPath, type LogFiles, TransparencyLog } from '../../../src/proof/tlog.ts'
import { serveCosigning } from '../../../src/serve/page/cosigning-routes.ts'
import { EventLog } from '../judges/event-log.ts'

function filesInMemory(): LogFiles & { files: Map<string, Buffer> } {
  const files = new Map<string, Buffer>()
  return {
    files,
    read: async path => files.get(path) ?? null,
    write: async (path, bytes) => void files.set(path, bytes),
    create: async (path, text) => void (files.has(path) || files.set(path, Buffer.from(text))),
  }
}

export class WitnessedLog {
  readonly server: FastifyInstance = fastify({ forceCloseConnections: true })
  readonly events = new EventLog()
  readonly signer: Signer
  url = ''
  /** Called at each cosignature before it is taken. */
  onCosignature: (note: string) => void = () => {}
  #log!: TransparencyLog
  #files = filesInMemory()

  private constructor(signer: Signer) {
    this.signer = signer
  }

  static async open(entries: readonly string[]): Promise<WitnessedLog> {
    const log = new WitnessedLog({ name: 'tickhouse/log', key: generateKeyPairSync('ed25519').privateKey })
    await log.show(entries)
    const cosigning = () =>
      new Cosignatures({
        log: () => log.#log,
        files: log.#files,
        metrics: { entries: 0, unsealedObjects: 0, checkpointMs: null, cosignedEntries: null, failure: null },
        emit: log.events.emit,
      })
    serveCosigning(log.server, {
      request: old => cosigning().request(old),
      accept: (witness, note) => {
        log.onCosignature(note)
        return cosigning().accept(witness, note)
      },
    })
    log.url = await log.server.listen({ host: '127.0.0.1', port: 0 })
    return log
  }

  /** Shows a log of these entries from now on, signed by the same key: also one that another one forks from. */
  async show(entries: readonly string[], signer = this.signer): Promise<void> {
    this.#files = filesInMemory()
    this.#log = await TransparencyLog.open({ files: this.#files, signer, lastSigned: [] })
    if (entries.length > 0) await this.#log.append(entries)
  }

  async append(entries: readonly string[]): Promise<void> {
    await this.#log.append(entries)
  }

  get note(): string {
    return this.#log.note
  }

  /** The cosigned checkpoint of a size, as it is stored; null if there is none. */
  cosigned(size: number): string | null {
    return this.#files.files.get(cosignedPath(size))?.toString() ?? null
  }

  close(): Promise<void> {
    return this.server.close()
  }
}
