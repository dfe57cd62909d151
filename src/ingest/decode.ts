/** Decodes a log record into columns, or gives the reason why it cannot be decoded. Pure. */
import type { LoggedRecord } from '../log/log.ts'
import { EXTERNAL_VENUE } from '../tick/json.ts'
import { KINDS, type Kind, type TickColumns } from '../tick/kinds.ts'
import { BlockError } from '../tick/native.ts'
import { RECORD_VERSION, readRefused } from '../tick/records.ts'
import type { Refusal } from '../tick/refusal.ts'

/** A tick, or a whole record, that goes to quarantine instead of its table. */
export interface Refused {
  /** `log_index`: its position in the record. */
  index: number
  /**
   * How many ticks it stands for: 1, the count in the header of a record that cannot be decoded, true or not, or the
   * repeated quotes of a record.
   */
  ticks: number
  reason: Refusal
  detail: string
  venue: string
  symbol: string
  raw: string | Uint8Array
  /** Bytes received, where `raw` is truncated. */
  rawBytes?: number
  receivedAtMicros: number
  /** Its trade id and id run, where known: that id is then not missing. */
  tradeId?: bigint
  idRun?: number
  /** Trade ids that the venue announced and never sent. */
  missed?: { symbol: string; first: number; last: number }
}

/** The ticks of a record. */
export interface Decoded<C extends TickColumns = TickColumns> {
  /** The kind of `ticks`. */
  kind: Kind<C>
  ticks: C
  /** `log_index` of each row; undefined where row n has index n. */
  indexes?: Uint32Array
  refused: Refused[]
}

/** A record must fit into one part of the table: see docs/reliability.md, rule 2. */
const TICKS_PER_RECORD_MAX = 1_000_000
/** Ids for ticks without one: made of the log position, far above any venue's counter. They are not followed. */
const OWN_IDS_FROM = 2n ** 63n
const OWN_IDS_PER_RECORD = 2n ** 20n

/** The id of a record's first tick if it has none; each next tick's is one more. */
export const ownIdsFrom = (offset: number): bigint => OWN_IDS_FROM + BigInt(offset) * OWN_IDS_PER_RECORD

/**
 * Never throws: a record that cannot be decoded comes back as one refused tick with the record's payload. The columns of `scratch` are
 * reused: the caller must be done with them before the next record.
 */
export function decode(
  entry: LoggedRecord,
  kinds: readonly Kind[] = KINDS,
  scratch?: (kind: Kind) => TickColumns,
): Decoded {
  const kind = kinds.find(({ name }) => name === entry.kind)
  if (!kind) return whole(entry, 'unknown_kind', `kind ${entry.kind}`, kinds[0]!)
  if (entry.version !== RECORD_VERSION)
    return whole(entry, 'unknown_format', `format ${entry.format} version ${entry.version}`, kind)
  try {
    const decoded = read(entry, kind, scratch)
    if (!decoded) return whole(entry, 'unknown_format', `format ${entry.format}`, kind)
    const stored = decoded.ticks.length + decoded.refused.length
    if (stored > TICKS_PER_RECORD_MAX)
      return whole(entry, 'undecodable_record', `${stored} ticks, ${TICKS_PER_RECORD_MAX} at most`, kind)
    if (stored === 0) return whole(entry, 'undecodable_record', 'a record without ticks', kind)
    // The audit compares with the log's count, so a record must contain as many ticks as its header states.
    if (stored !== entry.ticks)
      return whole(entry, 'undecodable_record', `${stored} ticks, the record's header states ${entry.ticks}`, kind)
    return decoded
  } catch (error) {
    if (error instanceof BlockError || error instanceof SyntaxError || error instanceof TypeError) {
      return whole(entry, 'undecodable_record', error.message, kind)
    }
    throw error
  }
}

/** Decodes the payload by its format; undefined for an unknown one. Throws what the format's reader throws. */
function read(entry: LoggedRecord, kind: Kind, scratch?: (kind: Kind) => TickColumns): Decoded | undefined {
  if (entry.format === 'native') return { kind, ticks: kind.decode(entry.payload, scratch?.(kind)), refused: [] }
  if (entry.format === 'json') return readJson(entry, kind)
  return entry.format === 'refused' ? readRefusedFrames(entry, kind) : undefined
}

function readJson(entry: LoggedRecord, kind: Kind): Decoded | undefined {
  const receivedAtMicros = entry.timestampMs * 1000
  const decoded = kind.decodeJson?.(entry.payload, receivedAtMicros, ownIdsFrom(entry.offset))
  if (!decoded) return undefined
  const { ticks, indexes, refused } = decoded
  return {
    kind,
    ticks,
    indexes,
    refused: refused.map(line => ({ ...line, ticks: 1, venue: EXTERNAL_VENUE, symbol: '', receivedAtMicros })),
  }
}

function readRefusedFrames(entry: LoggedRecord, kind: Kind): Decoded {
  const refused = readRefused(entry.payload).map((frame, index) => ({
    ...frame,
    index,
    ticks: 1,
    symbol: frame.missed?.symbol ?? '',
  }))
  return { kind, ticks: kind.columns(0), refused }
}

/** The record as one refused tick. Where its own kind is unknown, `kind` is another: it has no ticks. */
function whole(entry: LoggedRecord, reason: Refusal, detail: string, kind: Kind): Decoded {
  const refused: Refused = {
    index: 0,
    ticks: entry.ticks,
    reason,
    detail,
    venue: '',
    symbol: '',
    raw: entry.payload,
    receivedAtMicros: entry.timestampMs * 1000,
  }
  return { kind, ticks: kind.columns(0), refused: [refused] }
}
