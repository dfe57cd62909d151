/**
 * WebSocket frames in bulk. A server's frames are not masked (RFC 6455, 5.1), so frames written once, back to back into
 * one buffer, serve every client of the same subscription with one write each.
 *
 * The buffer goes straight to the socket that was upgraded, beside `ws`, which keeps handshake, control frames and
 * close. That is safe because both write whole frames: nothing can come between the bytes of a frame.
 */

/** FIN and opcode 1 or 2: a whole text or binary message in one frame (RFC 6455, 5.2). */
const TEXT = 0x81
const BINARY = 0x82
/** The longest header of a server's frame. */
export const FRAME_HEADER_BYTES_MAX = 10
const SLAB_BYTES = 256 * 1024

/** Collects frames; what was taken is never written again, so it may wait in any number of sockets. */
export class FrameBuffer {
  /** The memory that frames are written into: `end` is where the next one begins. Call `reserve` first. */
  bytes = Buffer.allocUnsafeSlow(SLAB_BYTES)
  end = 0
  #start = 0

  /** Makes room for this many bytes after `end`; `bytes` and `end` may be others afterwards. */
  reserve(bytes: number): void {
    if (this.end + bytes <= this.bytes.length) return
    const pending = this.bytes.subarray(this.#start, this.end)
    this.bytes = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (pending.length + bytes)))
    this.bytes.set(pending)
    this.#start = 0
    this.end = pending.length
  }

  /** Adds a text message, given as UTF-8. */
  text(payload: Uint8Array): void {
    this.#message(TEXT, payload)
  }

  /** Adds a text message, written in its place. */
  textInPlace(text: string): void {
    const payloadBytes = Buffer.byteLength(text)
    this.reserve(payloadBytes + FRAME_HEADER_BYTES_MAX)
    this.end += writeHeader(TEXT, this.bytes, this.end, payloadBytes)
    this.end += this.bytes.write(text, this.end)
  }

  /** Adds a binary message. */
  binary(payload: Uint8Array): void {
    this.#message(BINARY, payload)
  }

  /**
   * Adds a binary message that is written in its place: `write` gets room for `bytesMax` bytes and returns what it
   * wrote, the beginning of that room, or other memory where it needed more.
   */
  binaryInPlace(bytesMax: number, write: (room: Buffer) => Uint8Array): void {
    this.reserve(bytesMax + FRAME_HEADER_BYTES_MAX)
    const at = this.end + FRAME_HEADER_BYTES_MAX
    const payload = write(this.bytes.subarray(at, at + bytesMax))
    // A shorter header moves the payload up: only a short one, since a long one has the longest header.
    if (payload.byteOffset === this.bytes.byteOffset + at && payload.length >= 65_536) {
      writeHeader(BINARY, this.bytes, this.end, payload.length)
      this.end = at + payload.length
    } else this.binary(payload)
  }

  /** The frames since the last call; empty if none. */
  take(): Buffer {
    const taken = this.bytes.subarray(this.#start, this.end)
    this.#start = this.end
    return taken
  }

  #message(kind: number, payload: Uint8Array): void {
    this.reserve(payload.length + FRAME_HEADER_BYTES_MAX)
    this.end += writeHeader(kind, this.bytes, this.end, payload.length)
    this.bytes.set(payload, this.end)
    this.end += payload.length
  }
}

/** Writes the header of a text frame; returns its length: 2, 4 or 10 bytes. */
export function writeTextHeader(bytes: Buffer, at: number, payloadBytes: number): number {
  return writeHeader(TEXT, bytes, at, payloadBytes)
}

function writeHeader(kind: number, bytes: Buffer, at: number, payloadBytes: number): number {
  bytes[at] = kind
  if (payloadBytes < 126) {
    bytes[at + 1] = payloadBytes
    return 2
  }
  if (payloadBytes < 65_536) {
    bytes[at + 1] = 126
    bytes.writeUInt16BE(payloadBytes, at + 2)
    return 4
  }
  bytes[at + 1] = 127
  bytes.writeUInt32BE(Math.floor(payloadBytes / 2 ** 32), at + 2)
  bytes.writeUInt32BE(payloadBytes >>> 0, at + 6)
  return 10
}
