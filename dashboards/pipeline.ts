/** Every figure of the house: six against their targets first, then stage by stage in the order of a tick's way. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { MetricName } from '../src/telemetry/metrics.ts'
import { board, closedRow, row } from './board.ts'
import { choicesOrAll, eventMarks } from './clickhouse.ts'
import { definitionOf, descriptionOf, overall, type Threshold, targetText, thresholdsOf, unitOf } from './figures.ts'
import { figure, figures, switched, tile, type Words } from './panels.ts'

const TROUBLE: Words = { 0: { text: 'fine', color: 'green' }, 1: { text: 'needs a person', color: 'red' } }
const OPEN: Words = { 0: { text: 'closed', color: 'red' }, 1: { text: 'open', color: 'green' } }
const ONLINE: Words = {
  0: { text: 'says it does not trade as usual', color: 'red' },
  1: { text: 'online', color: 'green' },
}
const READABLE: Words = { 0: { text: 'cannot be read', color: 'red' }, 1: { text: 'readable', color: 'green' } }
const PASSED: Words = { 0: { text: 'failed', color: 'red' }, 1: { text: 'passed', color: 'green' } }
const FAILING: Words = { 0: { text: 'works', color: 'green' }, 1: { text: 'fails', color: 'red' } }

/** Where nothing comes, nothing is recorded: what is less than one in a thousand seconds is nothing. */
const SOMETHING: Threshold[] = [
  { value: null, color: 'red' },
  { value: 0.001, color: 'green' },
]

/** A figure's newest value beside its target, of the series with those labels. */
function against(name: MetricName, title: string, labels: Readonly<Record<string, string>> = {}) {
  const { targets = [] } = definitionOf(name)
  const target = targets.find(({ labels: of = {} }) =>
    Object.entries(labels).every(([label, value]) => of[label] === value),
  )
  const { atMost, atLeast } = target ?? {}
  const steps = target ? thresholdsOf(name, [target]) : SOMETHING
  const words = target
    ? `: ${atMost === 0 ? 'none' : targetText(name, { ...(atMost !== undefined && { atMost }), ...(atLeast !== undefined && { atLeast }) })}`
    : ''
  return tile(
    { title: `${title}${words}`, description: descriptionOf(name), width: 4 },
    unitOf(name),
    steps,
    overall(name, labels),
  )
}

