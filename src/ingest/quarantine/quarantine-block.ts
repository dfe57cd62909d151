/** The block of a batch for table `quarantine`. */
import { BlockWriter } from '../../tick/native.ts'
import { TYPES } from '../../tick/records.ts'
import { writeTime } from '../../tick/time.ts'
import type { Refused } from '../decode.ts'
import { type BatchColumns, type BlockContext, writeBatchColumns } from '../rows.ts'

/** A refused tick with its log position. */
export interface PlacedRefusal extends Refused {
  /** The kind of its record. */
  kind: string
  offset: number
  /** Hash of its record, if that is the last of the batch. */
  hash: number
  loggedAtSeconds: number
}

export function quarantineBlock(
  refused: readonly PlacedRefusal[],
  { partition, day, batch }: BlockContext<BatchColumns>,
): Uint8Array<ArrayBuffer> {
  const rows = refused.length
  const receivedAt = new BigInt64Array(rows)
  const words = new Uint32Array(receivedAt.buffer)
  for (const [row, tick] of refused.entries()) writeTime(words, row, tick.receivedAtMicros)
  const writer = new BlockWriter(20, rows, 4096 + refused.reduce((sum, tick) => sum + tick.raw.length + 200, 0))
  writer.fixed('log_partition', 'UInt16', new Uint16Array(rows).fill(partition))
  writer.fixed(
    'log_offset',
    'UInt64',
    BigUint64Array.from(refused, tick => BigInt(tick.offset)),
  )
  writer.fixed(
    'log_index',
    'UInt32',
    Uint32Array.from(refused, tick => tick.index),
  )
  writer.fixed(
    'log_hash',
    'UInt64',
    BigUint64Array.from(refused, tick => BigInt(tick.hash)),
  )
  writer.fixed(
    'logged_at',
    TYPES.seconds,
    Uint32Array.from(refused, tick => tick.loggedAtSeconds),
  )
  writer.fixed('log_day', 'Date', new Uint16Array(rows).fill(day))
  writer.fixed(
    'ticks',
    'Int64',
    BigInt64Array.from(refused, tick => BigInt(tick.ticks)),
  )
  for (const name of ['kind', 'reason', 'detail', 'venue', 'symbol', 'raw'] as const)
    writer.strings(
      name,
      refused.map(tick => tick[name]),
    )
  writer.fixed('received_at', TYPES.time, receivedAt)
  writeBatchColumns(writer, rows, batch)
  writer.fixed(
    'received_bytes',
    'UInt64',
    BigUint64Array.from(refused, tick => BigInt(tick.rawBytes ?? Buffer.byteLength(tick.raw))),
  )
  writer.fixed(
    'trade_id',
    'UInt64',
    BigUint64Array.from(refused, tick => tick.tradeId ?? 0n),
  )
  writer.fixed(
    'id_run',
    'UInt16',
    Uint16Array.from(refused, tick => tick.idRun ?? 0),
  )
  return writer.done()
}
