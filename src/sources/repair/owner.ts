/** Which of several recorders of a log requests a symbol's missing trades: a rule, so that they need not agree. */
import type { StatusBoard } from '../../log/status-board.ts'
import { parseSources } from '../selection.ts'
import { RECORDERS, type RecorderReport, recordersIn } from '../status.ts'

/** A recorder that has not announced itself for this long may be gone. */
const ALIVE_MS_MAX = 15_000

/** The first of the recorders that record it and are alive, in order of their keys. Two may request for a moment: repeats are dropped by id. */
export class RepairOwner {
  readonly #board: Pick<StatusBoard, 'announcements'>
  readonly #key: string
  /** Parsed once for each text. */
  readonly #parsed = new Map<string, ReadonlySet<string>>()

  /** `key`: of this recorder. */
  constructor(board: Pick<StatusBoard, 'announcements'>, key: string) {
    this.#board = board
    this.#key = key
  }

  /** A rule for now. */
  isOurs(): (venue: string, symbol: string) => boolean {
    const nowMs = Date.now()
    const before = recordersIn(this.#board.announcements(RECORDERS)).filter(
      ({ key, atMs }) => key < this.#key && Math.abs(nowMs - atMs) < ALIVE_MS_MAX,
    )
    return (venue, symbol) => !before.some(report => this.#symbolsOf(report).has(`${venue} ${symbol}`))
  }

  #symbolsOf({ status: { sources } }: RecorderReport): ReadonlySet<string> {
    const known = this.#parsed.get(sources)
    if (known) return known
    const symbols = new Set<string>()
    try {
      for (const { venue, symbols: named } of parseSources(sources))
        for (const symbol of named) symbols.add(`${venue.name} ${symbol}`)
    } catch {
      // Of another version: its trades are requested twice.
    }
    if (this.#parsed.size > 100) this.#parsed.clear()
    this.#parsed.set(sources, symbols)
    return symbols
  }
}