export function pipeline(): Dashboard {
  return board({
    uid: 'tickhouse-pipeline',
    title: 'Tickhouse: pipeline',
    description: 'Is the market being recorded, stored and archived, and if not, where does it stand?',
    range: 'now-1h',
    refresh: '10s',
    variables: [
      choicesOrAll({
        name: 'process',
        label: 'Process',
        sql: 'SELECT DISTINCT process FROM metrics WHERE $__timeFilter_ms(at) ORDER BY process',
      }),
    ],
    marks: [eventMarks('Errors', ['error'], 'red'), eventMarks('Warnings', ['warn'], 'orange')],
    rows: [
      row('At a glance', [
        against('source_ticks_per_second', 'Received'),
        against('ingest_stored_ticks_per_second', 'Stored'),
        against('store_freshness_seconds', 'Freshness, p99', { quantile: 'p99' }),
        against('ingest_lag_seconds', 'Lag'),
        against('ingest_open_gaps', 'Open gaps'),
        against('disk_free_bytes', 'Disk left'),
        switched('station_trouble', { title: 'Stations', width: 8 }, TROUBLE),
        figure('store_freshness_seconds', { title: 'Freshness: from the venue to a query', width: 8 }),
        figure('ingest_lag_seconds', { title: 'Lag', width: 8 }),
      ]),
      closedRow('Sources', [
        switched('source_connected', { title: 'Connections', width: 8 }, OPEN),
        figure('source_ticks_per_second', { title: 'Ticks received', width: 8 }),
        figure('source_latency_seconds', { title: 'Latency: from the venue to us', width: 8 }),
        figure('source_silence_seconds', { title: 'Silence', width: 8 }),
        figure('source_clock_apart_seconds', { title: 'Clock: apart from the venue', width: 8 }),
        figure('source_symbols', { title: 'Symbols received', width: 8 }),
        figure('source_symbols_down', { title: 'Symbols not received', width: 8 }),
        switched('source_venue_online', { title: 'Venue', width: 8 }, ONLINE),
        switched('source_readable', { title: 'Messages', width: 8 }, READABLE),
        figure('source_reconnects_total', { title: 'Reconnects', width: 8 }),
        figure('source_refused_total', { title: 'Messages refused', width: 8 }),
      ]),
      closedRow('Log', [
        figure('log_appended_ticks_per_second', { title: 'Appended', width: 8 }),
        figure('log_append_seconds', { title: 'Time to be durable', width: 8 }),
        figure('log_bytes', { title: 'Log size', width: 8 }),
        figures(
          { title: 'Offsets: how far each partition is', width: 24 },
          {
            log_first_offset: 'first',
            log_archived_offset: 'archived',
            log_stored_offset: 'stored',
            log_next_offset: 'next',
          },
        ),
      ]),
      closedRow('Ingest', [
        figure('ingest_stored_ticks_per_second', { title: 'Ticks stored', width: 8 }),
        figure('ingest_lag_ticks', { title: 'Lag, in ticks', width: 8 }),
        figure('ingest_batch_ticks', { title: 'Batch size', width: 8 }),
        figure('ingest_batch_age_seconds', { title: 'Batch age', width: 8 }),
        figure('ingest_insert_seconds', { title: 'Insert time', width: 8 }),
        figure('ingest_open_gaps', { title: 'Open gaps', width: 8 }),
        figure('ingest_refused_ticks_total', { title: 'Ticks refused, by reason', width: 24 }),
      ]),
      closedRow('Store', [
        figure('store_parts', { title: 'Parts', width: 8 }),
        figure('store_bytes', { title: 'Store size', width: 8 }),
        figure('store_trades', { title: 'Trades in the table', width: 8 }),
        figure('store_bytes_per_trade', { title: 'Bytes per trade', width: 12 }),
        switched('store_audit_passed', { title: 'Last audit', width: 12 }, PASSED),
      ]),
      closedRow('Archive', [
        switched('archive_failing', { title: 'Archiving', width: 6 }, FAILING),
        figure('archive_behind_seconds', { title: 'Behind', width: 6 }),
        figure('archive_rows', { title: 'Rows archived and verified', width: 6 }),
        figure('archive_bytes', { title: 'Bytes archived and verified', width: 6 }),
      ]),
      closedRow('Processes', [
        figure('process_cpu_seconds_total', {
          title: 'Processor, share of a core',
          width: 8,
          counter: 'per second',
          unit: 'percentunit',
        }),
        figure('process_memory_bytes', { title: 'Memory', width: 8 }),
        figure('process_memory_used_ratio', { title: 'Memory, of its limit', width: 8 }),
        figure('process_event_loop_delay_seconds', { title: 'Event-loop delay', width: 8 }),
        figure('disk_free_bytes', { title: 'Disk left', width: 8 }),
        figure('events_total', { title: 'Events', width: 8 }),
        figure('diagnostics_left_out_total', { title: 'Figures and lines left out', width: 8, counter: 'total' }),
      ]),
      closedRow('Details', [
        figure('source_ticks_total', { title: 'Ticks received, by counting', width: 8, counter: 'per second' }),
        figure('source_messages_per_second', { title: 'Messages received', width: 8 }),
        figure('ingest_stored_ticks_total', { title: 'Ticks stored, by counting', width: 8, counter: 'per second' }),
        figure('store_merges', { title: 'Merges', width: 8 }),
        figure('store_audit_age_seconds', { title: 'Since the last audit', width: 8 }),
        figure('archive_objects', { title: 'Objects archived and verified', width: 8 }),
        figure('requests_refused_total', { title: 'Requests refused, by reason', width: 24 }),
      ]),
    ],
  })
}
