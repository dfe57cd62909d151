/** Reports a recorder's status, twice a second, through the log: the page and `/health` of other processes read it there. */
import type { StatusBoard } from '../log/status-board.ts'
import { ClockErrorGauge } from '../telemetry/clock-error.ts'
import type { Journal } from '../telemetry/journal.ts'
import { ProcessGauge } from '../telemetry/process.ts'
import { type ConnectionStatus, DOWN_STATES } from './connection/status.ts'
import type { SelectionControl } from './control/selection-control.ts'
import type { Feeds } from './feeds.ts'
import type { Recorder } from './recorder.ts'
import type { Repairs } from './repair/repairs.ts'
import { formatSources } from './selection.ts'
import { ANNOUNCE_EVERY_MS, type RecorderStatus } from './status.ts'
import type { CheckedSymbols } from './subscription/checked-symbols.ts'
import { packSymbolStates, SYMBOL_STATES } from './subscription/symbol-states.ts'

const LOG_LINES_MAX = 100
const SYMBOLS_EVERY_MS = 2_000
/** Symbols that are not live, listed in one announcement. */
const LISTED_MAX = 200

export interface StatusAnnouncerOptions {
  /** The recorder's name in the log: see `recorderKey`. */
  key: string
  self: Pick<RecorderStatus, 'startedAtMs' | 'instance'>
  control: SelectionControl
  simulated: RecorderStatus['simulated']
  log: StatusBoard
  recorder: Recorder
  /** Quotes dropped by conflation since start. */
  conflatedQuotes: () => number
  repairs: Pick<Repairs, 'status'> | undefined
  handover: { status: string | null }
  feeds: Feeds
  checked: CheckedSymbols
  journal: Journal
}

export class StatusAnnouncer {
  readonly #options: StatusAnnouncerOptions
  readonly #gauge = new ProcessGauge()
  readonly #clockError = new ClockErrorGauge()
  #timer: NodeJS.Timeout | undefined
  #announcedMs: number | undefined
  #symbolsDueMs = 0
  #announcedSymbols = ''

  constructor(options: StatusAnnouncerOptions) {
    this.#options = options
  }

  status(): RecorderStatus {
    const { self, control, simulated, recorder, conflatedQuotes, repairs, handover, feeds, checked, journal } =
      this.#options
    return {
      startedAtMs: self.startedAtMs,
      instance: self.instance,
      sources: formatSources(control.selected.map((one, index) => ({ ...one, symbols: checked.named[index]! }))),
      selection: control.status(),
      unresolved: checked.unresolved,
      simulated: control.selected.some(({ venue }) => venue.name === 'simulator') ? simulated : null,
      received: recorder.received.total,
      receivedPerSecond: recorder.received.perSecond(),
      appendMs: recorder.appendMs.quantiles(),
      handover: handover.status,
      paused: recorder.paused,
      conflatedQuotes: conflatedQuotes(),
      repairs: repairs?.status() ?? [],
      connections: withinListedMax(feeds.status()),
      process: this.#gauge.read(),
      clockErrorSeconds: this.#clockError.seconds,
      events: journal.counts,
      lines: journal.since(0).slice(-LOG_LINES_MAX),
    }
  }

  /** Since when the log has an announcement, by `performance.now`; undefined until then. */
  get announcedMs(): number | undefined {
    return this.#announcedMs
  }

  start(): void {
    this.#clockError.start()
    this.#announce()
    this.#timer = setInterval(() => {
      this.#announce()
      this.#announceSymbols()
    }, ANNOUNCE_EVERY_MS)
  }

  #announce(): void {
    const { log, key } = this.#options
    log.announce(key, this.status()).then(
      () => {
        this.#announcedMs ??= performance.now()
      },
      // The recorder's appends report a log that cannot be written; the next announcement replaces this one.
      () => {},
    )
  }

  /** The state of every symbol, when it has changed: thousands of symbols are too many for each announcement. */
  #announceSymbols(): void {
    const { log, key, feeds, self } = this.#options
    const nowMs = performance.now()
    if (nowMs < this.#symbolsDueMs) return
    this.#symbolsDueMs = nowMs + SYMBOLS_EVERY_MS
    const packed = packSymbolStates(self.instance, feeds.symbolStates())
    if (packed.deflated === this.#announcedSymbols) return
    log.announce(SYMBOL_STATES + key, packed).then(
      () => {
        this.#announcedSymbols = packed.deflated
      },
      () => {},
    )
  }

  stop(): void {
    this.#clockError.stop()
    clearInterval(this.#timer)
  }
}

/** The status with fewer symbols that are not live: those that are down are left out last. */
function withinListedMax(connections: readonly ConnectionStatus[]): ConnectionStatus[] {
  const isDown = ({ state }: ConnectionStatus['notLive'][number]) => DOWN_STATES.has(state)
  const all = connections.flatMap(({ notLive }) => notLive)
  const listed = new Set([...all.filter(isDown), ...all.filter(each => !isDown(each))].slice(0, LISTED_MAX))
  return connections.map(each => ({ ...each, notLive: each.notLive.filter(row => listed.has(row)) }))
}
