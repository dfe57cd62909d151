/** What is proved: archived objects, audits, gaps, and how much of the time was recorded and stored. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { StationState } from '../src/serve/protocol.ts'
import { board, row } from './board.ts'
import { eventMarks } from './clickhouse.ts'
import { bars, divided, judged, number, states, table, type Words } from './panels.ts'

const STATES: Readonly<Record<StationState, Words[string]>> = {
  ok: { text: 'ok', color: 'green' },
  idle: { text: 'idle', color: 'blue' },
  behind: { text: 'behind', color: 'orange' },
  trouble: { text: 'trouble', color: 'red' },
  off: { text: 'off', color: 'text' },
}
const AUDIT: Words = { 0: { text: 'failed', color: 'red' }, 1: { text: 'passed', color: 'green' } }

const NONE_IS_FINE = [
  { value: null, color: 'green' },
  { value: 1, color: 'red' },
]
const NEARLY_ALL = [
  { value: null, color: 'red' },
  { value: 0.99, color: 'orange' },
  { value: 0.999, color: 'green' },
]

/**
 * How long each sample of `uptime` speaks for: until the next one, but not for much longer than samples are apart. Time after that
 * is time in which nothing ran.
 */
const SPOKEN_FOR = `SELECT at, recorded AS was_recorded, stored AS was_stored,
    least(toUnixTimestamp64Milli(leadInFrame(at, 1, $__toTime_ms) OVER (ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING))
      - toUnixTimestamp64Milli(at), intDiv(3 * every_ms, 2)) / 1000 AS seconds
  FROM uptime
  WHERE $__timeFilter_ms(at)`

const availability = (what: 'recorded' | 'stored') => `SELECT
  sumIf(seconds, was_${what}) / dateDiff('second', $__fromTime, least($__toTime, now())) AS ${what}
FROM (
  ${SPOKEN_FOR}
)`

const AVAILABILITY_BY_DAY = `SELECT toDate(at) AS day,
  sumIf(seconds, was_recorded) / any(possible) AS recorded, sumIf(seconds, was_stored) / any(possible) AS stored,
  any(possible) - sumIf(seconds, was_recorded) AS "not recorded"
FROM (
  SELECT *, dateDiff('second', greatest(toDateTime(toDate(at), 'UTC'), $__fromTime),
    least(toDateTime(toDate(at) + 1, 'UTC'), $__toTime, now())) AS possible
  FROM (
  ${SPOKEN_FOR}
  )
)
GROUP BY day
ORDER BY day DESC`

const worstState = (station: string) =>
  `multiIf(countIf(${station} = 'trouble') > 0, 'trouble', countIf(${station} = 'behind') > 0, 'behind', toString(argMax(${station}, at))) AS ${station}`

