/** `tickhouse certify` and `tickhouse verify`: a certificate about archived ticks, made and checked. Neither needs a store. */
import fs from 'node:fs'
import { readMarker } from '../../archive/catalog/identity.ts'
import { readPin } from '../../archive/datasets/pins.ts'
import { SEGMENT_TABLE, TICK_KINDS } from '../../archive/kinds.ts'
import { certify } from '../../archive/seal/certify.ts'
import { logFilesOf } from '../../archive/seal/log-files.ts'
import { archiveReader } from '../../archive/seal/read-object.ts'
import { originOf } from '../../archive/seal/sealer.ts'
import { openTarget } from '../../archive/targets/open.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { printable } from '../../plain-text.ts'
import type { Predicate } from '../../proof/certificate.ts'
import { parseWitness } from '../../proof/cosignature.ts'
import { parsePrivateKey, readKey } from '../../proof/keys.ts'
import { parseVerifier, type Verifier } from '../../proof/note.ts'
import { PUBLIC_KEY } from '../../proof/tlog.ts'
import { verifyCertificate } from '../../proof/verify.ts'
import { rangeText } from '../../reconcile/id-ranges.ts'
import { FileReader } from '../../store/embedded/files.ts'
import { parseTime } from '../parse-time.ts'
import { count } from '../progress.ts'

export interface CertifyFlags {
  kind: string
  out?: string
  asOf?: string
}

/** Writes a certificate to a file, by default named after symbol and range. Throws TickhouseErrors. */
export async function certifyRange(
  config: Config,
  [venue, symbol, from, to]: readonly [string, string, string, string],
  { kind, out, asOf }: CertifyFlags,
): Promise<void> {
  if (config.ARCHIVE === 'off' || config.SEAL_KEY === 'off')
    throw new TickhouseError(
      'config_invalid',
      'there is no sealed archive: TICKHOUSE_ARCHIVE or TICKHOUSE_SEAL_KEY is off',
      'Set both: see docs/proof.md.',
    )
  const range = { venue, symbol, kind: checkedKind(kind), from: parseTime(from), to: parseTime(to) }
  const target = await openTarget(config.ARCHIVE, config.ARCHIVE_SPOOL)
  const files = new FileReader()
  try {
    const owner = await readMarker(target)
    const secret = config.SEAL_PRIVATE_KEY
    const key = secret === undefined ? readKey(config.SEAL_KEY) : parsePrivateKey(secret)
    const signer = { name: originOf(owner?.archive ?? ''), key }
    const pinned = asOf === undefined ? null : await readPin(target, asOf)
    if (asOf !== undefined && !pinned)
      throw new TickhouseError('usage', `no pinned dataset ${asOf}`, 'tickhouse dataset list names them.')
    const { text, claims, objects, witnesses } = await certify(
      archiveReader(target, files),
      signer,
      range,
      pinned?.checkpoint,
    )
    const file = out ?? `${[venue, symbol, kind, from, to].join('_').replaceAll(/[^\w.-]/g, '-')}.certificate.json`
    fs.writeFileSync(file, text)
    console.log(`${file}: ${claims.condition}: ${count(claims.rows)} ${kind} in ${objects} objects`)
    if (witnesses.length > 0) console.log(`its checkpoint is cosigned by ${witnesses.join(', ')}`)
  } finally {
    await files.close()
    await target.close()
  }
}

function checkedKind(kind: string): string {
  const names = TICK_KINDS.map(({ table }) => table)
  if (names.includes(kind)) return kind
  throw new TickhouseError('usage', `no kind of ticks: ${kind}`, `Known: ${names.join(', ')}.`)
}

export interface VerifyCertificateFlags {
  key?: string
  witness?: string[]
}

/** Checks a certificate against an archive and prints what it shows, or why it is refused. True if it is accepted. */
export async function verifyFile(
  config: Config,
  file: string,
  archive: string,
  { key, witness = [] }: VerifyCertificateFlags,
): Promise<boolean> {
  const text = readCertificate(file)
  const target = await openTarget(/^(s3|file):/.test(archive) ? archive : `file:${archive}`, config.ARCHIVE_SPOOL)
  const files = new FileReader()
  try {
    const inArchive = (await logFilesOf(target).read(PUBLIC_KEY))?.toString()
    const verifier = verifierOf(key, inArchive)
    const verdict = await verifyCertificate(text, archiveReader(target, files), verifier, witness.map(witnessOf))
    if (!verdict.accepted) {
      console.log(`REFUSED ${verdict.refusal}: ${printable(verdict.why)}`)
      return false
    }
    for (const line of linesOf(verdict.predicate)) console.log(printable(line))
    for (const { witness: name, seconds } of verdict.cosigned)
      console.log(printable(`Cosigned by ${name} at ${new Date(seconds * 1000).toISOString()}`))
    if (key === undefined)
      console.log(
        `The key is the one in the archive: compare it with the one you know, or name that with --key: ${inArchive!.trim()}`,
      )
    return true
  } finally {
    await files.close()
    await target.close()
  }
}

function readCertificate(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw new TickhouseError('usage', `cannot read ${file}: ${(error as Error).message}`, 'Name a certificate.')
  }
}

function verifierOf(given: string | undefined, inArchive: string | undefined): Verifier {
  const verifier = parseVerifier(given ?? inArchive ?? '')
  if (verifier) return verifier
  throw new TickhouseError(
    'usage',
    given === undefined ? 'the archive has no public key: nothing in it is sealed' : 'not a public key',
    'The owner of the archive prints it with: tickhouse archive key.',
  )
}

function witnessOf(text: string): Verifier {
  const verifier = parseWitness(text)
  if (verifier) return verifier
  throw new TickhouseError(
    'usage',
    `not the public key of a witness: ${text}`,
    'Who runs the watcher prints it with: tickhouse watch --public-key.',
  )
}

/** What an accepted certificate shows, in words. */
function linesOf({ venue, symbol, kind, from, to, claims, notProved, entries }: Predicate): string[] {
  const time = (nanos: string) => new Date(Number(BigInt(nanos) / 1_000_000n)).toISOString()
  const lines = [
    `ACCEPTED ${claims.condition}: ${venue}:${symbol}, ${kind} from ${time(from)} to ${time(to)}`,
    `${count(claims.rows)} rows in ${entries.length} entries, from ${time(claims.firstTime)} to ${time(claims.lastTime)}`,
  ]
  if (kind === SEGMENT_TABLE) lines.push(`volume ${claims.volume}, volume in money ${claims.notional}`)
  for (const { firstId, lastId, ids, missing, moreMissing } of claims.runs) {
    const ranges = missing.map(([first, last]) => rangeText(first, last))
    const absent = ranges.length === 0 ? 'none missing' : `missing: ${ranges.join(', ')}`
    lines.push(
      `ids ${firstId}–${lastId}: ${ids} there, ${absent}${moreMissing > 0 ? ` and ${moreMissing} ranges more` : ''}`,
    )
  }
  return [...lines, 'Not proved:', ...notProved.map(line => `- ${line}`)]
}
