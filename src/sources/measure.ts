/** What a recorder says of itself as figures: see `observe/metrics.ts`. */

import { measureEvents } from '../observe/events-measured.ts'
import { type Measurement, quantilesOf } from '../observe/metrics.ts'
import { measureProcess } from '../observe/process-figures.ts'
import type { ConnectionStatus } from './connection-status.ts'
import type { RecorderStatus } from './status.ts'

/** The figures of one recorder. */
export function measureRecorder({
  connections,
  receivedPerSecond,
  appendMs,
  process,
  events,
}: RecorderStatus): Measurement[] {
  return [
    ...connections.flatMap(measureConnection),
    { name: 'log_appended_ticks_per_second', labels: {}, value: receivedPerSecond },
    ...quantilesOf('log_append_seconds', {}, appendMs),
    ...measureProcess('record', process),
    ...measureEvents('record', events),
  ]
}

function measureConnection(connection: ConnectionStatus): Measurement[] {
  const labels = { venue: connection.venue, connection: connection.id }
  const silence: Measurement[] =
    connection.lastFrameAgeMs === null
      ? []
      : [{ name: 'source_silence_seconds', labels, value: connection.lastFrameAgeMs / 1000 }]
  return [
    { name: 'source_connected', labels, value: connection.state === 'open' ? 1 : 0 },
    { name: 'source_symbols', labels, value: connection.symbols },
    { name: 'source_ticks_total', labels, value: connection.ticks },
    { name: 'source_ticks_per_second', labels, value: connection.ticksPerSecond },
    { name: 'source_messages_per_second', labels, value: connection.framesPerSecond },
    { name: 'source_refused_total', labels, value: connection.refused },
    { name: 'source_reconnects_total', labels, value: connection.reconnects },
    ...silence,
    ...quantilesOf('source_latency_seconds', labels, connection.latencyMs),
  ]
}
