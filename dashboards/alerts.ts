/**
 * Prometheus alert rules: one for each target of a metric (`src/telemetry/metrics.ts`), and a few over several metrics.
 * Printed into `deploy/prometheus/tickhouse.rules.yaml` by `npm run dashboards`.
 */
import { stringify } from 'yaml'
import type { EventName } from '../src/telemetry/events.ts'
import { METRICS, type MetricName, type Target } from '../src/telemetry/metrics.ts'
import { prometheusName } from '../src/telemetry/prometheus.ts'
import { definitionOf, targetText, unitOf } from './metrics.ts'

/** critical: ticks are being lost, or will be soon: page someone. warning: look at it today. */
type Severity = 'critical' | 'warning'

interface Alert {
  alert: string
  /** How long the condition must last: `2m`. */
  for: string
  severity: Severity
  /** What to do next. */
  next: string
  /** The document to read. */
  page: string
}

export interface Rule {
  alert: string
  expr: string
  for: string
  labels: { severity: Severity; station: string }
  annotations: { summary: string; next: string; page: string }
}

export interface Group {
  name: string
  rules: Rule[]
}

const RECOVERY = 'docs/recovery.md'

/** What to do about a missed target, for each metric that has one. */
const OF_TARGETS: Readonly<Partial<Record<MetricName, Alert>>> = {
  station_trouble: {
    alert: 'StageInTrouble',
    for: '1m',
    severity: 'critical',
    next: 'Open the page: the stage shows what to do.',
    page: RECOVERY,
  },
  diagnostics_left_out_total: {
    alert: 'MetricsDropped',
    for: '0m',
    severity: 'warning',
    next: 'Ticks are unaffected. Check that the store answers, and read the events diagnostics_failed.',
    page: RECOVERY,
  },
  process_memory_bytes: {
    alert: 'MemoryHigh',
    for: '10m',
    severity: 'warning',
    next: 'Lower TICKHOUSE_BATCH_TICKS_MAX, or give the process more memory.',
    page: 'docs/configuration.md',
  },
  process_memory_used_ratio: {
    alert: 'MemoryNearLimit',
    for: '1m',
    severity: 'warning',
    next: 'At the limit the process is killed and restarted. Raise the limit, or lower TICKHOUSE_BATCH_TICKS_MAX.',
    page: 'docs/configuration.md',
  },
  process_event_loop_delay_seconds: {
    alert: 'EventLoopDelayed',
    for: '5m',
    severity: 'warning',
    next: 'The machine is short of CPU time: see what else runs there, or record fewer symbols.',
    page: 'docs/benchmarks.md',
  },
  watch_house_well: {
    alert: 'InstanceUnhealthy',
    for: '2m',
    severity: 'critical',
    next: 'The watcher has sent an alert with the cause: read its log, or run tickhouse watch --status.',
    page: 'docs/watch.md',
  },
  watch_probe_age_seconds: {
    alert: 'WatcherStalled',
    for: '1m',
    severity: 'warning',
    next: 'Read the log of tickhouse watch and restart it: it resumes from its state file.',
    page: 'docs/watch.md',
  },
  watch_messages_unsent: {
    alert: 'AlertsNotDelivered',
    for: '5m',
    severity: 'warning',
    next: 'Test the channels: tickhouse watch --test-alert. Pending messages are sent once a channel accepts them.',
    page: 'docs/watch.md',
  },
  disk_free_bytes: {
    alert: 'DiskNearlyFull',
    for: '1m',
    severity: 'critical',
    next: 'Free disk space: tickhouse deletes nothing to make room. Archived days can be dropped from the store.',
    page: 'docs/archive.md',
  },
  source_connected: {
    alert: 'VenueDisconnected',
    for: '2m',
    severity: 'critical',
    next: "Read the venue's error in the log of the stage sources, and check the network. Reconnecting goes on.",
    page: 'docs/live.md',
  },
  source_symbols_down: {
    alert: 'SymbolsNotReceived',
    for: '2m',
    severity: 'critical',
    next: "The page lists them under sources, with the venue's reason. They are requested again; remove symbols that the venue does not list.",
    page: 'docs/live.md',
  },
  source_venue_online: {
    alert: 'VenueNotOnline',
    for: '1m',
    severity: 'warning',
    next: "See the venue's status page. Recording continues.",
    page: 'docs/live.md',
  },
  source_readable: {
    alert: 'VenueUnreadable',
    for: '0m',
    severity: 'critical',
    next: 'Run tickhouse quarantine to see the frames. A version that can read them validates them again.',
    page: 'docs/quarantine.md',
  },
  source_silence_seconds: {
    alert: 'VenueSilent',
    for: '1m',
    severity: 'critical',
    next: 'The connection is open but silent: check whether the venue is down or has delisted the symbols.',
    page: 'docs/live.md',
  },
  source_latency_seconds: {
    alert: 'VenueLate',
    for: '5m',
    severity: 'warning',
    next: 'Check the clock of this machine and the network path to the venue.',
    page: 'docs/live.md',
  },
  source_clock_apart_seconds: {
    alert: 'ClockWrong',
    for: '1m',
    severity: 'critical',
    next: 'Synchronise the clock of the recording machine by NTP: log days and receive times come from it.',
    page: 'docs/decisions/clock.md',
  },
  log_append_seconds: {
    alert: 'LogSlow',
    for: '5m',
    severity: 'warning',
    next: 'The disk or the brokers of the log are slow: if this lasts, reading from venues is paused.',
    page: RECOVERY,
  },
  ingest_lag_seconds: {
    alert: 'IngestBehind',
    for: '2m',
    severity: 'warning',
    next: 'The log keeps the ticks. Check whether inserts fail or the store is slow.',
    page: RECOVERY,
  },
  ingest_open_gaps: {
    alert: 'TicksMissing',
    for: '5m',
    severity: 'warning',
    next: 'Query the table gaps for the missing trade ids. Trades of another source can fill them.',
    page: 'docs/producers.md',
  },
  ingest_batch_age_seconds: {
    alert: 'BatchesOld',
    for: '5m',
    severity: 'warning',
    next: 'Inserts wait: check the insert time and the number of parts.',
    page: RECOVERY,
  },
  ingest_insert_seconds: {
    alert: 'InsertsSlow',
    for: '5m',
    severity: 'warning',
    next: "Check the store's disk, parts and merges.",
    page: RECOVERY,
  },
  store_parts: {
    alert: 'PartsMany',
    for: '10m',
    severity: 'warning',
    next: 'Merges do not keep up: larger batches (TICKHOUSE_BATCH_AGE_MS_MAX) create fewer parts.',
    page: 'docs/configuration.md',
  },
  store_freshness_seconds: {
    alert: 'TicksStale',
    for: '5m',
    severity: 'warning',
    next: 'Find the slow stage: venue latency, append time, lag or insert time.',
    page: RECOVERY,
  },
  store_audit_passed: {
    alert: 'AuditFailed',
    for: '0m',
    severity: 'critical',
    next: 'Keep the log, stop all other writers to the store, and run: tickhouse doctor.',
    page: RECOVERY,
  },
  store_audit_age_seconds: {
    alert: 'AuditOverdue',
    for: '5m',
    severity: 'warning',
    next: 'Audits fail or take long: read the events upkeep_failed.',
    page: RECOVERY,
  },
  archive_behind_seconds: {
    alert: 'ArchiveBehind',
    for: '10m',
    severity: 'warning',
    next: 'Complete hours wait to be archived. Read the log of the stage archive, and check that its target answers.',
    page: 'docs/archive.md',
  },
  archive_failing: {
    alert: 'ArchiveFailing',
    for: '5m',
    severity: 'critical',
    next: 'The events archive_failed name the cause. Log and store keep all data until it is archived: watch the disk.',
    page: 'docs/archive.md',
  },
  seal_failing: {
    alert: 'SealingFailing',
    for: '30m',
    severity: 'warning',
    next: 'The events seal_failed name the cause. Archiving continues; what is not sealed cannot be certified.',
    page: 'docs/proof.md',
  },
}

