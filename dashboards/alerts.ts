/**
 * Prometheus alert rules: one for each target that a figure has (`src/telemetry/metrics.ts`), and a few for what no single figure
 * says. Printed into `deploy/prometheus/tickhouse.rules.yaml` by `npm run dashboards`.
 */
import { stringify } from 'yaml'
import type { EventName } from '../src/telemetry/events.ts'
import { METRICS, type MetricName, type Target } from '../src/telemetry/metrics.ts'
import { prometheusName } from '../src/telemetry/prometheus.ts'
import { definitionOf, targetText, unitOf } from './figures.ts'

/** critical: ticks are being lost, or will be soon; wake someone. warning: someone should look today. */
type Severity = 'critical' | 'warning'

interface Alert {
  alert: string
  /** How long it must last: `2m`. */
  for: string
  severity: Severity
  /** What to do next. */
  next: string
  /** The page that says more. */
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

/** What to do where a figure is not what it should be: of each figure that has a target. */
const OF_FIGURES: Readonly<Partial<Record<MetricName, Alert>>> = {
  station_trouble: {
    alert: 'StationInTrouble',
    for: '1m',
    severity: 'critical',
    next: 'Open the page: the station says what it needs.',
    page: RECOVERY,
  },
  diagnostics_left_out_total: {
    alert: 'DiagnosticsLeftOut',
    for: '0m',
    severity: 'warning',
    next: 'Ticks are not held up. See whether the store answers, and the lines diagnostics_failed.',
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
    next: 'At its limit the process is killed and started again. Raise the limit, or lower TICKHOUSE_BATCH_TICKS_MAX.',
    page: 'docs/configuration.md',
  },
  process_event_loop_delay_seconds: {
    alert: 'EventLoopDelayed',
    for: '5m',
    severity: 'warning',
    next: 'The machine is short of processor time: look at what else it does, or record fewer symbols.',
    page: 'docs/benchmarks.md',
  },
  watch_house_well: {
    alert: 'WatcherFindsTheHouseUnwell',
    for: '2m',
    severity: 'critical',
    next: 'The watcher has told what is wrong: see its lines, or tickhouse watch --status.',
    page: 'docs/watch.md',
  },
  watch_probe_age_seconds: {
    alert: 'WatcherStandsStill',
    for: '1m',
    severity: 'warning',
    next: 'See the lines of tickhouse watch; start it again: it goes on with what it kept.',
    page: 'docs/watch.md',
  },
  watch_messages_unsent: {
    alert: 'AlertsNotDelivered',
    for: '5m',
    severity: 'warning',
    next: 'Prove the routes: tickhouse watch --test-alert. What waits is sent once a route takes it.',
    page: 'docs/watch.md',
  },
  disk_free_bytes: {
    alert: 'DiskNearlyFull',
    for: '1m',
    severity: 'critical',
    next: 'Make room: nothing is deleted to make any. Archived days may leave the store.',
    page: 'docs/archive.md',
  },
  source_connected: {
    alert: 'VenueDisconnected',
    for: '2m',
    severity: 'critical',
    next: "See the lines of the sources for the venue's words, and whether the machine reaches it. It keeps trying.",
    page: 'docs/live.md',
  },
  source_symbols_down: {
    alert: 'SymbolsNotReceived',
    for: '2m',
    severity: 'critical',
    next: "The page names them under sources, with the venue's words. They are asked for again; take out what the venue does not list.",
    page: 'docs/live.md',
  },
  source_venue_online: {
    alert: 'VenueNotOnline',
    for: '1m',
    severity: 'warning',
    next: "See the venue's status page. Recording goes on, and goes back to normal with the venue.",
    page: 'docs/live.md',
  },
  source_readable: {
    alert: 'VenueUnreadable',
    for: '0m',
    severity: 'critical',
    next: 'Ask tickhouse quarantine what came. After an update that reads it, it is judged again.',
    page: 'docs/quarantine.md',
  },
  source_silence_seconds: {
    alert: 'VenueSilent',
    for: '1m',
    severity: 'critical',
    next: 'The connection is open and nothing comes: see whether the venue is down or has dropped the symbols.',
    page: 'docs/live.md',
  },
  source_latency_seconds: {
    alert: 'VenueLate',
    for: '5m',
    severity: 'warning',
    next: 'Check the clock of this machine and the way to the venue.',
    page: 'docs/live.md',
  },
  source_clock_apart_seconds: {
    alert: 'ClockWrong',
    for: '1m',
    severity: 'critical',
    next: 'Set the clock of the machine that records, by NTP: log days and receive times are its own.',
    page: 'docs/decisions/clock.md',
  },
  log_append_seconds: {
    alert: 'LogSlow',
    for: '5m',
    severity: 'warning',
    next: 'The disk or the brokers of the log are slow: if it lasts, reading from venues is held back.',
    page: RECOVERY,
  },
  ingest_lag_seconds: {
    alert: 'IngestBehind',
    for: '2m',
    severity: 'warning',
    next: 'The log keeps the ticks. See whether inserts fail or the store is slow.',
    page: RECOVERY,
  },
  ingest_open_gaps: {
    alert: 'TicksMissing',
    for: '5m',
    severity: 'warning',
    next: 'Ask table gaps which trade ids are missing. Trades of another source can fill them.',
    page: 'docs/producers.md',
  },
  ingest_batch_age_seconds: {
    alert: 'BatchesOld',
    for: '5m',
    severity: 'warning',
    next: 'Inserts wait: see the insert time and the number of parts.',
    page: RECOVERY,
  },
  ingest_insert_seconds: {
    alert: 'InsertsSlow',
    for: '5m',
    severity: 'warning',
    next: "See the store's disk, parts and merges.",
    page: RECOVERY,
  },
  store_parts: {
    alert: 'PartsMany',
    for: '10m',
    severity: 'warning',
    next: 'Merges do not keep up: larger batches (TICKHOUSE_BATCH_AGE_MS_MAX) make fewer parts.',
    page: 'docs/configuration.md',
  },
  store_freshness_seconds: {
    alert: 'TicksStale',
    for: '5m',
    severity: 'warning',
    next: 'Look where the time goes, station by station: latency of the venue, time to be durable, lag, insert time.',
    page: RECOVERY,
  },
  store_audit_passed: {
    alert: 'AuditFailed',
    for: '0m',
    severity: 'critical',
    next: 'Keep the log, stop writing to the store by other means, and run: tickhouse doctor.',
    page: RECOVERY,
  },
  store_audit_age_seconds: {
    alert: 'AuditOverdue',
    for: '5m',
    severity: 'warning',
    next: 'Audits do not run or take long: see the lines upkeep_failed.',
    page: RECOVERY,
  },
  archive_behind_seconds: {
    alert: 'ArchiveBehind',
    for: '10m',
    severity: 'warning',
    next: 'Closed hours wait. See the lines of the archive, and whether its target answers.',
    page: 'docs/archive.md',
  },
  archive_failing: {
    alert: 'ArchiveFailing',
    for: '5m',
    severity: 'critical',
    next: 'The lines archive_failed say why. Nothing leaves log or store before it is archived: watch the disk.',
    page: 'docs/archive.md',
  },
}

const events = (...names: EventName[]) => `${prometheusName('events_total')}{event=~"${names.join('|')}"}`

/** A counter rose within the window, or was first heard of in it, which `increase` does not see. */
const rose = (series: string, window: string) =>
  `increase(${series}[${window}]) > 0 or (${series} unless ${series} offset ${window}) > 0`

/** What no single figure says. */
const OTHERS: readonly (Alert & { expr: string; summary: string })[] = [
  {
    alert: 'Silent',
    expr: `absent(${prometheusName('store_trades')})`,
    for: '1m',
    severity: 'critical',
    summary: 'No process that stores ticks answers',
    next: 'See whether tickhouse runs, and whether Prometheus reaches it.',
    page: RECOVERY,
  },
  {
    alert: 'NothingReceived',
    expr: `absent(${prometheusName('source_connected')}) or sum(${prometheusName('source_ticks_per_second')}) == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'No recorder runs, or no venue sends any trade',
    next: 'See whether the recorder runs; then the network and the venues.',
    page: 'docs/live.md',
  },
  {
    alert: 'TicksLost',
    expr: rose(events('range_lost', 'ticks_given_up'), '15m'),
    for: '0m',
    severity: 'critical',
    summary: 'Received ticks are lost',
    next: 'The lines say which. Keep records in the log longer than storing may stand still.',
    page: 'docs/reliability.md',
  },
  {
    alert: 'ProcessRestarting',
    expr: `increase(${events('child_ended', 'restarted')}[15m]) > 2`,
    for: '0m',
    severity: 'warning',
    summary: 'A process of the house ends again and again',
    next: 'The lines child_ended say how it ends.',
    page: RECOVERY,
  },
  {
    alert: 'TradeIdsRestarted',
    expr: rose(events('trade_ids_restarted', 'trade_ids_conflict'), '15m'),
    for: '0m',
    severity: 'warning',
    summary: "A symbol's trade ids do not go on where they were, or an id came again with other values",
    next: 'The lines trade_ids_restarted and trade_ids_conflict say which. All trades are kept: see what the venue says of it.',
    page: 'docs/reliability.md',
  },
  {
    alert: 'TicksRefused',
    expr: rose(`${prometheusName('ingest_refused_ticks_total')}{reason!="duplicate_id"}`, '10m'),
    for: '0m',
    severity: 'warning',
    summary: 'Ticks are put in quarantine ({{ $labels.reason }})',
    next: 'Ask tickhouse quarantine what was refused and why; after a fix it judges them again.',
    page: 'docs/quarantine.md',
  },
]

/** All rules, by station. */
export function alertGroups(): Group[] {
  const ofFigures = (Object.keys(METRICS) as MetricName[]).flatMap(rulesOf)
  return [...Map.groupBy([...ofFigures, ...others()], ({ labels }) => labels.station)].map(([station, rules]) => ({
    name: `tickhouse-${station}`,
    rules,
  }))
}

/** A rule for each target of a figure. Throws where it has one and nothing is said of what to do. */
function rulesOf(name: MetricName): Rule[] {
  const { targets = [], station, help, labels } = definitionOf(name)
  const where = labels.filter(label => label !== 'quantile').map(label => `${label} {{ $labels.${label} }}`)
  return targets.map(target => {
    const alert = OF_FIGURES[name]
    if (!alert) throw new Error(`${name} has a target: say in dashboards/alerts.ts what to do where it is missed`)
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

/** The value as a person reads it, in Prometheus' own template functions: `254.2ms`, not `0.2541611620000331`. */
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

/** True while a figure is not what it should be. */
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