export function archiveAndAudit(): Dashboard {
  return board({
    uid: 'tickhouse-archive',
    title: 'Tickhouse: archive and audit',
    description: 'What is proved to be complete, what is missing, and when nothing was recorded.',
    range: 'now-24h',
    variables: [],
    marks: [eventMarks('Errors', ['error'], 'red')],
    rows: [
      row('At a glance', [
        judged(
          {
            title: 'Recorded',
            description: 'Share of the time range in which the log took what venues sent.',
            width: 4,
          },
          'percentunit',
          NEARLY_ALL,
          availability('recorded'),
        ),
        judged(
          {
            title: 'Stored',
            description: 'Share of the time range in which ticks were stored without delay.',
            width: 4,
          },
          'percentunit',
          NEARLY_ALL,
          availability('stored'),
        ),
        judged(
          {
            title: 'Audits failed',
            description: 'Audits in the time range that found log and tables to differ.',
            width: 4,
          },
          'short',
          NONE_IS_FINE,
          'SELECT countIf(NOT passed) AS failed FROM audits WHERE $__timeFilter_ms(at)',
        ),
        judged(
          { title: 'Ticks missing', description: 'Trade ids that are known to be missing, at any time.', width: 4 },
          'short',
          NONE_IS_FINE,
          "SELECT sum(missing) AS missing FROM gaps FINAL WHERE state = 'open'",
        ),
        judged(
          {
            title: 'Records lost',
            description: 'Log records that left the log before they were stored, at any time.',
            width: 4,
          },
          'short',
          NONE_IS_FINE,
          'SELECT sum(last_offset - first_offset + 1) AS records FROM lost_ranges FINAL',
        ),
        number(
          { title: 'Rows archived', description: 'Rows in the archive, each read back and found equal.', width: 4 },
          'short',
          'SELECT sum(rows) AS archived FROM archive_ledger FINAL',
        ),
      ]),
      row('Availability', [
        states(
          {
            title: 'Stations',
            description: 'The worst state of each station in each step. A hole is time in which nothing ran.',
            width: 14,
          },
          STATES,
          `SELECT $__timeInterval(at) AS time,
  ${['sources', 'log', 'ingest', 'store', 'archive'].map(worstState).join(',\n  ')}
FROM uptime
WHERE $__timeFilter_ms(at)
GROUP BY time
ORDER BY time`,
        ),
        table(
          {
            title: 'By day',
            description: 'Share of each day (UTC) within the time range, and the time that was not recorded.',
            width: 10,
            height: 8,
          },
          AVAILABILITY_BY_DAY,
          { recorded: 'percentunit', stored: 'percentunit', 'not recorded': 's' },
        ),
      ]),
      row('Archive', [
        bars(
          { title: 'Rows archived, by slice', description: 'Rows of each slice of the log, by kind.', width: 12 },
          'short',
          `SELECT slice_start AS time, toString(kind) AS series, sum(rows) AS archived
FROM archive_ledger FINAL
WHERE $__timeFilter(slice_start)
GROUP BY time, series
ORDER BY time, series`,
        ),
        divided(
          {
            title: 'Time to be verified',
            description: 'From the end of a slice to it being archived and read back.',
            width: 12,
          },
          's',
          `SELECT slice_start AS time, toString(kind) AS series,
  max(toUnixTimestamp64Milli(verified_at) / 1000 - toUnixTimestamp(slice_end)) AS seconds
FROM archive_ledger FINAL
WHERE $__timeFilter(slice_start)
GROUP BY time, series
ORDER BY time, series`,
        ),
        table(
          { title: 'Objects', description: 'The newest hundred slices of the log in the archive.', width: 24 },
          `SELECT slice_start, toString(kind) AS kind, log_partition AS partition, toString(state) AS state, rows, bytes,
  bytes / rows AS "bytes per row", first_time, last_time, verified_at, key, sha256
FROM archive_ledger FINAL
WHERE $__timeFilter(slice_start) AND key != ''
ORDER BY slice_start DESC, kind, partition
LIMIT 100`,
          { rows: 'short', bytes: 'bytes', 'bytes per row': 'bytes' },
        ),
      ]),
      row('Audit', [
        states(
          { title: 'Audits over time', description: 'The worst audit of each step, of all partitions.', width: 12 },
          AUDIT,
          `SELECT $__timeInterval(at) AS time, toString(toUInt8(min(passed))) AS audit
FROM audits
WHERE $__timeFilter_ms(at)
GROUP BY time
ORDER BY time`,
        ),
        divided(
          { title: 'Time an audit takes', description: 'The longest audit of each step, by log partition.', width: 12 },
          'ms',
          `SELECT $__timeInterval(at) AS time, toString(log_partition) AS series, max(took_ms) AS took
FROM audits
WHERE $__timeFilter_ms(at)
GROUP BY time, series
ORDER BY time, series`,
        ),
        table(
          { title: 'Audits', description: 'The newest hundred, failed ones first.', width: 12 },
          `SELECT at, log_partition AS partition, log_day, passed, ticks, distinct_ticks, expected, detail
FROM audits
WHERE $__timeFilter_ms(at)
ORDER BY passed, at DESC
LIMIT 100`,
        ),
        table(
          {
            title: 'Gaps',
            description: 'Ranges of trade ids that were missing, the open ones first; those of any time.',
            width: 12,
          },
          `SELECT toString(state) AS state, toString(venue) AS venue, toString(symbol) AS symbol, first_id, last_id, missing, found_at, changed_at, reason
FROM gaps FINAL
ORDER BY gaps.state, found_at DESC
LIMIT 100`,
          { missing: 'short' },
        ),
        table(
          { title: 'Quarantine', description: 'Ticks refused in the time range, by reason.', width: 24, height: 7 },
          `SELECT toString(reason) AS reason, toString(venue) AS venue, sum(ticks) AS refused, max(stored_at) AS last, any(detail) AS example
FROM quarantine
WHERE $__timeFilter_ms(stored_at)
GROUP BY reason, venue
ORDER BY refused DESC
LIMIT 50`,
          { refused: 'short' },
        ),
      ]),
    ],
  })
}
