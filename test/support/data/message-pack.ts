/** Writes MessagePack: https://github.com/msgpack/msgpack/blob/master/spec.md. A time in RFC 3339 under the key `t` is a timestamp. */

/** Numbers that are not whole are doubles; a bigint is an integer of 64 bits. */
export function writeMessagePack(value: unknown): Buffer {
  const parts: Buffer[] = []
  write(value, parts)
  return Buffer.concat(parts)
}

function write(value: unknown, parts: Buffer[], key = ''): void {
  if (value === null || value === undefined) parts.push(Buffer.of(0xc0))
  else if (typeof value === 'boolean') parts.push(Buffer.of(value ? 0xc3 : 0xc2))
  else if (typeof value === 'bigint') parts.push(integer(value))
  else if (typeof value === 'number') parts.push(Number.isSafeInteger(value) ? integer(BigInt(value)) : double(value))
  else if (typeof value === 'string') {
    if (key === 't') parts.push(timestamp(value))
    else parts.push(header(Buffer.byteLength(value), 0xa0, 32, [0xd9, 0xda, 0xdb]), Buffer.from(value))
  } else if (Array.isArray(value)) {
    parts.push(header(value.length, 0x90, 16, [undefined, 0xdc, 0xdd]))
    for (const item of value) write(item, parts)
  } else {
    const entries = Object.entries(value)
    parts.push(header(entries.length, 0x80, 16, [undefined, 0xde, 0xdf]))
    for (const [name, each] of entries) {
      write(name, parts)
      write(each, parts, name)
    }
  }
}

/** The first byte with a short length inside, or a type and a length of 1, 2 or 4 bytes. */
function header(length: number, fixed: number, below: number, types: readonly (number | undefined)[]): Buffer {
  if (length < below) return Buffer.of(fixed | length)
  for (const [index, bytes] of [1, 2, 4].entries()) {
    const type = types[index]
    if (type === undefined || length >= 256 ** bytes) continue
    const written = Buffer.alloc(1 + bytes)
    written[0] = type
    written.writeUIntBE(length, 1, bytes)
    return written
  }
  throw new RangeError('too long')
}

function integer(value: bigint): Buffer {
  if (value >= 0n && value < 128n) return Buffer.of(Number(value))
  if (value < 0n && value >= -32n) return Buffer.of(0x100 + Number(value))
  const written = Buffer.alloc(9)
  written[0] = value < 0n ? 0xd3 : 0xcf
  if (value < 0n) written.writeBigInt64BE(value, 1)
  else written.writeBigUInt64BE(value, 1)
  return written
}

function double(value: number): Buffer {
  const written = Buffer.alloc(9)
  written[0] = 0xcb
  written.writeDoubleBE(value, 1)
  return written
}

/** In the shortest of the three formats. */
function timestamp(text: string): Buffer {
  const [, whole, fraction = ''] = /^(.*?)(?:\.(\d{1,9}))?Z$/.exec(text)!
  const seconds = Date.parse(`${whole}Z`) / 1000
  const nanoseconds = Number(fraction.padEnd(9, '0'))
  if (seconds < 0 || seconds >= 2 ** 34) {
    const written = Buffer.alloc(15)
    written.set([0xc7, 12, 0xff])
    written.writeUInt32BE(nanoseconds, 3)
    written.writeBigInt64BE(BigInt(seconds), 7)
    return written
  }
  if (nanoseconds === 0 && seconds < 2 ** 32) {
    const written = Buffer.of(0xd6, 0xff, 0, 0, 0, 0)
    written.writeUInt32BE(seconds, 2)
    return written
  }
  const written = Buffer.alloc(10)
  written.set([0xd7, 0xff])
  written.writeBigUInt64BE((BigInt(nanoseconds) << 34n) | BigInt(seconds), 2)
  return written
}
