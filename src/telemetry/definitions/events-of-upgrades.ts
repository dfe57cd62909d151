/** Events of upgrades, and of handovers between recorders: see `events.ts`. */
import type { EventDefinition } from './event.ts'

export const UPGRADE_EVENTS = {
  handover_started: {
    station: 'sources',
    level: 'info',
    message:
      'handing over to another recorder: waiting until it records the same ticks of {subscriptions} symbols and kinds',
  },
  handover_proved: {
    station: 'sources',
    level: 'info',
    message:
      'overlap shown for {proved} of {all} symbols and kinds ({byIds} by ids) after {tookMs} ms: stopping in favour of {successor}',
  },
  handover_unproved: {
    station: 'sources',
    level: 'error',
    message:
      'stopping after {waitedMs} ms although it is not shown that another recorder records the same ticks: {why}',
  },
  handover_alone: {
    station: 'sources',
    level: 'info',
    message: 'the other recorders stop too: stopping without a handover',
  },
  handover_cancelled: {
    station: 'sources',
    level: 'warn',
    message: 'the handover was cancelled, recording goes on: {why}',
  },
  handover_answered: {
    station: 'sources',
    level: 'info',
    message: 'recording beside {predecessor}, which stops once both record the same ticks',
  },
  handover_taken: {
    station: 'sources',
    level: 'info',
    message: '{predecessor} has stopped: this recorder goes on in its place',
  },
  upgrade_started: {
    station: 'house',
    level: 'info',
    message: 'upgrade: the recorder of the version on disk starts beside the running one',
  },
  upgrade_done: { station: 'house', level: 'info', message: 'upgrade: all processes were replaced within {tookMs} ms' },
  upgrade_rolled_back: {
    station: 'house',
    level: 'error',
    message: 'upgrade rolled back: {why}. The running version has recorded all the time',
  },
  upgrade_failed: {
    station: 'house',
    level: 'error',
    message:
      'upgrade: the recorder was replaced, but storing was not: {why}. It is started again; ticks wait in the log',
  },
} as const satisfies Record<string, EventDefinition>