const events = (...names: EventName[]) => `${prometheusName('events_total')}{event=~"${names.join('|')}"}`

/** A counter rose within the window, or its first sample is in it, which `increase` does not see. */
const rose = (series: string, window: string) =>
  `increase(${series}[${window}]) > 0 or (${series} unless ${series} offset ${window}) > 0`

/** Conditions over several metrics. */
const OTHERS: readonly (Alert & { expr: string; summary: string })[] = [
  {
    alert: 'Silent',
    expr: `absent(${prometheusName('store_ticks')})`,
    for: '1m',
    severity: 'critical',
    summary: 'No process that stores ticks is reachable',
    next: 'Check that tickhouse runs and that Prometheus can reach it.',
    page: RECOVERY,
  },
  {
    alert: 'NothingReceived',
    expr: `absent(${prometheusName('source_connected')}) or sum(${prometheusName('source_ticks_per_second')}) == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'No recorder runs, or no venue sends trades',
    next: 'Check the recorder, then the network and the venues.',
    page: 'docs/live.md',
  },
  {
    alert: 'TicksLost',
    expr: rose(events('range_lost', 'ticks_given_up'), '15m'),
    for: '0m',
    severity: 'critical',
    summary: 'Received ticks are lost',
    next: 'The events name the records. Set the log retention longer than the longest outage of storing.',
    page: 'docs/reliability.md',
  },
  {
    alert: 'ProcessRestarting',
    expr: `increase(${events('child_ended', 'restarted')}[15m]) > 2`,
    for: '0m',
    severity: 'warning',
    summary: 'A process restarts repeatedly',
    next: 'The events child_ended name the cause.',
    page: RECOVERY,
  },
  {
    alert: 'TradeIdsRestarted',
    expr: rose(events('trade_ids_restarted', 'trade_ids_conflict'), '15m'),
    for: '0m',
    severity: 'warning',
    summary: "A symbol's trade ids do not continue, or an id arrived again with other values",
    next: 'The events trade_ids_restarted and trade_ids_conflict name the symbol. All trades are kept: check with the venue.',
    page: 'docs/reliability.md',
  },
  {
    alert: 'TicksRefused',
    expr: rose(
      `${prometheusName('ingest_refused_ticks_total')}{reason!~"duplicate_id|trade_repeated|quote_repeated"}`,
      '10m',
    ),
    for: '0m',
    severity: 'warning',
    summary: 'Ticks are quarantined ({{ $labels.reason }})',
    next: 'Run tickhouse quarantine to see what was refused and why; after a fix it validates them again.',
    page: 'docs/quarantine.md',
  },
]

/** All rules, by stage. */
export function alertGroups(): Group[] {
  const ofTargets = (Object.keys(METRICS) as MetricName[]).flatMap(rulesOf)
  return [...Map.groupBy([...ofTargets, ...others()], ({ labels }) => labels.station)].map(([station, rules]) => ({
    name: `tickhouse-${station}`,
    rules,
  }))
}

/** A rule for each target of a metric. Throws if a metric has a target but no entry in `OF_TARGETS`. */
function rulesOf(name: MetricName): Rule[] {
  const { targets = [], station, help, labels } = definitionOf(name)
  const where = labels.filter(label => label !== 'quantile').map(label => `${label} {{ $labels.${label} }}`)
  return targets.map(target => {
    const alert = OF_TARGETS[name]
    if (!alert) throw new Error(`${name} has a target: add what to do about a missed one to dashboards/alerts.ts`)
    return {
      alert: `Tickhouse${alert.alert}${
        targets.length > 1
          ? Object.values(target.labels ?? {})
              .join('')
              .toUpperCase()
          : ''
      }`,
      expr: missed(name, target),
      for: alert.for,
      labels: { severity: alert.severity, station },
      annotations: {
        summary: [`${help}: ${valueText(name)}, should be ${targetText(name, target)}`, ...where].join(', '),
        next: alert.next,
        page: alert.page,
      },
    }
  })
}

/** The value by Prometheus' template functions: `254.2ms`, not `0.2541611620000331`. */
function valueText(name: MetricName): string {
  switch (unitOf(name)) {
    case 's':
      return '{{ humanizeDuration $value }}'
    case 'bytes':
      return '{{ humanize1024 $value }}B'
    case 'percentunit':
      return '{{ humanizePercentage $value }}'
    default:
      return '{{ printf "%.0f" $value }}'
  }
}

/** True while the target is missed. */
function missed(name: MetricName, { labels = {}, atMost, atLeast }: Target): string {
  const matchers = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  const series = prometheusName(name) + (matchers.length > 0 ? `{${matchers.join(',')}}` : '')
  if (definitionOf(name).kind === 'counter') return `increase(${series}[10m]) > ${atMost}`
  return [
    ...(atMost === undefined ? [] : [`${series} > ${atMost}`]),
    ...(atLeast === undefined ? [] : [`${series} < ${atLeast}`]),
  ].join(' or ')
}

const others = (): Rule[] =>
  OTHERS.map(({ alert, expr, for: lasting, severity, summary, next, page }) => ({
    alert: `Tickhouse${alert}`,
    expr,
    for: lasting,
    labels: { severity, station: 'house' },
    annotations: { summary, next, page },
  }))

export function printedRules(): string {
  return `# Printed from src/telemetry/metrics.ts and dashboards/alerts.ts by npm run dashboards.\n${stringify({ groups: alertGroups() }, { lineWidth: 0 })}`
}
