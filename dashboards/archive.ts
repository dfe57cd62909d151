/** Archived objects, audits, gaps, and the share of time recorded and stored. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { StageState } from '../src/status/model.ts'
import { board, row } from './board.ts'
import { eventAnnotations } from './clickhouse.ts'
import { bars, colouredNumber, divided, number, share, states, type ValueTexts } from './panels.ts'
import { AT, table } from './tables.ts'

const STATES: Readonly<Record<StageState, ValueTexts[string]>> = {
  ok: { text: 'ok', color: 'green' },
  idle: { text: 'idle', color: 'blue' },
  behind: { text: 'behind', color: 'orange' },
  trouble: { text: 'trouble', color: 'red' },
  off: { text: 'off', color: 'text' },
}
const AUDIT: ValueTexts = { failed: { text: 'failed', color: 'red' }, passed: { text: 'passed', color: 'green' } }
const GAP: ValueTexts = {
  open: { text: 'open', color: 'red' },
  repaired: { text: 'repaired', color: 'green' },
  unrepairable: { text: 'unrepairable', color: 'orange' },
  accepted: { text: 'accepted', color: 'blue' },
}
const OBJECT: ValueTexts = {
  verified: { text: 'verified', color: 'green' },
  stale: { text: 'stale', color: 'orange' },
  dropping: { text: 'dropping', color: 'blue' },
  dropped: { text: 'dropped', color: 'text' },
}
/** A count with all its digits. */
const COUNT = { unit: 'locale', decimals: 0, align: 'right' } as const

const RED_FROM_ONE = [
  { value: null, color: 'green' },
  { value: 1, color: 'red' },
]
const NEARLY_ALL = [
  { value: null, color: 'red' },
  { value: 0.99, color: 'orange' },
  { value: 0.999, color: 'green' },
]

/**
 * The seconds that each sample of `uptime` covers: until the next sample, at most 1.5 sample intervals. Time that no
 * sample covers is time in which nothing ran.
 */
const COVERED = `SELECT at, recorded AS was_recorded, stored AS was_stored,
    least(toUnixTimestamp64Milli(leadInFrame(at, 1, $__toTime_ms) OVER (ORDER BY at ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING))
      - toUnixTimestamp64Milli(at), intDiv(3 * every_ms, 2)) / 1000 AS seconds
  FROM uptime
  WHERE $__timeFilter_ms(at)`

/** Time before the first sample of all does not count. */
const COUNTED_FROM = 'greatest($__fromTime_ms, (SELECT min(at) FROM uptime))'
const COUNTED_TO = 'least($__toTime_ms, now64(3))'

/** The share, labelled with the start of the time it is computed over. */
const availability = (what: 'recorded' | 'stored') => `SELECT now() AS time,
  'since ' || formatDateTime(${COUNTED_FROM}, '%Y-%m-%d %H:%i', 'UTC') || ' UTC' AS series,
  least(1, sumIf(seconds, was_${what}) / greatest(1, dateDiff('millisecond', ${COUNTED_FROM}, ${COUNTED_TO}) / 1000)) AS ${what}
FROM (
  ${COVERED}
)
HAVING count() > 0`

const AVAILABILITY_BY_DAY = `SELECT toString(toDate(at)) AS day,
  least(1, sumIf(seconds, was_recorded) / any(possible)) AS recorded, least(1, sumIf(seconds, was_stored) / any(possible)) AS stored,
  greatest(0, any(possible) - sumIf(seconds, was_recorded)) AS "not recorded"
FROM (
  SELECT *, greatest(1, dateDiff('millisecond', greatest(toDateTime64(toDate(at), 3, 'UTC'), ${COUNTED_FROM}),
    least(toDateTime64(toDate(at) + 1, 3, 'UTC'), ${COUNTED_TO})) / 1000) AS possible
  FROM (
  ${COVERED}
  )
)
GROUP BY day
ORDER BY day DESC`

const worstState = (stage: string) =>
  `multiIf(countIf(${stage} = 'trouble') > 0, 'trouble', countIf(${stage} = 'behind') > 0, 'behind', toString(argMax(${stage}, at))) AS ${stage}`

