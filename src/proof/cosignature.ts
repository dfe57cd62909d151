/**
 * Cosignatures (https://c2sp.org/tlog-cosignature, Ed25519): a witness states that at a time a checkpoint was the newest one it had seen of a
 * log, and that it continues all earlier ones it cosigned. Also the body of a request to a witness (https://c2sp.org/tlog-witness).
 */
import { sign, verify } from 'node:crypto'
import { HASH_BYTES } from './merkle.ts'
import {
  COSIGNATURE,
  parseNote,
  parseVerifier,
  type Signer,
  signatureLine,
  type Verifier,
  verifierText,
} from './note.ts'

/** Time, then signature. */
const COSIGNATURE_BYTES = 8 + 64
/** Of the specification. */
const PROOF_LINES_MAX = 63

/** The public key of a witness as text. */
export const witnessText = (signer: Signer): string => verifierText(signer, COSIGNATURE)

/** The public key of a witness in a text; null if it is none. */
export function parseWitness(text: string): Verifier | null {
  const verifier = parseVerifier(text)
  return verifier?.type === COSIGNATURE ? verifier : null
}

const signedBytes = (text: string, seconds: bigint) => Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`)

/** The signature line by which a witness cosigns the text of a checkpoint. `seconds` since 1970 UTC. */
export function cosign(text: string, signer: Signer, seconds: number): string {
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(seconds))
  const signature = sign(null, signedBytes(text, BigInt(seconds)), signer.key)
  const { id } = parseWitness(witnessText(signer))!
  return signatureLine(signer.name, id, Buffer.concat([time, signature]))
}

/** When a witness cosigned a note, s since 1970 UTC; or that it did not, or did not sign this text. */
export function cosignedAt(note: string, witness: Verifier): number | 'missing' | 'wrong' {
  const parsed = parseNote(note)
  const own = parsed?.signatures.filter(
    ({ name, bytes }) => name === witness.name && bytes.subarray(0, 4).equals(witness.id),
  )
  if (!parsed || !own || own.length === 0) return 'missing'
  const times = own.map(({ bytes }) => {
    const cosignature = bytes.subarray(4)
    if (cosignature.length !== COSIGNATURE_BYTES) return null
    const seconds = cosignature.readBigUInt64BE()
    const signed = verify(null, signedBytes(parsed.text, seconds), witness.key, cosignature.subarray(8))
    return signed && seconds <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seconds) : null
  })
  return times.includes(null) ? 'wrong' : Math.max(...(times as number[]))
}

/** What a witness has to cosign: the checkpoint's note, and the proof that it continues the one of size `old`. */
export interface WitnessRequest {
  old: number
  proof: readonly Buffer[]
  note: string
}

/** The body of a request to a witness. */
export const requestText = ({ old, proof, note }: WitnessRequest): string =>
  `old ${old}\n${proof.map(hash => `${hash.toString('base64')}\n`).join('')}\n${note}`

/** The request in a body; null if it has another form. */
export function parseRequest(body: string): WitnessRequest | null {
  const end = body.indexOf('\n\n')
  const [first = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n')
  const [, digits] = /^old (0|[1-9]\d{0,15})$/.exec(first) ?? []
  const proof = lines.map(line => Buffer.from(line, 'base64'))
  if (digits === undefined || lines.length > PROOF_LINES_MAX || proof.some(({ length }) => length !== HASH_BYTES))
    return null
  return { old: Number(digits), proof, note: body.slice(end + 2) }
}
