import { EVENTS, type EventName } from './events.ts'
import type { EventCounts } from './journal.ts'
import type { Measurement } from './metrics.ts'

/** How often a process emitted each event, as measurements. `process` is its name: `record`, `ingest`, … */
export function measureEvents(process: string, counts: EventCounts): Measurement[] {
  return Object.entries(counts).map(([event, value]) => ({
    name: 'events_total',
    labels: { process, event, level: EVENTS[event as EventName].level },
    value,
  }))
}
