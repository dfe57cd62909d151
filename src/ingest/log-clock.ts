/** The log's time from record to record. A clock that was set back is followed and reported. */
import type { LoggedRecord } from '../log/log.ts'
import { CLOCK_STEP_MS, logTime } from '../log/log-time.ts'
import type { Emit } from '../telemetry/events.ts'

export class LogClock {
  /** Of the last record, ms since 1970 UTC; 0 before the first. */
  lastMs = 0
  readonly #emit: Emit

  constructor(emit: Emit) {
    this.#emit = emit
  }

  /** Sets the record's time: see `logTime`. */
  follow(entry: LoggedRecord): void {
    const { partition, offset } = entry
    const backMs = this.lastMs - entry.timestampMs
    if (backMs > CLOCK_STEP_MS) this.#emit('log_clock_set_back', { partition, offset, backMs })
    this.lastMs = entry.timestampMs = logTime(this.lastMs, entry.timestampMs)
  }
}
