/** Reports a recorder's status, twice a second, through the log: the page and `/health` of other processes read it there. */
import type { StatusBoard } from '../log/status-board.ts'
import type { Journal } from '../telemetry/journal.ts'
import { ProcessGauge } from '../telemetry/process.ts'
import type { Feeds } from './feeds.ts'
import type { Recorder } from './recorder.ts'
import { formatSources, type Selected } from './selection.ts'
import { ANNOUNCE_EVERY_MS, type RecorderStatus } from './status.ts'
import type { CheckedSymbols } from './subscription/checked-symbols.ts'

const LOG_LINES_MAX = 100

export interface StatusAnnouncerOptions {
  /** The recorder's name in the log: see `recorderKey`. */
  key: string
  self: Pick<RecorderStatus, 'startedAtMs' | 'instance'>
  selected: readonly Selected[]
  simulated: RecorderStatus['simulated']
  log: StatusBoard
  recorder: Recorder
  feeds: Feeds
  checked: CheckedSymbols
  journal: Journal
}

export class StatusAnnouncer {
  readonly #options: StatusAnnouncerOptions
  readonly #gauge = new ProcessGauge()
  #timer: NodeJS.Timeout | undefined

  constructor(options: StatusAnnouncerOptions) {
    this.#options = options
  }

  status(): RecorderStatus {
    const { self, selected, simulated, recorder, feeds, checked, journal } = this.#options
    return {
      startedAtMs: self.startedAtMs,
      instance: self.instance,
      sources: formatSources(selected.map((one, index) => ({ ...one, symbols: checked.named[index]! }))),
      following: checked.following,
      unresolved: checked.unresolved,
      simulated,
      received: recorder.received.total,
      receivedPerSecond: recorder.received.perSecond(),
      appendMs: recorder.appendMs.quantiles(),
      paused: recorder.paused,
      connections: feeds.status(),
      process: this.#gauge.read(),
      events: journal.counts,
      lines: journal.since(0).slice(-LOG_LINES_MAX),
    }
  }

  start(): void {
    const { log, key } = this.#options
    // The recorder's appends report a log that cannot be written; the next announcement replaces this one.
    this.#timer = setInterval(() => log.announce(key, this.status()).catch(() => {}), ANNOUNCE_EVERY_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
