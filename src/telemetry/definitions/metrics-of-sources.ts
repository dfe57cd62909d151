/** Metrics of venues and of the connections to them: see `metrics.ts`. */
import type { MetricDefinition } from './metric.ts'

const CONNECTION = ['venue', 'connection']

export const SOURCE_METRICS = {
  source_clock_error_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: "How far the clock of the recorder's machine may be from UTC, by chrony; absent where it states none",
    labels: [],
  },
  source_connected: {
    station: 'sources',
    kind: 'gauge',
    help: '1 while the connection to the venue is open',
    labels: CONNECTION,
    targets: [{ atLeast: 1 }],
  },
  source_symbols: {
    station: 'sources',
    kind: 'gauge',
    help: 'Symbols that the venue acknowledged or that trade',
    labels: CONNECTION,
  },
  source_subscriptions: {
    station: 'sources',
    kind: 'gauge',
    help: 'Symbols by kind of ticks and by the state of their subscription',
    labels: ['venue', 'kind', 'state'],
  },
  source_symbols_down: {
    station: 'sources',
    kind: 'gauge',
    help: 'Symbols requested and not received: refused, ended by the venue, unanswered, or silent for longer than is usual for them',
    labels: [...CONNECTION, 'state'],
    targets: [{ atMost: 0 }],
  },
  source_venue_online: {
    station: 'sources',
    kind: 'gauge',
    help: '0 while the venue reports that it does not trade normally, e.g. maintenance',
    labels: CONNECTION,
    targets: [{ atLeast: 1 }],
  },
  source_readable: {
    station: 'sources',
    kind: 'gauge',
    help: '0 while frames arrive and none is readable',
    labels: CONNECTION,
    targets: [{ atLeast: 1 }],
  },
  source_ticks_total: { station: 'sources', kind: 'counter', help: 'Ticks received', labels: CONNECTION },
  source_ticks_per_second: { station: 'sources', kind: 'gauge', help: 'Ticks received per second', labels: CONNECTION },
  source_messages_per_second: {
    station: 'sources',
    kind: 'gauge',
    help: 'Messages received from the venue per second, of any kind',
    labels: CONNECTION,
  },
  source_refused_total: {
    station: 'sources',
    kind: 'counter',
    help: 'Unreadable messages; they are in quarantine',
    labels: CONNECTION,
  },
  source_quotes_conflated_total: {
    station: 'sources',
    kind: 'counter',
    help: 'Quotes dropped as configured by TICKHOUSE_QUOTES_CONFLATE_MS',
    labels: [],
  },
  source_missing_trades: {
    station: 'sources',
    kind: 'gauge',
    help: 'Missing trades that are to be requested from the venue',
    labels: ['venue'],
  },
  source_missing_trades_beyond_reach: {
    station: 'sources',
    kind: 'gauge',
    help: 'Missing trades older than TICKHOUSE_REPAIR_REACH: they are not requested',
    labels: ['venue'],
  },
  source_repaired_trades_total: {
    station: 'sources',
    kind: 'counter',
    help: 'Missing trades that the venue supplied, written to the log',
    labels: ['venue'],
  },
  source_unrepairable_trades_total: {
    station: 'sources',
    kind: 'counter',
    help: 'Missing trades that the venue does not supply: see table repairs',
    labels: ['venue'],
  },
  source_reconnects_total: { station: 'sources', kind: 'counter', help: 'Reconnects', labels: CONNECTION },
  source_silence_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: 'Time since the last message of the venue, or since connecting began if none arrived',
    labels: CONNECTION,
    targets: [{ atMost: 60 }],
  },
  source_latency_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: "Time from the venue's timestamp to our socket; negative if the venue's clock is ahead",
    labels: [...CONNECTION, 'quantile'],
    targets: [{ labels: { quantile: 'p99' }, atMost: 1 }],
  },
  source_clock_apart_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: "Difference between this machine's clock and the venue's, ahead or behind; 0 below 10 seconds",
    labels: CONNECTION,
    targets: [{ atMost: 1 }],
  },
} as const satisfies Record<string, MetricDefinition>
