/** All metrics: six with their targets first, then by stage in the order a tick passes them. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { MetricName } from '../src/telemetry/metrics.ts'
import { board, closedRow, row } from './board.ts'
import { choicesOrAll, eventAnnotations } from './clickhouse.ts'
import { definitionOf, descriptionOf, overall, type Threshold, targetText, thresholdsOf, unitOf } from './metrics.ts'
import { metric, metrics, switched, tile, type ValueTexts } from './panels.ts'

const TROUBLE: ValueTexts = { 0: { text: 'ok', color: 'green' }, 1: { text: 'needs attention', color: 'red' } }
const OPEN: ValueTexts = { 0: { text: 'closed', color: 'red' }, 1: { text: 'open', color: 'green' } }
const ONLINE: ValueTexts = {
  0: { text: 'not trading normally', color: 'red' },
  1: { text: 'online', color: 'green' },
}
const READABLE: ValueTexts = { 0: { text: 'unreadable', color: 'red' }, 1: { text: 'readable', color: 'green' } }
const PASSED: ValueTexts = { 0: { text: 'failed', color: 'red' }, 1: { text: 'passed', color: 'green' } }
const FAILING: ValueTexts = { 0: { text: 'works', color: 'green' }, 1: { text: 'fails', color: 'red' } }

/** A rate below one in 1,000 seconds counts as nothing received. */
const ABOVE_ZERO: Threshold[] = [
  { value: null, color: 'red' },
  { value: 0.001, color: 'green' },
]

/** The newest value of the series with these labels, with its target. */
function withTarget(name: MetricName, title: string, labels: Readonly<Record<string, string>> = {}) {
  const { targets = [] } = definitionOf(name)
  const target = targets.find(({ labels: of = {} }) =>
    Object.entries(labels).every(([label, value]) => of[label] === value),
  )
  const { atMost, atLeast } = target ?? {}
  const steps = target ? thresholdsOf(name, [target]) : ABOVE_ZERO
  const targetTitle = target
    ? `: ${atMost === 0 ? 'none' : targetText(name, { ...(atMost !== undefined && { atMost }), ...(atLeast !== undefined && { atLeast }) })}`
    : ''
  return tile(
    { title: `${title}${targetTitle}`, description: descriptionOf(name), width: 4 },
    unitOf(name),
    steps,
    overall(name, labels),
  )
}

