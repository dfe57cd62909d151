/**
 * Reads a zip file with one entry, in bounded memory: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT. Sizes and
 * checksum are read from the directory at its end, since writers may leave them out of the entry's own header.
 */
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { crc32, createInflateRaw } from 'node:zlib'

const END = 0x06054b50
const END_BYTES = 22
const COMMENT_BYTES_MAX = 65_535
const END_64 = 0x06064b50
const LOCATOR_64 = 0x07064b50
const LOCATOR_64_BYTES = 20
const ENTRY = 0x02014b50
const ENTRY_BYTES = 46
const LOCAL = 0x04034b50
const LOCAL_BYTES = 30
const STORED = 0
const DEFLATED = 8
const IN_EXTRA_16 = 0xffff
const IN_EXTRA_32 = 0xffffffff
const CHUNK_BYTES = 1 << 20

/** The file is not what its name or its own sums state. The message completes `the day file is not readable: …`. */
export class FileFault extends Error {}

interface Entry {
  method: number
  crc: number
  compressed: number
  bytes: number
  at: number
}

/** The bytes of the one entry of a zip file. Throws FileFault, at the end too: where length or CRC-32 differ. */
export async function* readZip(file: string): AsyncGenerator<Buffer, void> {
  const handle = await open(file)
  let entry: Entry
  let start: number
  try {
    entry = await findEntry(handle)
    const local = await readAt(handle, entry.at, LOCAL_BYTES)
    if (local.readUInt32LE(0) !== LOCAL) throw new FileFault('the entry does not begin where its directory states')
    start = entry.at + LOCAL_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28)
  } finally {
    await handle.close()
  }
  if (entry.compressed === 0) {
    if (entry.bytes !== 0) throw new FileFault('its entry is empty')
    return
  }
  const packed = createReadStream(file, { start, end: start + entry.compressed - 1, highWaterMark: CHUNK_BYTES })
  const unpacked = entry.method === STORED ? new PassThrough() : createInflateRaw({ chunkSize: CHUNK_BYTES })
  const done = pipeline(packed, unpacked).catch(() => {})
  let [bytes, crc] = [0, 0]
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) {
      bytes += chunk.length
      // Not read on: a small file can unpack to terabytes.
      if (bytes > entry.bytes) throw new FileFault(`it has more bytes than the ${entry.bytes} of its directory`)
      crc = crc32(chunk, crc)
      yield chunk
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code?.startsWith('Z_') || error instanceof RangeError
      ? new FileFault(`its compressed data is damaged (${(error as Error).message})`)
      : error
  } finally {
    packed.destroy()
    await done
  }
  if (bytes !== entry.bytes) throw new FileFault(`it has ${bytes} bytes, and its directory states ${entry.bytes}`)
  if (crc !== entry.crc) throw new FileFault('its CRC-32 differs from what its directory states')
}

async function findEntry(handle: FileHandle): Promise<Entry> {
  const { size } = await handle.stat()
  if (size < END_BYTES) throw new FileFault('it is too short for a zip file')
  const tailAt = Math.max(0, size - END_BYTES - COMMENT_BYTES_MAX - LOCATOR_64_BYTES)
  const tail = await readAt(handle, tailAt, size - tailAt)
  let end = tail.length - END_BYTES
  while (end >= 0 && tail.readUInt32LE(end) !== END) end--
  if (end < 0) throw new FileFault('the end of a zip file is missing: it is cut off, or none')
  let [entries, at] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 16)]
  if (entries === IN_EXTRA_16 || at === IN_EXTRA_32) {
    const locator = end - LOCATOR_64_BYTES
    if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR_64) throw new FileFault('its directory is damaged')
    const end64 = await readAt(handle, Number(tail.readBigUInt64LE(locator + 8)), 56)
    if (end64.readUInt32LE(0) !== END_64) throw new FileFault('its directory is damaged')
    entries = Number(end64.readBigUInt64LE(32))
    at = Number(end64.readBigUInt64LE(48))
  }
  if (entries !== 1) throw new FileFault(`it has ${entries} entries, not one`)
  const header = await readAt(handle, at, ENTRY_BYTES)
  if (header.readUInt32LE(0) !== ENTRY) throw new FileFault('its directory is damaged')
  if (header.readUInt16LE(8) & 1) throw new FileFault('it is encrypted')
  const method = header.readUInt16LE(10)
  if (method !== STORED && method !== DEFLATED) throw new FileFault(`its compression method ${method} is not supported`)
  const found = {
    method,
    crc: header.readUInt32LE(16),
    compressed: header.readUInt32LE(20),
    bytes: header.readUInt32LE(24),
    at: header.readUInt32LE(42),
  }
  const extra = await readAt(handle, at + ENTRY_BYTES + header.readUInt16LE(28), header.readUInt16LE(30))
  return withLongSizes(found, extra)
}

/** Sizes beyond 32 bits are in the extra field 1, in the order of the header, those only that do not fit. */
function withLongSizes(entry: Entry, extra: Buffer): Entry {
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    let value = at + 4
    const long = (short: number) => {
      if (short !== IN_EXTRA_32) return short
      if (value + 8 > extra.length) throw new FileFault('its directory is damaged')
      value += 8
      return Number(extra.readBigUInt64LE(value - 8))
    }
    const bytes = long(entry.bytes)
    const compressed = long(entry.compressed)
    return { ...entry, bytes, compressed, at: long(entry.at) }
  }
  return entry
}

async function readAt(handle: FileHandle, at: number, bytes: number): Promise<Buffer> {
  if (!Number.isSafeInteger(at)) throw new FileFault('its directory is damaged')
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, at)
  if (bytesRead < bytes) throw new FileFault('it is cut off')
  return buffer
}
