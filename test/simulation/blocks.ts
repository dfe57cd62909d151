/** Reads the Native blocks of an insert into rows, whatever columns they have: the simulated store's own reader. */

/** A row of any table: it has the columns of its own. */
export interface Row {
  log_partition: number
  log_offset: number
  log_index: number
  /** Seconds since 1970 UTC. */
  logged_at: number
  log_hash: number
  /** Days since 1970 UTC. */
  log_day: number
  venue: string
  symbol: string
  trade_id: number
  price: number
  volume: number
  side: number
  /** Nanoseconds since 1970 UTC. */
  timestamp: bigint
  id_run: number
  run: number
  outcome: string
  ticks: number
  kind: string
  reason: string
  raw: string
  batch_first_offset: number
  batch_good: number
  epoch: number
  first_id: number
  last_id: number
  missing: number
  state: string
  found_at: string
  after_at: string
  before_at: string
  changed_at: string
  first_offset: number
  last_offset: number
  identity: string
}
export type Column = keyof Row

const WIDTHS: Readonly<Record<string, number>> = { Int8: 1, Enum8: 1, UInt16: 2, Date: 2, UInt32: 4, DateTime: 4 }

/** Names and types of columns met before: decoding them takes most of the time that small blocks take. */
const HEADS: { name: string; type: string; bytes: Buffer }[] = []

/** Reads the columns asked for; a column that a block lacks is 0 in its rows. Whole numbers beyond 2^53 lose their last digits: nothing here counts so far. */
export function readBlock(block: Uint8Array, columns: ReadonlySet<Column>): Row[] {
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength)
  let at = 0
  const varint = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]!
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  const text = () => {
    const length = varint()
    at += length
    return bytes.toString('latin1', at - length, at)
  }
  let next = 0
  const head = () => {
    // Columns come in the order in which they came before.
    for (let tried = 0; tried < HEADS.length; tried++) {
      const known = HEADS[next++ % HEADS.length]!
      const end = at + known.bytes.length
      if (end > bytes.length || bytes.compare(known.bytes, 0, known.bytes.length, at, end) !== 0) continue
      at = end
      return known
    }
    const from = at
    const known = { name: text(), type: text(), bytes: Buffer.from(bytes.subarray(from, at)) }
    HEADS.push(known)
    next = HEADS.length
    return known
  }
  const whole = (width: number) => {
    at += width
    if (width === 8) return bytes.readUInt32LE(at - 8) + bytes.readUInt32LE(at - 4) * 2 ** 32
    return bytes.readUIntLE(at - width, width)
  }
  const columnCount = varint()
  const rows: Record<string, unknown>[] = Array.from({ length: varint() }, () => ({ id_run: 0 }))
  for (let column = 0; column < columnCount; column++) {
    const { name, type } = head()
    const wanted = columns.has(name as Column)
    if (type === 'LowCardinality(String)') {
      at += 16
      const words = Array.from({ length: whole(8) }, text)
      at += 8
      for (const row of rows) row[name] = words[bytes[at++]!]!
    } else if (type === 'String') {
      for (const row of rows) {
        const value = text()
        if (wanted) row[name] = value
      }
    } else if (type === 'Float64') {
      for (const row of rows) {
        row[name] = bytes.readDoubleLE(at)
        at += 8
      }
    } else if (name === 'timestamp') {
      for (const row of rows) {
        row[name] = bytes.readBigInt64LE(at)
        at += 8
      }
    } else {
      const width = WIDTHS[type.replace(/\(.*/, '')] ?? 8
      if (!wanted) at += width * rows.length
      else for (const row of rows) row[name] = whole(width)
    }
  }
  if (at !== bytes.length) throw new Error(`a block of ${bytes.length} bytes whose columns end at ${at}`)
  return rows as unknown as Row[]
}
