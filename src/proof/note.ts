/**
 * Signed notes (https://c2sp.org/signed-note) with Ed25519 keys, and the checkpoints of a log in that form
 * (https://c2sp.org/tlog-checkpoint).
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { HASH_BYTES } from './merkle.ts'

/** Signature types of the specification. */
const ED25519 = 1
export const COSIGNATURE = 4
const NOTE_BYTES_MAX = 65_536

/** A key that signs, and the name it signs under. */
export interface Signer {
  name: string
  key: KeyObject
}

/** A public key and its name: what a reader of notes is given beforehand. */
export interface Verifier {
  name: string
  type: number
  id: Buffer
  key: KeyObject
}

/** The 32 bytes of a key's public half. */
export function publicBytes(key: KeyObject): Buffer {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return Buffer.from(half.export({ format: 'jwk' }).x!, 'base64url')
}

function keyId(name: string, type: number, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(`${name}\n`).update(Buffer.of(type)).update(bytes).digest().subarray(0, 4)
}

/** A public key as text: `<name>+<key id>+<base64 of type and key>`. */
export function verifierText({ name, key }: Signer, type = ED25519): string {
  const bytes = publicBytes(key)
  return `${name}+${keyId(name, type, bytes).toString('hex')}+${Buffer.concat([Buffer.of(type), bytes]).toString('base64')}`
}

/** The public key in a text; null if it is none, or its id does not match. */
export function parseVerifier(text: string): Verifier | null {
  const [, name, id, data] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+=*)$/u.exec(text.trim()) ?? []
  if (!name || !id || !data) return null
  const bytes = Buffer.from(data, 'base64')
  const type = bytes[0]!
  const publicKey = bytes.subarray(1)
  if ((type !== ED25519 && type !== COSIGNATURE) || publicKey.length !== 32) return null
  if (keyId(name, type, publicKey).toString('hex') !== id) return null
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  })
  return { name, type, id: Buffer.from(id, 'hex'), key }
}

/** A line below a note. */
export const signatureLine = (name: string, id: Buffer, signature: Uint8Array) =>
  `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`

/** A note: a text that ends with a newline, and its signature. The same text has the same signature. */
export function signNote(text: string, { name, key }: Signer): string {
  return `${text}\n${signatureLine(name, keyId(name, ED25519, publicBytes(key)), sign(null, Buffer.from(text), key))}`
}

/** Text and signatures of a note, none of them checked; null if it has another form. */
export function parseNote(note: string): { text: string; signatures: { name: string; bytes: Buffer }[] } | null {
  const end = note.lastIndexOf('\n\n')
  if (end < 0 || !note.endsWith('\n') || note.length > NOTE_BYTES_MAX) return null
  const lines = note.slice(end + 2, -1).split('\n')
  const signatures = lines.map(line => {
    const [, name, data] = /^— ([^\s+]+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? []
    return name && data ? { name, bytes: Buffer.from(data, 'base64') } : null
  })
  if (signatures.includes(null)) return null
  return { text: note.slice(0, end + 1), signatures: signatures as { name: string; bytes: Buffer }[] }
}

/** The text of a note if the key signed it, else null. Signatures by other keys are ignored. */
export function openNote(note: string, verifier: Verifier): string | null {
  const parsed = parseNote(note)
  const own = parsed?.signatures.filter(
    ({ name, bytes }) => name === verifier.name && bytes.subarray(0, 4).equals(verifier.id),
  )
  if (!parsed || !own || own.length === 0) return null
  return own.every(({ bytes }) => verify(null, Buffer.from(parsed.text), verifier.key, bytes.subarray(4)))
    ? parsed.text
    : null
}

/** Size and root of a log at one time. */
export interface Checkpoint {
  origin: string
  size: number
  root: Buffer
}

/** The signed note of a checkpoint. Its origin is the signer's name. */
export function signCheckpoint({ size, root }: Omit<Checkpoint, 'origin'>, signer: Signer): string {
  return signNote(`${signer.name}\n${size}\n${root.toString('base64')}\n`, signer)
}

/** The checkpoint in the text of a note; null if it has another form. */
export function parseCheckpoint(text: string): Checkpoint | null {
  const [, origin, digits, data] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/.exec(text) ?? []
  if (!origin || !digits || !data) return null
  const [size, root] = [Number(digits), Buffer.from(data, 'base64')]
  return Number.isSafeInteger(size) && root.length === HASH_BYTES ? { origin, size, root } : null
}

/** The checkpoint that a key signed; null if it did not sign the note, or under another origin than its name. */
export function openCheckpoint(note: string, verifier: Verifier): Checkpoint | null {
  const text = openNote(note, verifier)
  const checkpoint = text === null ? null : parseCheckpoint(text)
  return checkpoint?.origin === verifier.name ? checkpoint : null
}
