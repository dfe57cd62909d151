/** Changes of instruments as rows in the log. */
import type { Log } from '../../log/log.ts'
import { plainLine } from '../../plain-text.ts'
import { InstrumentColumns, type InstrumentRow } from '../../tick/instruments/instruments.ts'
import { INSTRUMENTS } from '../../tick/kinds.ts'
import { partitionOf } from '../recording/symbol-buffers.ts'
import type { InstrumentChange } from './known-list.ts'

const RECORD_ROWS_MAX = 5_000
/** Far above any venue's words. */
const TEXT_LENGTH_MAX = 200

/**
 * Appends changes of a venue's list that was read at `nowMs`, all of them or none. Resolves when they are durable;
 * rejects like `Log.append`.
 */
export async function appendChanges(
  log: Pick<Log, 'append' | 'partitionsOf'>,
  venue: string,
  changes: readonly InstrumentChange[],
  nowMs: number,
): Promise<void> {
  const { first, count } = log.partitionsOf(INSTRUMENTS.name)
  const records = []
  for (let start = 0; start < changes.length; start += RECORD_ROWS_MAX) {
    const columns = new InstrumentColumns(Math.min(RECORD_ROWS_MAX, changes.length - start))
    for (const change of changes.slice(start, start + RECORD_ROWS_MAX)) columns.add(rowOf(venue, change, nowMs))
    records.push(INSTRUMENTS.encode(columns))
  }
  await log.append(first + partitionOf(venue, '', count), records)
}

function rowOf(venue: string, { change, instrument, firstSeenMs, lastSeenMs }: InstrumentChange, nowMs: number) {
  const { symbol, aliases, kind, base, quote, status, sessions } = instrument
  const text = (stated: string) => plainLine(stated, TEXT_LENGTH_MAX)
  return {
    venue,
    // As it is: one that no trade can have is refused by ingest.
    symbol,
    change,
    kind,
    base: text(base),
    quote: text(quote),
    aliases: text(aliases.join(',')),
    status: text(status),
    sessions: text(sessions),
    tick_size: instrument.tickSize,
    lot_size: instrument.lotSize,
    contract_size: instrument.contractSize,
    expires_at: instrument.expiresMs,
    first_seen: firstSeenMs,
    last_seen: lastSeenMs,
    received_at: nowMs,
  } satisfies InstrumentRow
}