export function pipeline(): Dashboard {
  return board({
    uid: 'tickhouse-pipeline',
    title: 'Tickhouse: pipeline',
    description: 'Is the market recorded, stored and archived, and if not, which stage is stuck?',
    range: 'now-1h',
    refresh: '10s',
    variables: [
      choicesOrAll({
        name: 'process',
        label: 'Process',
        sql: 'SELECT DISTINCT process FROM metrics WHERE $__timeFilter_ms(at) ORDER BY process',
      }),
    ],
    annotations: [eventAnnotations('Errors', ['error'], 'red'), eventAnnotations('Warnings', ['warn'], 'orange')],
    rows: [
      row('At a glance', [
        withTarget('source_ticks_per_second', 'Received'),
        withTarget('ingest_stored_ticks_per_second', 'Stored'),
        withTarget('store_freshness_seconds', 'Freshness, p99', { quantile: 'p99' }),
        withTarget('ingest_lag_seconds', 'Lag'),
        withTarget('ingest_open_gaps', 'Open gaps'),
        withTarget('disk_free_bytes', 'Free disk space'),
        switched('station_trouble', { title: 'Stages', width: 8 }, TROUBLE),
        metric('store_freshness_seconds', { title: 'Freshness: from the venue to a query', width: 8 }),
        metric('ingest_lag_seconds', { title: 'Lag', width: 8 }),
      ]),
      closedRow('Sources', [
        switched('source_connected', { title: 'Connections', width: 8 }, OPEN),
        metric('source_ticks_per_second', { title: 'Ticks received', width: 8 }),
        metric('source_latency_seconds', { title: 'Latency from the venue', width: 8 }),
        metric('source_silence_seconds', { title: 'Silence', width: 8 }),
        metric('source_clock_apart_seconds', { title: 'Clock difference to the venue', width: 8 }),
        metric('source_clock_error_seconds', { title: 'Bound of the clock error', width: 8 }),
        metric('source_symbols', { title: 'Symbols received', width: 8 }),
        metric('source_subscriptions', { title: 'Symbols by state', width: 8 }),
        metric('source_symbols_down', { title: 'Symbols not received', width: 8 }),
        switched('source_venue_online', { title: 'Venue', width: 8 }, ONLINE),
        switched('source_readable', { title: 'Messages', width: 8 }, READABLE),
        metric('source_reconnects_total', { title: 'Reconnects', width: 8 }),
        metric('source_refused_total', { title: 'Messages refused', width: 8 }),
        metric('source_quotes_conflated_total', { title: 'Quotes conflated', width: 8 }),
        metric('source_missing_trades', { title: 'Missing trades to request', width: 8 }),
        metric('source_missing_trades_beyond_reach', { title: 'Missing trades too old to request', width: 8 }),
        metric('source_repaired_trades_total', { title: 'Trades repaired', width: 8 }),
        metric('source_unrepairable_trades_total', { title: 'Trades not supplied', width: 8 }),
      ]),
      closedRow('Log', [
        metric('log_appended_ticks_per_second', { title: 'Ticks appended', width: 8 }),
        metric('log_append_seconds', { title: 'Append time', width: 8 }),
        metric('log_bytes', { title: 'Log size', width: 8 }),
        metrics(
          { title: 'Offsets by partition', width: 24 },
          {
            log_first_offset: 'first',
            log_archived_offset: 'archived',
            log_stored_offset: 'stored',
            log_next_offset: 'next',
          },
        ),
      ]),
      closedRow('Ingest', [
        metric('ingest_stored_ticks_per_second', { title: 'Ticks stored', width: 8 }),
        metric('ingest_lag_ticks', { title: 'Lag, in ticks', width: 8 }),
        metric('ingest_batch_ticks', { title: 'Batch size', width: 8 }),
        metric('ingest_batch_age_seconds', { title: 'Batch age', width: 8 }),
        metric('ingest_insert_seconds', { title: 'Insert time', width: 8 }),
        metric('ingest_open_gaps', { title: 'Open gaps', width: 8 }),
        metric('ingest_refused_ticks_total', { title: 'Ticks refused, by reason', width: 24 }),
      ]),
      closedRow('Store', [
        metric('store_parts', { title: 'Parts', width: 8 }),
        metric('store_bytes', { title: 'Store size', width: 8 }),
        metric('store_ticks', { title: 'Ticks in the tables, by kind', width: 8 }),
        metric('store_bytes_per_tick', { title: 'Bytes per tick, by kind', width: 12 }),
        switched('store_audit_passed', { title: 'Last audit', width: 12 }, PASSED),
      ]),
      closedRow('Archive', [
        switched('archive_failing', { title: 'Archiving', width: 6 }, FAILING),
        metric('archive_behind_seconds', { title: 'Behind', width: 6 }),
        metric('archive_rows', { title: 'Rows archived and verified', width: 6 }),
        metric('archive_bytes', { title: 'Bytes archived and verified', width: 6 }),
        switched('seal_failing', { title: 'Sealing', width: 4 }, FAILING),
        metric('seal_entries', { title: 'Entries in the transparency log', width: 5 }),
        metric('seal_cosigned_entries', { title: 'Entries under a cosigned checkpoint', width: 5 }),
        metric('seal_waiting_objects', { title: 'Objects not sealed yet', width: 5 }),
        metric('seal_checkpoint_age_seconds', { title: 'Since the last checkpoint', width: 5 }),
      ]),
      closedRow('Processes', [
        metric('process_cpu_seconds_total', {
          title: 'CPU, share of a core',
          width: 8,
          counter: 'per second',
          unit: 'percentunit',
        }),
        metric('process_memory_bytes', { title: 'Memory', width: 8 }),
        metric('process_memory_used_ratio', { title: 'Memory, share of the limit', width: 8 }),
        metric('process_event_loop_delay_seconds', { title: 'Event-loop delay', width: 8 }),
        metric('disk_free_bytes', { title: 'Free disk space', width: 8 }),
        metric('events_total', { title: 'Events', width: 8 }),
        metric('diagnostics_left_out_total', { title: 'Metrics and events dropped', width: 8, counter: 'total' }),
      ]),
      closedRow('Details', [
        metric('source_ticks_total', { title: 'Ticks received, from the counter', width: 8, counter: 'per second' }),
        metric('source_messages_per_second', { title: 'Messages received', width: 8 }),
        metric('ingest_stored_ticks_total', {
          title: 'Ticks stored, from the counter',
          width: 8,
          counter: 'per second',
        }),
        metric('store_merges', { title: 'Merges', width: 8 }),
        metric('store_audit_age_seconds', { title: 'Time since the last audit', width: 8 }),
        metric('archive_objects', { title: 'Objects archived and verified', width: 8 }),
        metric('requests_refused_total', { title: 'Requests refused, by reason', width: 24 }),
      ]),
    ],
  })
}
