/**
 * Forgeries of a certificate or of the archive beside it, made by a seeded generator, each with the reason for which it must be
 * refused. `withKey`: by the owner of the key; a program that does not read rows cannot see those marked `rows`.
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import type { Predicate, Statement } from '../../../src/proof/certificate.ts'
import { cosign } from '../../../src/proof/cosignature.ts'
import { openEnvelope, parseEnvelope, signEnvelope } from '../../../src/proof/dsse.ts'
import type { Leaf } from '../../../src/proof/leaf.ts'
import { leafText } from '../../../src/proof/leaf.ts'
import { parseNote } from '../../../src/proof/note.ts'
import type { Refusal } from '../../../src/proof/verify.ts'
import { Random } from '../../../src/simulator/random.ts'
import { COSIGNED_AT, rangeOf, type SealedArchive } from './sealed-archive.ts'

export interface Forgery {
  name: string
  certificate: string
  directory: string
  refusal: Refusal
  /** Public keys of witnesses that must have cosigned. */
  witnesses: string[]
  /** Not seen without reading the rows, or all entries. */
  rows: boolean
}

interface Scene {
  archive: SealedArchive
  /** The untouched certificate and a copy of the archive to change. */
  certificate: string
  directory: string
  below(limit: number): number
}

type Forge = (scene: Scene) => Promise<string | undefined> | string | undefined

interface Kind {
  name: string
  refusal: Refusal
  rows?: true
  /** The certificate must be cosigned by the archive's witness. */
  witnessed?: true
  /** Changes the copy, or returns another certificate. */
  forge: Forge
}

const pick = <T>({ below }: Scene, items: readonly T[]): T => items[below(items.length)]!
const file = ({ directory }: Scene, key: string) => path.join(directory, key)

/** The certificate with its statement changed: under the old signature, or signed again by the owner. */
function restated({ archive, certificate }: Scene, change: (statement: Statement) => void, sign: boolean): string {
  const envelope = parseEnvelope(certificate)!
  const statement = JSON.parse(openEnvelope(envelope, archive.verifier)!) as Statement
  change(statement)
  const text = JSON.stringify(statement)
  return JSON.stringify(
    sign
      ? signEnvelope(text, archive.signer, archive.key)
      : { ...envelope, payload: Buffer.from(text).toString('base64') },
  )
}

/** A digit of a number's text is another one. */
function otherDigit({ below }: Scene, text: string): string {
  const at = pick(
    { below } as Scene,
    [...text.matchAll(/\d/g)].map(({ index }) => index),
  )
  return text.slice(0, at) + ((Number(text[at]) + 1 + below(9)) % 10) + text.slice(at + 1)
}

/** The certificate with another line of its witness, signed by the owner. */
function recosigned(scene: Scene, lineOf: (text: string, line: string) => string): string {
  return restated(
    scene,
    ({ predicate }) => {
      const lines = predicate.checkpoint.split(/(?<=\n)/)
      const line = lines.pop()!
      predicate.checkpoint = lines.join('') + lineOf(parseNote(predicate.checkpoint)!.text, line)
    },
    true,
  )
}

/** Another log of the same size in the copy; returns its checkpoint. */
async function fork({ archive, directory }: Scene): Promise<string> {
  await archive.reseal(directory, archive.signer, entries => entries.toReversed())
  return fs.readFileSync(path.join(directory, 'tlog/checkpoint'), 'utf8')
}

function flip(scene: Scene, key: string): void {
  const bytes = fs.readFileSync(file(scene, key))
  bytes[scene.below(bytes.length)]! ^= 1 << scene.below(8)
  fs.writeFileSync(file(scene, key), bytes)
}

