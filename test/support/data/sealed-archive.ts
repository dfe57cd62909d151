/** A sealed archive in a directory, with certificates about it, and what a forger with a key can do to a copy. */
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { certify } from '../../../src/archive/seal/certify.ts'
import { logFilesOf } from '../../../src/archive/seal/log-files.ts'
import { archiveReader } from '../../../src/archive/seal/read-object.ts'
import { DirectoryTarget } from '../../../src/archive/targets/directory.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { Range } from '../../../src/proof/certificate.ts'
import { cosign, parseWitness, witnessText } from '../../../src/proof/cosignature.ts'
import { readKey } from '../../../src/proof/keys.ts'
import {
  openCheckpoint,
  parseNote,
  parseVerifier,
  type Signer,
  type Verifier,
  verifierText,
} from '../../../src/proof/note.ts'
import { readEntries } from '../../../src/proof/tiles.ts'
import { cosignedPath, TransparencyLog } from '../../../src/proof/tlog.ts'
import { type ArchiveReader, type Verdict, verifyCertificate } from '../../../src/proof/verify.ts'
import type { Store } from '../../../src/store/store.ts'
import type { IdKind } from '../../../src/tick/id-kind.ts'
import { type ArchiveFixture, archiverOf, LATER_MS, openArchiveFixture } from './archiving.ts'

const DAY_NANOS = 86_400_000_000_000n
const FROM = BigInt(Date.UTC(2026, 10, 22)) * 1_000_000n

/** All trades of a symbol of the mixed log. */
export const rangeOf = (symbol: string): Range => ({
  venue: 'binance',
  symbol,
  kind: 'trades',
  from: FROM - 400n * DAY_NANOS,
  to: FROM + 400n * DAY_NANOS,
})

/** When witnesses cosigned, s since 1970 UTC. */
export const COSIGNED_AT = Date.UTC(2026, 10, 23, 2) / 1000

export class SealedArchive {
  /** Has cosigned the last checkpoint. */
  readonly witness: Signer = { name: 'watch.example.org', key: generateKeyPairSync('ed25519').privateKey }
  /** Its public key. */
  readonly witnessKey = witnessText(this.witness)
  readonly witnessVerifier = parseWitness(this.witnessKey)!
  readonly directory: string
  readonly fixture: ArchiveFixture
  readonly signer: Signer
  /** The public key as its owner publishes it. */
  readonly key: string
  readonly verifier: Verifier
  /** The checkpoint before the last objects were sealed. */
  readonly earlier: string

  private constructor(directory: string, fixture: ArchiveFixture, signer: Signer, earlier: string) {
    this.directory = directory
    this.fixture = fixture
    this.signer = signer
    this.earlier = earlier
    this.key = verifierText(signer)
    this.verifier = parseVerifier(this.key)!
  }

