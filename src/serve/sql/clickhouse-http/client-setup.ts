/**
 * The first query of clickhouse-go. It reads the answer, a Native block, at the revision it announced, and every later
 * one at the revision in the answer: 0, for which blocks contain only columns, as the engine in this process writes
 * them.
 */
import type { SqlAnswer } from '../../../store/sql.ts'
import type { HttpQuery } from './request.ts'

const SETUP_QUERY = /^\s*SELECT\s+displayName\(\)\s*,\s*version\(\)\s*,\s*revision\(\)\s*,\s*timezone\(\)\s*;?\s*$/i
/** From this revision on a column names its serialisation. */
const CUSTOM_SERIALIZATION_REVISION = 54_454

export function isClientSetup(text: string, { protocolVersion }: HttpQuery): boolean {
  return protocolVersion > 0 && SETUP_QUERY.test(text)
}

export function clientSetup(version: string, revision: number): SqlAnswer {
  const plain = revision >= CUSTOM_SERIALIZATION_REVISION ? [0] : []
  const column = (name: string, type: string, data: Buffer) =>
    Buffer.concat([text(name), text(type), Buffer.from(plain), data])
  // The block's own fields: not an overflow block, no bucket; then 4 columns of 1 row.
  const fields = Buffer.from([1, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 4, 1])
  const bytes = Buffer.concat([
    fields,
    column('displayName()', 'String', text('tickhouse')),
    column('version()', 'String', text(version)),
    column('revision()', 'UInt32', Buffer.alloc(4)),
    column('timezone()', 'String', text('UTC')),
  ])
  return { bytes, readRows: 1, readBytes: 0, writtenRows: 0, writtenBytes: 0, elapsedNanos: 0 }
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}
