/** DSSE envelopes (https://github.com/secure-systems-lab/dsse) with an in-toto statement, signed with Ed25519. */
import { sign, verify } from 'node:crypto'
import { z } from 'zod'
import type { Signer, Verifier } from './note.ts'

const PAYLOAD_TYPE = 'application/vnd.in-toto+json'

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/)
const ENVELOPE = z.object({
  payloadType: z.literal(PAYLOAD_TYPE),
  payload: base64,
  signatures: z.array(z.object({ keyid: z.string().optional(), sig: base64 })).min(1),
})

export type Envelope = z.output<typeof ENVELOPE>

/** The bytes that are signed: lengths prevent that type and body are divided in another way. */
function encoded(payload: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${Buffer.byteLength(PAYLOAD_TYPE)} ${PAYLOAD_TYPE} ${payload.length} `),
    payload,
  ])
}

/** Signs a statement. `keyid` is the public key as text: a hint. */
export function signEnvelope(payload: string, { key }: Signer, keyid: string): Envelope {
  const bytes = Buffer.from(payload)
  return {
    payloadType: PAYLOAD_TYPE,
    payload: bytes.toString('base64'),
    signatures: [{ keyid, sig: sign(null, encoded(bytes), key).toString('base64') }],
  }
}

/** The envelope in a text; null if it is none. */
export function parseEnvelope(text: string): Envelope | null {
  try {
    return ENVELOPE.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** The payload if the key signed it, else null. */
export function openEnvelope({ payload, signatures }: Envelope, { key }: Verifier): string | null {
  const bytes = Buffer.from(payload, 'base64')
  const signed = signatures.some(({ sig }) => verify(null, encoded(bytes), key, Buffer.from(sig, 'base64')))
  return signed ? bytes.toString() : null
}
