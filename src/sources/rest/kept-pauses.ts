/**
 * Until when each host must not be used, on the log's status board: a restart that sent requests again would turn a limit into a
 * ban, and a ban into a longer one. Limits are of an address of the Internet, so each machine keeps its own.
 */
import { hostname } from 'node:os'
import { BACKGROUND_CLOCK, type Clock, MS_PER_DAY } from '../../clock.ts'
import type { StatusBoard } from '../../log/status-board.ts'

export const PAUSES = 'rest pauses '
/** The longest ban of any venue is three days: a later end is of a wrong clock. */
const PAUSE_MS_MAX = 3 * MS_PER_DAY

export class KeptPauses {
  readonly #board: Pick<StatusBoard, 'announcements' | 'announce'>
  readonly #clock: Clock
  readonly #key = `${PAUSES}${hostname()}`
  readonly #untilMs: Record<string, number>

  /** Reads what earlier runs kept. */
  constructor(board: Pick<StatusBoard, 'announcements' | 'announce'>, clock: Clock = BACKGROUND_CLOCK) {
    this.#board = board
    this.#clock = clock
    const body = board.announcements(this.#key).find(({ key }) => key === this.#key)?.body
    const kept = typeof body === 'object' && body !== null ? Object.entries(body) : []
    this.#untilMs = Object.fromEntries(kept.filter(([, untilMs]) => Number.isFinite(untilMs)))
  }

  /** How long a host must not be used, ms. */
  waitMs(host: string): number {
    const leftMs = (this.#untilMs[host] ?? 0) - this.#nowMs()
    return leftMs > PAUSE_MS_MAX ? 0 : Math.max(0, leftMs)
  }

  /** Keeps a pause. Resolves when it is kept, also if it cannot be: the process knows it all the same. */
  async keep(host: string, waitMs: number): Promise<void> {
    const nowMs = this.#nowMs()
    for (const [each, untilMs] of Object.entries(this.#untilMs)) if (untilMs < nowMs) delete this.#untilMs[each]
    this.#untilMs[host] = Math.max(this.#untilMs[host] ?? 0, nowMs + waitMs)
    await this.#board.announce(this.#key, this.#untilMs).catch(() => {})
  }

  #nowMs(): number {
    return Math.floor(this.#clock.nowMicros() / 1000)
  }
}
