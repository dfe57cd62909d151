import { EVENTS, type EventName } from './events.ts'
import type { EventCounts } from './journal.ts'
import type { Measurement } from './metrics.ts'

/** How often a process told each event, as measurements. `process` names the part of the house. */
export function measureEvents(process: string, counts: EventCounts): Measurement[] {
  return Object.entries(counts).map(([event, value]) => ({
    name: 'events_total',
    labels: { process, event, level: EVENTS[event as EventName].level },
    value,
  }))
}
