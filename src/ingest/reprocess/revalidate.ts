/** Validates quarantined ticks by the current rules. Pure. Uses the log's record if it still exists, else the row's own `raw`. */
import type { LoggedRecord } from '../../log/log.ts'
import { EXTERNAL_VENUE } from '../../tick/json.ts'
import { KINDS, type Kind, type TickColumns } from '../../tick/kinds.ts'
import { RECORD_VERSION } from '../../tick/records.ts'
import type { Refusal } from '../../tick/refusal.ts'
import { type Decoded, decode, ownIdsFrom, type Refused } from '../decode.ts'
import { refusedTick } from '../quarantine/refused-tick.ts'

/** A row of table `quarantine`, without its payload. */
export interface QuarantineRow {
  partition: number
  offset: number
  index: number
  kind: string
  /** 1, or the tick count in the header of a record that was refused as a whole. */
  ticks: number
  reason: Refusal
  venue: string
  /** `YYYY-MM-DD`. */
  logDay: string
  loggedAtSeconds: number
  receivedAtMicros: number
  /** Hash of its record; 0 in most rows. */
  logHash: number
}

/** Why a row is still refused. */
export interface Rejection {
  reason: Refusal
  detail: string
}

/** The valid ticks of a row. Whether their ids are stored already is checked later. */
export interface Candidate {
  kind: Kind
  columns: TickColumns
  /** `log_index` of each tick. */
  indexes: Uint32Array
  /** The other ticks of a record that was refused as a whole. */
  refused: Refused[]
  /** From a venue's frame, which is in the partition of its venue, not of its symbol. */
  frame: boolean
}

/** Decodes a venue's frame, or an item of one, with the current decoder; undefined for an unknown venue. */
export type RereadFrame = (
  venue: string,
  raw: Uint8Array,
  receivedAtMicros: number,
) => { ticks: readonly { kind: Kind; columns: TickColumns }[]; still: Rejection } | undefined

/** Validates rows in log order: ticks of the same record are decoded once. */
export class Revalidation {
  readonly #venues: Pick<ReadonlySet<string>, 'has'>
  readonly #reread: RereadFrame
  readonly #nowMicros: number
  #last: { entry: LoggedRecord; decoded: Decoded } | undefined

  /** `nowMicros` is our clock: a tick that was ahead of a slow clock is valid once that is corrected. */
  constructor(venues: Pick<ReadonlySet<string>, 'has'>, reread: RereadFrame, nowMicros: number) {
    this.#venues = venues
    this.#reread = reread
    this.#nowMicros = nowMicros
  }

  /** By the log's record. */
  byEntry(row: QuarantineRow, entry: LoggedRecord): Candidate | Rejection {
    if (this.#last?.entry !== entry) this.#last = { entry, decoded: decode(entry) }
    const { decoded } = this.#last
    if (row.ticks !== 1 || (entry.ticks === 1 && entry.format !== 'refused')) return this.#whole(decoded)
    const refused = decoded.refused.find(({ index }) => index === row.index)
    if (refused) {
      if (entry.format !== 'refused' || decoded.refused.length !== entry.ticks) return refused
      return this.#frame(row, Buffer.from(refused.raw as Uint8Array), refused.venue, refused.receivedAtMicros)
    }
    const at = decoded.indexes ? decoded.indexes.indexOf(row.index) : row.index
    return this.#tick(row, decoded.kind, decoded.ticks, at)
  }

  /** By the row's `raw`, where the log's record was trimmed. */
  byRaw(row: QuarantineRow, raw: Uint8Array): Candidate | Rejection {
    const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString()
    if (row.venue === '') return this.#wholeByRaw(row, raw)
    const kind = KINDS.find(({ name }) => name === row.kind)
    const own = kind?.readValues(text, row.receivedAtMicros)
    if (kind && own) return this.#tick(row, kind, own, 0)
    if (row.venue !== EXTERNAL_VENUE) return this.#frame(row, raw, row.venue, row.receivedAtMicros)
    const ownId = ownIdsFrom(row.offset) + BigInt(row.index)
    const read = kind?.decodeJson?.(raw, row.receivedAtMicros, ownId)
    if (!kind || !read) return { reason: 'unknown_kind', detail: `kind ${row.kind}` }
    return read.refused[0] ?? this.#tick(row, kind, read.ticks, 0)
  }

  #wholeByRaw(row: QuarantineRow, payload: Uint8Array): Candidate | Rejection {
    if (row.reason !== 'undecodable_record')
      return { reason: row.reason, detail: 'its format was only in the log, which no longer has the record' }
    const { partition, offset, ticks } = row
    const format = payload[0] === '{'.charCodeAt(0) ? 'json' : 'native'
    const timestampMs = row.receivedAtMicros / 1000
    const entry = { partition, offset, ticks, timestampMs, kind: row.kind, format, version: RECORD_VERSION, payload }
    return this.#whole(decode(entry))
  }

  #whole({ kind, ticks, indexes, refused }: Decoded): Candidate | Rejection {
    if (ticks.length === 0) return refused[0]!
    return this.#validated(kind, ticks, indexes ?? Uint32Array.from({ length: ticks.length }, (_, at) => at), refused)
  }

  #frame(row: QuarantineRow, raw: Uint8Array, venue: string, receivedAtMicros: number): Candidate | Rejection {
    const read = this.#reread(venue, raw, receivedAtMicros)
    if (!read) return { reason: row.reason, detail: `no decoder for frames of ${venue}` }
    const [first] = read.ticks
    if (!first) return read.still
    const count = read.ticks.reduce((sum, { columns }) => sum + columns.length, 0)
    if (count > 1) return { reason: row.reason, detail: `the frame has ${count} ticks and one position in the log` }
    const validated = this.#tick(row, first.kind, first.columns, 0)
    return 'columns' in validated ? { ...validated, frame: true } : validated
  }

  /** One decoded tick, at the row's position. */
  #tick(row: QuarantineRow, kind: Kind, from: TickColumns, at: number): Candidate | Rejection {
    const ticks = kind.columns(1)
    ticks.appendRange(from, at, at + 1)
    return this.#validated(kind, ticks, Uint32Array.of(row.index), [])
  }

  #validated(kind: Kind, ticks: TickColumns, indexes: Uint32Array, refused: readonly Refused[]): Candidate | Rejection {
    const codes = new Uint8Array(ticks.length)
    if (kind.validate(ticks, this.#venues, codes, this.#nowMicros) === 0)
      return { kind, columns: ticks, indexes, refused: [...refused], frame: false }
    const bad = [...codes.keys()].filter(at => codes[at] !== 0)
    const refusedToo = bad.map(at => refusedTick(kind, ticks, at, indexes[at]!, codes[at]!))
    if (bad.length === ticks.length) return refusedToo[0]!
    return { ...without(kind, ticks, indexes, new Set(bad)), refused: [...refused, ...refusedToo], frame: false }
  }
}

/** The ticks without some rows. */
export function without(kind: Kind, ticks: TickColumns, indexes: Uint32Array, rows: ReadonlySet<number>) {
  const columns = kind.columns(ticks.length - rows.size)
  for (let at = 0; at < ticks.length; at++) if (!rows.has(at)) columns.appendRange(ticks, at, at + 1)
  return { kind, columns, indexes: indexes.filter((_, at) => !rows.has(at)) }
}