const filesOf = (scene: Scene, folder: string) =>
  fs
    .readdirSync(file(scene, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.relative(scene.directory, path.join(entry.parentPath, entry.name)))

/** Files of the log's last state: earlier partial tiles do not count. */
function tileOf(scene: Scene, level: string): string {
  const widths = filesOf(scene, `tlog/tile/${level}`).sort(
    (a, b) => Number(a.split('/').at(-1)) - Number(b.split('/').at(-1)),
  )
  return widths.at(-1)!
}

const CLAIMS: readonly ((scene: Scene, predicate: Predicate) => void)[] = [
  (scene, { claims }) => {
    claims.volume = otherDigit(scene, claims.volume)
  },
  (scene, { claims }) => {
    claims.notional = otherDigit(scene, claims.notional)
  },
  (scene, { claims }) => {
    claims.rows += 1 + scene.below(100)
  },
  (scene, { claims }) => {
    claims.lastTime = otherDigit(scene, claims.lastTime)
  },
  (_, { claims }) => {
    claims.condition = claims.condition === 'proved' ? 'degraded' : 'proved'
  },
  (_, { claims }) => void claims.runs[0]!.missing.push(['1', '1']),
  (scene, { claims }) => {
    claims.runs[0]!.lastId = otherDigit(scene, claims.runs[0]!.lastId)
  },
  (_, predicate) => void predicate.notProved.pop(),
]

const changedRows: readonly { name: string; select: (rows: string, scene: Scene) => string }[] = [
  {
    name: 'a price',
    select: (rows, { below }) =>
      `SELECT * REPLACE (if(log_offset % 3 = ${below(3)}, price * 1.0001, price + 1e-9) AS price) FROM ${rows}`,
  },
  { name: 'a volume', select: rows => `SELECT * REPLACE (volume + 0.001 AS volume) FROM ${rows}` },
  { name: 'a side', select: rows => `SELECT * REPLACE (1 AS side) FROM ${rows}` },
  { name: 'a dropped row', select: (rows, { below }) => `SELECT * FROM ${rows} LIMIT ${1 + below(3)}, 100000` },
  { name: 'a repeated row', select: rows => `SELECT * FROM ${rows} UNION ALL (SELECT * FROM ${rows} LIMIT 1)` },
  { name: 'an id', select: rows => `SELECT * REPLACE (trade_id + 1 AS trade_id) FROM ${rows}` },
]

/** By anybody who can write to the archive and to the certificate, without the key. */
const OF_WRITERS: readonly Kind[] = [
  ...CLAIMS.map(
    (change, at): Kind => ({
      name: `claim ${at} changed`,
      refusal: 'signature',
      forge: scene => restated(scene, ({ predicate }) => change(scene, predicate), false),
    }),
  ),
  {
    name: 'the symbol changed',
    refusal: 'signature',
    forge: scene =>
      restated(
        scene,
        ({ predicate }) => {
          predicate.symbol = predicate.symbol === 'AAA' ? 'BBB' : 'AAA'
        },
        false,
      ),
  },
  {
    name: 'an entry in the certificate changed',
    refusal: 'signature',
    forge: scene =>
      restated(
        scene,
        ({ predicate: { entries } }) => {
          const slice = pick(scene, entries)
          slice.entry = otherDigit(scene, slice.entry)
        },
        false,
      ),
  },
  {
    name: 'two entries swapped in the certificate',
    refusal: 'signature',
    forge: scene => restated(scene, ({ predicate }) => void predicate.entries.reverse(), false),
  },
  {
    name: 'certificate and log by another key',
    refusal: 'signature',
    forge: async ({ archive, directory, below }) => {
      const signer = archive.otherSigner()
      await archive.reseal(directory, signer, entries => entries)
      return archive.certificate(rangeOf(below(2) === 0 ? 'AAA' : 'BBB'), directory, signer)
    },
  },
  {
    name: 'the log by another key',
    refusal: 'log',
    forge: ({ archive, directory }) =>
      archive.reseal(directory, archive.otherSigner(), entries => entries).then(() => undefined),
  },
  ...changedRows.map(
    ({ name, select }): Kind => ({
      name: `${name} in an object`,
      refusal: 'object',
      forge: async scene => {
        await scene.archive.rewrite(scene.directory, pick(scene, scene.archive.objects()), rows => select(rows, scene))
        return undefined
      },
    }),
  ),
  {
    name: 'a bit of an object',
    refusal: 'object',
    forge: scene => void flip(scene, pick(scene, scene.archive.objects())),
  },
  {
    name: 'an object cut off',
    refusal: 'object',
    forge: scene => {
      const name = file(scene, pick(scene, scene.archive.objects()))
      fs.truncateSync(name, scene.below(fs.statSync(name).size))
    },
  },
  {
    name: 'an object removed',
    refusal: 'object',
    forge: scene => void fs.rmSync(file(scene, pick(scene, scene.archive.objects()))),
  },
  {
    name: 'two objects swapped',
    refusal: 'object',
    forge: scene => {
      const [one, other] = scene.archive.objects().map(key => file(scene, key))
      fs.renameSync(one!, `${one}.aside`)
      fs.renameSync(other!, one!)
      fs.renameSync(`${one}.aside`, other!)
    },
  },
  {
    name: 'an object cut off, with a matching SHA-256 in its entry',
    refusal: 'log',
    forge: scene => {
      const key = pick(scene, scene.archive.objects())
      const before = createHash('sha256')
        .update(fs.readFileSync(file(scene, key)))
        .digest('hex')
      fs.truncateSync(file(scene, key), fs.statSync(file(scene, key)).size >> 1)
      const after = createHash('sha256')
        .update(fs.readFileSync(file(scene, key)))
        .digest('hex')
      const bundle = file(scene, tileOf(scene, 'entries'))
      const bytes = fs.readFileSync(bundle)
      fs.writeFileSync(bundle, bytes.toString('latin1').replace(before, after), 'latin1')
    },
  },
  { name: 'a bit of the entries', refusal: 'log', forge: scene => void flip(scene, tileOf(scene, 'entries')) },
  { name: 'a bit of a tile', refusal: 'log', forge: scene => void flip(scene, tileOf(scene, '0')) },
  {
    name: 'the entries removed',
    refusal: 'log',
    forge: scene => void fs.rmSync(file(scene, tileOf(scene, 'entries'))),
  },
  { name: 'the checkpoint removed', refusal: 'log', forge: scene => void fs.rmSync(file(scene, 'tlog/checkpoint')) },
  {
    name: 'another size or root in the checkpoint',
    refusal: 'log',
    forge: scene => {
      const lines = fs.readFileSync(file(scene, 'tlog/checkpoint'), 'utf8').split('\n')
      const line = 1 + scene.below(2)
      lines[line] =
        line === 1
          ? String(Number(lines[1]) + 1)
          : createHash('sha256')
              .update(String(scene.below(1e6)))
              .digest('base64')
      fs.writeFileSync(file(scene, 'tlog/checkpoint'), lines.join('\n'))
    },
  },
  {
    name: 'an earlier checkpoint',
    refusal: 'rolled_back',
    forge: scene => void fs.writeFileSync(file(scene, 'tlog/checkpoint'), scene.archive.earlier),
  },
]

/** By the owner of the key. */
const OF_OWNERS: readonly Kind[] = [
  ...CLAIMS.map(
    (change, at): Kind => ({
      name: `claim ${at} changed and signed`,
      refusal: 'claims',
      rows: true,
      forge: scene => restated(scene, ({ predicate }) => change(scene, predicate), true),
    }),
  ),
  {
    name: 'the symbol changed and signed',
    refusal: 'claims',
    forge: scene =>
      restated(
        scene,
        ({ predicate }) => {
          predicate.symbol = 'CCC'
        },
        true,
      ),
  },
  {
    name: 'a subject changed and signed',
    refusal: 'claims',
    forge: scene =>
      restated(
        scene,
        ({ subject }) => {
          pick(scene, subject).digest.sha256 = '0'.repeat(64)
        },
        true,
      ),
  },
  {
    name: 'an entry changed and signed',
    refusal: 'inclusion',
    forge: scene =>
      restated(
        scene,
        ({ predicate: { entries } }) => {
          const slice = pick(scene, entries)
          slice.entry = otherDigit(scene, slice.entry)
        },
        true,
      ),
  },
  {
    name: 'a proof of inclusion changed and signed',
    refusal: 'inclusion',
    forge: scene =>
      restated(
        scene,
        ({ predicate: { entries } }) => {
          const { proof } = pick(scene, entries)
          proof[scene.below(proof.length)] = createHash('sha256')
            .update(String(scene.below(1e6)))
            .digest('base64')
        },
        true,
      ),
  },
  {
    name: 'another size in the checkpoint of the certificate, signed',
    refusal: 'checkpoint',
    forge: scene =>
      restated(
        scene,
        ({ predicate }) => {
          const lines = predicate.checkpoint.split('\n')
          lines[1] = String(Number(lines[1]) + 1 + scene.below(9))
          predicate.checkpoint = lines.join('\n')
        },
        true,
      ),
  },
  {
    name: 'an entry left out and signed',
    refusal: 'omitted',
    rows: true,
    forge: scene =>
      restated(
        scene,
        statement => {
          const [slice] = statement.predicate.entries.splice(scene.below(statement.predicate.entries.length), 1)
          const { key } = (JSON.parse(slice!.entry) as Leaf).object
          statement.subject = statement.subject.filter(({ name }) => name !== key)
        },
        true,
      ),
  },
  {
    name: 'a forked log',
    refusal: 'forked',
    forge: async scene => {
      const at = scene.below(2)
      await scene.archive.reseal(scene.directory, scene.archive.signer, entries => [
        ...(at === 0 ? entries.toReversed() : entries.map(entry => entry.replace('"software":"', '"software":"x'))),
        ...entries.slice(0, scene.below(3)),
      ])
      return undefined
    },
  },
  {
    name: 'rows removed, with a matching SHA-256, sealed and certified',
    refusal: 'rows',
    rows: true,
    forge: async scene => {
      const { archive, directory } = scene
      const range = rangeOf('AAA')
      const key = pick(scene, archive.objects())
      await archive.rewrite(directory, key, rows => `SELECT * FROM ${rows} WHERE symbol != 'AAA' OR trade_id % 7 != 1`)
      const bytes = fs.readFileSync(file(scene, key))
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      await archive.reseal(directory, archive.signer, entries =>
        entries.map(entry => {
          const leaf = JSON.parse(entry) as Leaf
          return leaf.object.key === key ? leafText({ ...leaf, object: { ...leaf.object, sha256 } }) : entry
        }),
      )
      await assert.rejects(archive.certificate(range, directory), { code: 'archive_mismatch' })
      return archive.carelessCertificate(range, directory)
    },
  },
]

/** With something else than a cosignature of the certificate's checkpoint by the witness: by the owner, too. */
const OF_COSIGNERS: readonly Kind[] = [
  {
    name: 'no cosignature',
    refusal: 'witness',
    witnessed: true,
    forge: scene =>
      restated(
        scene,
        ({ predicate }) => {
          predicate.checkpoint = fs.readFileSync(file(scene, 'tlog/checkpoint'), 'utf8')
        },
        true,
      ),
  },
  {
    name: 'a wrong witness',
    refusal: 'witness',
    witnessed: true,
    forge: scene => {
      const { witness } = scene.archive
      const other = {
        name: scene.below(2) === 0 ? witness.name : 'other.example.org',
        key: scene.archive.otherSigner().key,
      }
      return recosigned(scene, note => cosign(note, other, COSIGNED_AT))
    },
  },
  {
    name: 'a wrong witness with the key id of the right one',
    refusal: 'witness',
    witnessed: true,
    forge: scene => {
      const { name } = scene.archive.witness
      return recosigned(scene, (note, line) => {
        const forged = cosign(note, { name, key: scene.archive.otherSigner().key }, COSIGNED_AT)
        const bytes = (text: string) => Buffer.from(text.trim().split(' ')[2]!, 'base64')
        const signature = Buffer.concat([bytes(line).subarray(0, 4), bytes(forged).subarray(4)])
        return `— ${name} ${signature.toString('base64')}\n`
      })
    },
  },
  {
    name: 'another time in a cosignature',
    refusal: 'witness',
    witnessed: true,
    forge: scene =>
      recosigned(scene, (_, line) => {
        const [dash, name, data] = line.trim().split(' ')
        const bytes = Buffer.from(data!, 'base64')
        bytes[11]! ^= 1 + scene.below(255)
        return `${dash} ${name} ${bytes.toString('base64')}\n`
      }),
  },
  {
    name: 'the cosignature of another checkpoint',
    refusal: 'witness',
    witnessed: true,
    forge: scene => {
      const { witness, earlier } = scene.archive
      return recosigned(scene, () => cosign(parseNote(earlier)!.text, witness, COSIGNED_AT))
    },
  },
  {
    name: 'a forked log shown to the witness, its cosignature used for the other one',
    refusal: 'witness',
    witnessed: true,
    forge: async scene => {
      const forked = await fork(scene)
      return recosigned(scene, () => cosign(parseNote(forked)!.text, scene.archive.witness, COSIGNED_AT))
    },
  },
  {
    name: 'a forked log shown to the witness and certified',
    refusal: 'forked',
    witnessed: true,
    forge: async scene => {
      const { archive, directory } = scene
      await fork(scene)
      archive.cosign(directory, archive.witness)
      const certificate = await archive.certificate(rangeOf('AAA'), directory)
      archive.copy(directory)
      return certificate
    },
  },
]

const KINDS = [...OF_WRITERS, ...OF_OWNERS, ...OF_COSIGNERS]

/** Number of different kinds of forgeries. */
export const FORGERY_KINDS: number = KINDS.length

/** Forgery number `seed`, with a copy of the archive in a directory of its own. */
export async function forge(
  archive: SealedArchive,
  certificates: readonly string[],
  seed: number,
  directory: string,
): Promise<Forgery> {
  const random = new Random(seed, 'forgery')
  const below = (limit: number) => Math.floor(random.uniform() * limit)
  const { name, refusal, rows, witnessed, forge } = KINDS[seed % KINDS.length]!
  const certificate = certificates[below(certificates.length)]!
  archive.copy(directory)
  const changed = await forge({ archive, certificate, directory, below })
  return {
    name,
    certificate: changed ?? certificate,
    directory,
    refusal,
    witnesses: witnessed ? [archive.witnessKey] : [],
    rows: rows ?? false,
  }
}
