import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'

/** Size and SHA-256 (hexadecimal) of a stream's bytes; each chunk is passed to `pass` too. */
export async function sha256Of(
  stream: Readable,
  pass: (chunk: Uint8Array) => Promise<unknown> | undefined = () => undefined,
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    hash.update(chunk)
    bytes += chunk.byteLength
    await pass(chunk)
  }
  return { bytes, sha256: hash.digest('hex') }
}
