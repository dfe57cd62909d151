/** The metrics of a recorder, from its status: see `telemetry/metrics.ts`. */

import { measureEvents } from '../telemetry/event-counts.ts'
import { type Measurement, quantilesOf } from '../telemetry/metrics.ts'
import { measureProcess } from '../telemetry/process.ts'
import { type ConnectionStatus, DOWN_STATES, ONLINE, SUBSCRIPTION_STATES } from './connection/status.ts'
import type { RecorderStatus, RepairStatus } from './status.ts'

export function measureRecorder({
  connections,
  receivedPerSecond,
  appendMs,
  conflatedQuotes,
  repairs,
  process,
  clockErrorSeconds,
  events,
}: RecorderStatus): Measurement[] {
  return [
    ...connections.flatMap(measureConnection),
    ...measureSubscriptions(connections),
    { name: 'log_appended_ticks_per_second', labels: {}, value: receivedPerSecond },
    ...quantilesOf('log_append_seconds', {}, appendMs),
    { name: 'source_quotes_conflated_total', labels: {}, value: conflatedQuotes },
    ...repairs.flatMap(measureRepair),
    ...measureClock(clockErrorSeconds),
    ...measureProcess('record', process),
    ...measureEvents('record', events),
  ]
}

/** Earlier versions of a recorder state nothing. */
function measureClock(seconds: RecorderStatus['clockErrorSeconds']): Measurement[] {
  return seconds == null ? [] : [{ name: 'source_clock_error_seconds', labels: {}, value: seconds }]
}

function measureRepair({ venue, missing, beyondReach = 0, trades, unrepairable }: RepairStatus): Measurement[] {
  return [
    { name: 'source_missing_trades', labels: { venue }, value: missing },
    { name: 'source_missing_trades_beyond_reach', labels: { venue }, value: beyondReach },
    { name: 'source_repaired_trades_total', labels: { venue }, value: trades },
    { name: 'source_unrepairable_trades_total', labels: { venue }, value: unrepairable },
  ]
}

function measureSubscriptions(connections: readonly ConnectionStatus[]): Measurement[] {
  const sums = new Map<string, Measurement>()
  for (const { venue, statesOfKinds } of connections) {
    for (const [kind, states] of Object.entries(statesOfKinds)) {
      for (const state of SUBSCRIPTION_STATES) {
        const key = `${venue} ${kind} ${state}`
        const before = sums.get(key)?.value ?? 0
        const value = before + (states[state] ?? 0)
        sums.set(key, { name: 'source_subscriptions', labels: { venue, kind, state }, value })
      }
    }
  }
  return [...sums.values()]
}

function measureConnection(connection: ConnectionStatus): Measurement[] {
  const labels = { venue: connection.venue, connection: connection.id }
  const { states, unreadable, venueStatus, quietMs } = connection
  const down = [...DOWN_STATES].map(
    (state): Measurement => ({
      name: 'source_symbols_down',
      labels: { ...labels, state },
      value: states[state] ?? 0,
    }),
  )
  return [
    { name: 'source_connected', labels, value: connection.state === 'open' ? 1 : 0 },
    { name: 'source_symbols', labels, value: connection.symbols },
    { name: 'source_ticks_total', labels, value: connection.ticks },
    { name: 'source_ticks_per_second', labels, value: connection.ticksPerSecond },
    { name: 'source_messages_per_second', labels, value: connection.framesPerSecond },
    { name: 'source_refused_total', labels, value: connection.refused },
    { name: 'source_reconnects_total', labels, value: connection.reconnects },
    { name: 'source_silence_seconds', labels, value: quietMs / 1000 },
    { name: 'source_readable', labels, value: unreadable ? 0 : 1 },
    ...down,
    { name: 'source_venue_online', labels, value: venueStatus && venueStatus.state !== ONLINE ? 0 : 1 },
    ...quantilesOf('source_latency_seconds', labels, connection.latencyMs),
    { name: 'source_clock_apart_seconds', labels, value: Math.abs(connection.clockAheadMs) / 1000 },
  ]
}