  /** One for a test file, in a directory of its own, until the file's tests have ended. */
  static async open({ after }: { after(end: () => Promise<void>): void }, ids?: IdKind): Promise<SealedArchive> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-sealed-'))
    const archive = await SealedArchive.make(directory, ids)
    after(async () => {
      await archive.close()
      fs.rmSync(directory, { recursive: true, force: true })
    })
    return archive
  }

  /** For copies and other files of a test. */
  get scratch(): string {
    return path.dirname(this.directory)
  }

  /** The mixed log, archived and sealed in two rounds into `<directory>/archive`. */
  static async make(directory: string, ids: IdKind = 'dense'): Promise<SealedArchive> {
    const fixture = await openArchiveFixture(directory)
    const archive = `${directory}/archive`
    const target = await openTarget(`file:${archive}`, 'unused')
    const keyFile = `${directory}/key.pem`
    const seal = { keyFile, idKinds: new Map([['binance', ids]]) }
    await archiverOf(fixture, target, { seal, nowMs: Date.UTC(2026, 10, 23, 1) + 1_000 }).archiver.round()
    const earlier = fs.readFileSync(`${archive}/tlog/checkpoint`, 'utf8')
    await archiverOf(fixture, target, { seal, nowMs: LATER_MS }).archiver.round()
    const name = fs.readFileSync(`${archive}/tlog/key`, 'utf8').split('+')[0]!
    const made = new SealedArchive(archive, fixture, { name, key: readKey(keyFile) }, earlier)
    made.cosign(archive, made.witness)
    return made
  }

  get store(): Store {
    return this.fixture.store
  }

  /** A copy of the archive; `from` another one than the original. */
  copy(directory: string, from = this.directory): string {
    fs.rmSync(directory, { recursive: true, force: true })
    fs.cpSync(from, directory, { recursive: true })
    return directory
  }

  #reader(directory: string) {
    return archiveReader(new DirectoryTarget(directory), { rows: select => this.store.rows(select) })
  }

  async certificate(range: Range, directory = this.directory, signer = this.signer): Promise<string> {
    return (await certify(this.#reader(directory), signer, range)).text
  }

  /** A certificate by an owner who does not compare the rows with what the entries state. */
  async carelessCertificate(range: Range, directory: string): Promise<string> {
    const reader = this.#reader(directory)
    const readObject: ArchiveReader['readObject'] = async (leaf, of) => {
      const read = await reader.readObject(leaf, of)
      return read && { ...read, symbols: leaf.symbols.filter(({ symbol }) => symbol === of.symbol) }
    }
    return (await certify({ ...reader, readObject }, this.signer, range)).text
  }

  verify(certificate: string, directory = this.directory, witnesses: readonly Verifier[] = []): Promise<Verdict> {
    return verifyCertificate(certificate, this.#reader(directory), this.verifier, witnesses)
  }

  /** Objects of trades. */
  objects(directory = this.directory): string[] {
    return fs
      .readdirSync(`${directory}/trades`, { recursive: true, encoding: 'utf8' })
      .filter(name => name.endsWith('.parquet'))
      .map(name => `trades/${name}`)
      .sort()
  }

  /** Writes the rows of an object of a copy again, as a SELECT over `rows` gives them. */
  async rewrite(directory: string, object: string, select: (rows: string) => string): Promise<void> {
    const file = `${directory}/${object}`
    await this.store.writeParquet(select(`file('${file}', 'Parquet')`), {}, `${file}.new`)
    fs.renameSync(`${file}.new`, file)
  }

  /** A checkpoint of a copy with the cosignature of a witness in its file, as the archiver stores it. */
  cosign(directory: string, witness: Signer, note = fs.readFileSync(`${directory}/tlog/checkpoint`, 'utf8')): void {
    const { size } = openCheckpoint(note, this.verifier)!
    fs.mkdirSync(`${directory}/tlog/cosigned`, { recursive: true })
    const line = cosign(parseNote(note)!.text, witness, COSIGNED_AT)
    fs.writeFileSync(`${directory}/tlog/${cosignedPath(size)}`, note + line)
  }

  /** Makes the log of a copy again from edited entries, with a key. */
  async reseal(directory: string, signer: Signer, edit: (entries: string[]) => string[]): Promise<void> {
    const entries: string[] = []
    const { read } = logFilesOf(new DirectoryTarget(directory))
    const { size } = openCheckpoint((await read('checkpoint'))!.toString(), this.verifier)!
    for await (const { entries: some } of readEntries(read, size)) entries.push(...some.map(String))
    fs.rmSync(`${directory}/tlog`, { recursive: true })
    const target = await DirectoryTarget.open(directory)
    const log = await TransparencyLog.open({
      files: logFilesOf(target),
      signer,
      lastSigned: [],
    })
    await log.append(edit(entries))
  }

  /** A key of somebody else, under the same name. */
  otherSigner(): Signer {
    return { name: this.signer.name, key: generateKeyPairSync('ed25519').privateKey }
  }

  close(): Promise<void> {
    return this.fixture.close()
  }
}
