/** Zip files with one entry, written here from the format's document: what `src/reconcile/zip.ts` reads. */
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipOptions {
  /** 8 is deflated, 0 is stored. */
  method?: number
  /** Bytes that the directory states; by default the true number. */
  statedBytes?: number
  /** CRC-32 that the directory states. */
  statedCrc?: number
  entries?: number
  /** Bits of the entry's flags: 1 is encrypted. */
  flags?: number
  comment?: string
}

/** The file's bytes. The entry's own header has no sizes, as of a writer that streams. */
export function zipOf(content: Buffer | string, options: ZipOptions = {}): Buffer {
  const bytes = Buffer.from(content)
  const { method = 8, statedBytes = bytes.length, statedCrc = crc32(bytes), entries = 1, flags = 8 } = options
  const packed = method === 8 ? deflateRawSync(bytes) : bytes
  const name = Buffer.from('day.csv')
  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(flags, 6)
  local.writeUInt16LE(method, 8)
  local.writeUInt16LE(name.length, 26)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(flags, 8)
  entry.writeUInt16LE(method, 10)
  entry.writeUInt32LE(statedCrc, 16)
  entry.writeUInt32LE(packed.length, 20)
  entry.writeUInt32LE(statedBytes, 24)
  entry.writeUInt16LE(name.length, 28)
  const comment = Buffer.from(options.comment ?? '')
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries, 8)
  end.writeUInt16LE(entries, 10)
  end.writeUInt32LE(entry.length + name.length, 12)
  end.writeUInt32LE(local.length + name.length + packed.length, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([local, name, packed, entry, name, end, comment])
}

/** Writes a file and its `.CHECKSUM`, in the form of Binance. */
export function writeWithChecksum(file: string, bytes: Buffer): void {
  writeFileSync(file, bytes)
  writeFileSync(`${file}.CHECKSUM`, `${createHash('sha256').update(bytes).digest('hex')}  ${basename(file)}\n`)
}