export function archiveAndAudit(): Dashboard {
  return board({
    uid: 'tickhouse-archive',
    title: 'Tickhouse: archive and audit',
    description: 'Proven completeness, missing data, and times without recording.',
    range: 'now-24h',
    refresh: '30s',
    variables: [],
    annotations: [eventAnnotations('Errors', ['error'], 'red')],
    rows: [
      row('At a glance', [
        share(
          {
            title: 'Recorded',
            description:
              'Share of the time range in which the log accepted the ticks received. Starts at the first sample of all.',
            width: 4,
          },
          NEARLY_ALL,
          availability('recorded'),
        ),
        share(
          {
            title: 'Stored without delay',
            description:
              'Share of the time range in which ticks were stored without delay. Starts at the first sample of all.',
            width: 4,
          },
          NEARLY_ALL,
          availability('stored'),
        ),
        colouredNumber(
          {
            title: 'Audits failed',
            description: 'Audits in the time range that found a difference between log and tables.',
            width: 4,
          },
          'short',
          RED_FROM_ONE,
          'SELECT countIf(NOT passed) AS failed FROM audits WHERE $__timeFilter_ms(at)',
        ),
        colouredNumber(
          { title: 'Ticks missing', description: 'Missing trade ids, of any time.', width: 4 },
          'short',
          RED_FROM_ONE,
          "SELECT sum(missing) AS missing FROM gaps FINAL WHERE state = 'open'",
        ),
        colouredNumber(
          {
            title: 'Records lost',
            description: 'Records that the log dropped before they were stored, of any time.',
            width: 4,
          },
          'short',
          RED_FROM_ONE,
          'SELECT sum(last_offset - first_offset + 1) AS records FROM lost_ranges FINAL',
        ),
        number(
          { title: 'Rows archived', description: 'Rows in the archive, verified by reading them back.', width: 4 },
          'short',
          'SELECT sum(rows) AS archived FROM archive_ledger FINAL',
        ),
      ]),
      row('Availability', [
        states(
          {
            title: 'Stages over time',
            description: 'The worst state of each stage in each step. A hole is time in which nothing ran.',
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
            description: 'Share of each day (UTC) within the time range, and the time not recorded.',
            width: 10,
            height: 8,
          },
          AVAILABILITY_BY_DAY,
          {
            day: { width: 100 },
            recorded: { unit: 'percentunit', decimals: 2, steps: NEARLY_ALL, align: 'right' },
            stored: { unit: 'percentunit', decimals: 2, steps: NEARLY_ALL, align: 'right' },
            'not recorded': { unit: 's', decimals: 1, align: 'right' },
          },
        ),
      ]),
      row('Archive', [
        bars(
          { title: 'Rows archived by segment', description: 'Rows of each segment of the log, by kind.', width: 12 },
          'short',
          `SELECT slice_start AS time, toString(kind) AS series, sum(rows) AS archived
FROM archive_ledger FINAL
WHERE $__timeFilter(slice_start)
GROUP BY time, series
ORDER BY time, series`,
        ),
        divided(
          {
            title: 'Time to verified',
            description: 'From the end of a segment until it is archived and read back.',
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
          { title: 'Objects', description: 'The newest 100 objects of the archive.', width: 24 },
          `SELECT slice_start AS segment, toString(kind) AS kind, toString(log_partition) AS partition, toString(state) AS state, rows, bytes,
  bytes / rows AS "bytes per row", verified_at AS verified, key
FROM archive_ledger FINAL
WHERE $__timeFilter(slice_start) AND key != ''
ORDER BY slice_start DESC, kind, partition
LIMIT 100`,
          {
            segment: AT,
            kind: { width: 100 },
            partition: { width: 80 },
            state: { texts: OBJECT, width: 80 },
            rows: { ...COUNT, width: 110 },
            bytes: { unit: 'bytes', decimals: 1, align: 'right', width: 100 },
            'bytes per row': { unit: 'none', decimals: 1, align: 'right', width: 110 },
            verified: AT,
          },
        ),
      ]),
      row('Audit', [
        states(
          { title: 'Audits over time', description: 'The worst audit of each step, of all partitions.', width: 12 },
          AUDIT,
          `SELECT $__timeInterval(at) AS time, if(min(audits.passed), 'passed', 'failed') AS audit
FROM audits
WHERE $__timeFilter_ms(at)
GROUP BY time
ORDER BY time`,
        ),
        divided(
          {
            title: 'Duration of an audit',
            description: 'The longest audit of each step, by log partition.',
            width: 12,
          },
          'ms',
          `SELECT $__timeInterval(at) AS time, toString(log_partition) AS series, max(took_ms) AS took
FROM audits
WHERE $__timeFilter_ms(at)
GROUP BY time, series
ORDER BY time, series`,
        ),
        table(
          {
            title: 'Audits',
            description: 'The newest 100, failed ones first: ticks in the log and ticks found in the tables.',
            width: 24,
            height: 8,
          },
          `SELECT at, if(audits.passed, 'passed', 'failed') AS result, toString(log_partition) AS partition, toString(log_day) AS day,
  expected AS "in the log", ticks AS found, detail
FROM audits
WHERE $__timeFilter_ms(at)
ORDER BY audits.passed, at DESC
LIMIT 100`,
          {
            at: AT,
            result: { texts: AUDIT, width: 75 },
            partition: { width: 80 },
            day: { width: 100 },
            'in the log': { ...COUNT, width: 95 },
            found: { ...COUNT, width: 95 },
          },
        ),
        table(
          {
            title: 'Gaps',
            description: 'Ranges of missing trade ids of any time, open ones first.',
            width: 24,
            height: 8,
          },
          `SELECT toString(state) AS state, toString(venue) AS venue, toString(symbol) AS symbol, missing,
  toString(first_id) AS "from id", toString(last_id) AS "to id", changed_at AS changed, reason
FROM gaps FINAL
ORDER BY gaps.state, changed_at DESC
LIMIT 100`,
          {
            state: { texts: GAP, width: 95 },
            venue: { width: 85 },
            symbol: { width: 95 },
            missing: { ...COUNT, width: 75 },
            'from id': { align: 'right', width: 110 },
            'to id': { align: 'right', width: 110 },
            changed: AT,
          },
        ),
        table(
          { title: 'Quarantine', description: 'Ticks refused in the time range, by reason.', width: 24, height: 7 },
          `SELECT toString(reason) AS reason, toString(venue) AS venue, sum(ticks) AS refused, max(stored_at) AS last, any(detail) AS example
FROM quarantine
WHERE $__timeFilter_ms(stored_at)
GROUP BY reason, venue
ORDER BY refused DESC
LIMIT 50`,
          { reason: { width: 170 }, venue: { width: 100 }, refused: { ...COUNT, width: 90 }, last: AT },
        ),
      ]),
    ],
  })
}
