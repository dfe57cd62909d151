/** Reads a log record into columns, or says why it cannot be read. Pure. */
import type { LoggedRecord } from '../log/log.ts'
import { EXTERNAL_VENUE, readJsonTrades } from '../tick/json.ts'
import { BlockError } from '../tick/native.ts'
import { RECORD_VERSION, readRefused, readTrades } from '../tick/records.ts'
import type { Refusal } from '../tick/refusal.ts'
import { TradeColumns } from '../tick/trades.ts'

/** A tick, or a whole record, that goes to quarantine instead of its table. */
export interface Refused {
  /** Its place in the record. */
  index: number
  /** How many ticks it stands for: 1, or as many as a record that cannot be read says it holds, true or not. */
  ticks: number
  reason: Refusal
  detail: string
  venue: string
  symbol: string
  raw: string | Uint8Array
  /** Where `raw` is only the beginning of what was received: how many bytes that was. */
  rawBytes?: number
  receivedAtMicros: number
  /** The id it came with and the run of ids that one is in, where they can be told: such an id is not missing. */
  tradeId?: bigint
  idRun?: number
  /** Ids of trades of the symbol that the venue announced and that never came. */
  missed?: { symbol: string; first: number; last: number }
}

/** What a record holds. */
export interface Decoded {
  trades: TradeColumns
  /** The place in the record of each row of `trades`; undefined where row n is at place n. */
  indexes?: Uint32Array
  refused: Refused[]
}

/** A record's ticks must fit into one part of the table: see reliability rule 2. */
const TICKS_PER_RECORD_MAX = 1_000_000
/** Ids for ticks that bring none: their place in the log, far above any venue's counter, so that nothing follows them. */
const OWN_IDS_FROM = 2n ** 63n
const OWN_IDS_PER_RECORD = 2n ** 20n

/** The id of a record's first tick if it brings none; the next one's is one more. */
export const ownIdsFrom = (offset: number): bigint => OWN_IDS_FROM + BigInt(offset) * OWN_IDS_PER_RECORD

/**
 * Never throws: what cannot be read comes back as refused, with the record's payload. Trades may be read into `scratch`, so
 * that a caller who is done with them before the next record pays for the memory once.
 */
export function decode(entry: LoggedRecord, scratch?: TradeColumns): Decoded {
  if (entry.kind !== 'trades') return whole(entry, 'unknown_kind', `kind ${entry.kind}`)
  if (entry.version !== RECORD_VERSION)
    return whole(entry, 'unknown_format', `format ${entry.format} version ${entry.version}`)
  try {
    const reader = Object.hasOwn(READERS, entry.format) ? READERS[entry.format] : undefined
    if (!reader) return whole(entry, 'unknown_format', `format ${entry.format}`)
    const decoded = reader(entry, scratch)
    const held = decoded.trades.length + decoded.refused.length
    if (held > TICKS_PER_RECORD_MAX)
      return whole(entry, 'undecodable_record', `${held} ticks, ${TICKS_PER_RECORD_MAX} at most`)
    if (held === 0) return whole(entry, 'undecodable_record', 'a record without ticks')
    // The log's own count is what the audit compares with, so a record must hold what it says.
    if (held !== entry.ticks)
      return whole(entry, 'undecodable_record', `${held} ticks where the record says ${entry.ticks}`)
    return decoded
  } catch (error) {
    if (error instanceof BlockError || error instanceof SyntaxError || error instanceof TypeError) {
      return whole(entry, 'undecodable_record', error.message)
    }
    throw error
  }
}

const READERS: Readonly<Record<string, (entry: LoggedRecord, scratch?: TradeColumns) => Decoded>> = {
  native: (entry, scratch) => ({ trades: readTrades(entry.payload, scratch), refused: [] }),
  json: readJson,
  refused: readRefusedFrames,
}

function readJson(entry: LoggedRecord): Decoded {
  const receivedAtMicros = entry.timestampMs * 1000
  const { trades, indexes, refused } = readJsonTrades(entry.payload, receivedAtMicros, ownIdsFrom(entry.offset))
  return {
    trades,
    indexes,
    refused: refused.map(line => ({ ...line, ticks: 1, venue: EXTERNAL_VENUE, symbol: '', receivedAtMicros })),
  }
}

function readRefusedFrames(entry: LoggedRecord): Decoded {
  const refused = readRefused(entry.payload).map((frame, index) => ({
    ...frame,
    index,
    ticks: 1,
    symbol: frame.missed?.symbol ?? '',
  }))
  return { trades: new TradeColumns(0), refused }
}

function whole(entry: LoggedRecord, reason: Refusal, detail: string): Decoded {
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
  return { trades: new TradeColumns(0), refused: [refused] }
}
