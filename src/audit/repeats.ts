/**
 * Repeated trades that ingest counted in ranges (`src/ingest/ids/repeated-trades.ts`), as SQL: a row of quarantine stands for ticks of several
 * records, and its payload states the position of each. The audit counts every one of them, so that one dropped and one counted twice are
 * two faults and not none.
 */
import { QUARANTINE } from '../tick/kinds.ts'

/** Condition on a row of quarantine. */
export const IS_COUNTED_REPEATS = "reason = 'trade_repeated'"

/** Rows with a position from `{from}` up to, not including, `{until}`. A row is stored at its last position, of one batch. */
const REACHING =
  'log_partition = {partition:UInt16} AND log_offset >= {from:UInt64} AND batch_first_offset < {until:UInt64}'

const RANGES = "JSONExtract(raw, 'at', 'Array(Tuple(UInt64, UInt32, UInt32))')"

/** The positions of the repeats with offsets from `{from}` up to, not including, `{until}`: `log_offset`, `log_index`. */
export const REPEATED_POSITIONS = `SELECT ranges.1 AS log_offset, toUInt32(arrayJoin(range(ranges.2, ranges.3 + 1))) AS log_index
  FROM (SELECT arrayJoin(${RANGES}) AS ranges FROM ${QUARANTINE} WHERE ${IS_COUNTED_REPEATS} AND ${REACHING})
  WHERE log_offset >= {from:UInt64} AND log_offset < {until:UInt64}`

/** How many there are. */
export const REPEATED_TICKS = `SELECT toInt64(sum(ranges.3 + 1 - ranges.2)) AS ticks
  FROM (SELECT arrayJoin(${RANGES}) AS ranges FROM ${QUARANTINE} WHERE ${IS_COUNTED_REPEATS} AND ${REACHING})
  WHERE ranges.1 >= {from:UInt64} AND ranges.1 < {until:UInt64}`

/** Rows whose count is not that of their positions, or not that of their ids. */
export const UNSOUND_ROWS = `SELECT count() AS rows FROM ${QUARANTINE}
  WHERE ${IS_COUNTED_REPEATS} AND ${REACHING} AND (
    ticks != arraySum(one -> toInt64(one.3) - toInt64(one.2) + 1, ${RANGES}) OR
    ticks != arraySum(one -> toInt64(toUInt64OrZero(one.4) - toUInt64OrZero(one.3) + 1),
      JSONExtract(raw, 'ids', 'Array(Tuple(String, String, String, String))')))`
