/** Figures of venues and the connections to them: see `metrics.ts`. */
import type { MetricDefinition } from './metric.ts'

const CONNECTION = ['venue', 'connection']

export const SOURCE_METRICS = {
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
  source_symbols_down: {
    station: 'sources',
    kind: 'gauge',
    help: 'Symbols asked for and not received: refused, ended by the venue, unanswered, or silent against their own rhythm',
    labels: [...CONNECTION, 'state'],
    targets: [{ atMost: 0 }],
  },
  source_venue_online: {
    station: 'sources',
    kind: 'gauge',
    help: '0 while the venue says of itself that it does not trade as usual: maintenance and the like',
    labels: CONNECTION,
    targets: [{ atLeast: 1 }],
  },
  source_readable: {
    station: 'sources',
    kind: 'gauge',
    help: '0 while frames come and none of them can be read',
    labels: CONNECTION,
    targets: [{ atLeast: 1 }],
  },
  source_ticks_total: { station: 'sources', kind: 'counter', help: 'Ticks received', labels: CONNECTION },
  source_ticks_per_second: { station: 'sources', kind: 'gauge', help: 'Ticks received a second', labels: CONNECTION },
  source_messages_per_second: {
    station: 'sources',
    kind: 'gauge',
    help: 'Messages of the venue a second, whatever they hold',
    labels: CONNECTION,
  },
  source_refused_total: {
    station: 'sources',
    kind: 'counter',
    help: 'Messages that could not be read; they are in quarantine',
    labels: CONNECTION,
  },
  source_reconnects_total: { station: 'sources', kind: 'counter', help: 'Times connected anew', labels: CONNECTION },
  source_silence_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: 'Since the last message of the venue, or since connecting began where none ever came',
    labels: CONNECTION,
    targets: [{ atMost: 60 }],
  },
  source_latency_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: "From the venue's clock to our socket; negative where the venue's clock is ahead",
    labels: [...CONNECTION, 'quantile'],
    targets: [{ labels: { quantile: 'p99' }, atMost: 1 }],
  },
  source_clock_apart_seconds: {
    station: 'sources',
    kind: 'gauge',
    help: "How far this machine's clock and the venue's are apart, ahead or behind; 0 within ten seconds",
    labels: CONNECTION,
    targets: [{ atMost: 1 }],
  },
} as const satisfies Record<string, MetricDefinition>
