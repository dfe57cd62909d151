/** Messages on their way: each to each route, in order, again until it is taken. Kept over the watcher's end. */
import type { Emit } from '../telemetry/events.ts'
import type { Message } from './alerts/alerts.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channels/channel.ts'
import type { Unsent } from './state.ts'

/** What waits beyond this is left out, oldest first: nobody reads a thousand old alerts. */
const UNSENT_MAX = 200
/** A message that is refused itself is given up after so many tries, if not at once: those after it must not wait for ever. */
const REFUSED_TRIES_MAX = 3
const RETRY_MS_MIN = 5_000
const RETRY_MS_MAX = 5 * 60_000

interface Trying {
  failures: number
  againMs: number
}

export class Outbox {
  /** Messages that were taken, tries that failed, and messages that were given up, since the watcher began. */
  readonly counts = { sent: 0, failed: 0, leftOut: 0 }
  readonly #channels: readonly Channel[]
  readonly #house: string
  readonly #emit: Emit
  readonly #trying = new Map<string, Trying>()
  #unsent: Unsent[]

  constructor(channels: readonly Channel[], house: string, emit: Emit, unsent: readonly Unsent[]) {
    this.#channels = channels
    this.#house = house
    this.#emit = emit
    const names = new Set(channels.map(({ name }) => name))
    // A route that is no longer configured waits for nothing.
    this.#unsent = unsent
      .map(({ message, routes: left }) => ({ message, routes: left.filter(name => names.has(name)) }))
      .filter(({ routes: left }) => left.length > 0)
  }

  /** To be kept. */
  get unsent(): readonly Unsent[] {
    return this.#unsent
  }

  add(messages: readonly Message[]): void {
    if (this.#channels.length === 0) return
    const channels = this.#channels.map(({ name }) => name)
    this.#unsent.push(...messages.map(message => ({ message, routes: channels })))
    const over = this.#unsent.length - UNSENT_MAX
    if (over <= 0) return
    this.#unsent.splice(0, over)
    this.counts.leftOut += over
    this.#emit('alerts_left_out', { count: over })
  }

  /**
   * Tries what waits and is due, `nowMs` by a clock that never falls. Never rejects; takes twice as long as a route may at most:
   * what is left then waits for the next call.
   */
  async send(nowMs: number): Promise<void> {
    await Promise.all(this.#channels.map(channel => this.#sendBy(channel, nowMs)))
  }

  async #sendBy(channel: Channel, nowMs: number): Promise<void> {
    const { name } = channel
    if (nowMs < (this.#trying.get(name)?.againMs ?? 0)) return
    const began = performance.now()
    for (const { message } of this.#unsent.filter(({ routes }) => routes.includes(name))) {
      if (performance.now() - began > SEND_MS_MAX) return
      try {
        await channel.send(message, this.#house)
        this.counts.sent++
        this.#trying.delete(name)
        this.#taken(message, name)
      } catch (error) {
        this.counts.failed++
        const failures = (this.#trying.get(name)?.failures ?? 0) + 1
        if (error instanceof Refused && (error.forGood || failures >= REFUSED_TRIES_MAX)) {
          this.#trying.delete(name)
          this.#taken(message, name)
          this.counts.leftOut++
          this.#emit('alert_refused', { alert: message.alert.name, channel: name, why: error.message })
          continue
        }
        const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (failures - 1))
        this.#trying.set(name, { failures, againMs: nowMs + waitMs })
        this.#emit('alert_unsent', { alert: message.alert.name, channel: name, why: (error as Error).message, waitMs })
        return
      }
    }
  }

  #taken(message: Message, channel: string): void {
    this.#unsent = this.#unsent
      .map(unsent =>
        unsent.message === message ? { message, routes: unsent.routes.filter(name => name !== channel) } : unsent,
      )
      .filter(({ routes }) => routes.length > 0)
  }
}
