/**
 * Unsent messages: each goes to every channel, in order, until the channel accepts it. They survive a restart in the
 * state file.
 */
import type { Emit } from '../telemetry/events.ts'
import type { Message } from './alerts/alerts.ts'
import { type Channel, Refused, SEND_MS_MAX } from './channels/channel.ts'
import type { Unsent } from './state.ts'

/** Beyond this the oldest messages are dropped: nobody reads a thousand old alerts. */
const UNSENT_MAX = 200
/** A refused message is dropped after this many tries, if not earlier: it must not block the messages behind it. */
const REFUSED_TRIES_MAX = 3
const RETRY_MS_MIN = 5_000
const RETRY_MS_MAX = 5 * 60_000

interface Retry {
  failures: number
  againMs: number
}

export class Outbox {
  /** Messages accepted, failed tries, and messages dropped since the watcher started. */
  readonly counts = { sent: 0, failed: 0, dropped: 0 }
  readonly #channels: readonly Channel[]
  readonly #instance: string
  readonly #emit: Emit
  readonly #retries = new Map<string, Retry>()
  #unsent: Unsent[]

  /** `instance`: the URL that messages name. */
  constructor(channels: readonly Channel[], instance: string, emit: Emit, unsent: readonly Unsent[]) {
    this.#channels = channels
    this.#instance = instance
    this.#emit = emit
    const names = new Set(channels.map(({ name }) => name))
    // A channel that is no longer configured gets nothing.
    this.#unsent = unsent
      .map(({ message, channels: waiting }) => ({ message, channels: waiting.filter(name => names.has(name)) }))
      .filter(({ channels: waiting }) => waiting.length > 0)
  }

  /** For the state file. */
  get unsent(): readonly Unsent[] {
    return this.#unsent
  }

  add(messages: readonly Message[]): void {
    if (this.#channels.length === 0) return
    const channels = this.#channels.map(({ name }) => name)
    this.#unsent.push(...messages.map(message => ({ message, channels })))
    const over = this.#unsent.length - UNSENT_MAX
    if (over <= 0) return
    this.#unsent.splice(0, over)
    this.counts.dropped += over
    this.#emit('alerts_left_out', { count: over })
  }

  /**
   * Sends the messages that are due; `nowMs` by a monotonic clock. Never rejects; takes at most twice the time limit of
   * a channel: the rest waits for the next call.
   */
  async send(nowMs: number): Promise<void> {
    await Promise.all(this.#channels.map(channel => this.#sendBy(channel, nowMs)))
  }

  async #sendBy(channel: Channel, nowMs: number): Promise<void> {
    const { name } = channel
    if (nowMs < (this.#retries.get(name)?.againMs ?? 0)) return
    const began = performance.now()
    for (const { message } of this.#unsent.filter(({ channels }) => channels.includes(name))) {
      if (performance.now() - began > SEND_MS_MAX) return
      try {
        await channel.send(message, this.#instance)
        this.counts.sent++
        this.#retries.delete(name)
        this.#remove(message, name)
      } catch (error) {
        this.counts.failed++
        const failures = (this.#retries.get(name)?.failures ?? 0) + 1
        if (error instanceof Refused && (error.permanent || failures >= REFUSED_TRIES_MAX)) {
          this.#retries.delete(name)
          this.#remove(message, name)
          this.counts.dropped++
          this.#emit('alert_refused', { alert: message.alert.name, channel: name, why: error.message })
          continue
        }
        const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (failures - 1))
        this.#retries.set(name, { failures, againMs: nowMs + waitMs })
        this.#emit('alert_unsent', { alert: message.alert.name, channel: name, why: (error as Error).message, waitMs })
        return
      }
    }
  }

  #remove(message: Message, channel: string): void {
    this.#unsent = this.#unsent
      .map(unsent =>
        unsent.message === message ? { message, channels: unsent.channels.filter(name => name !== channel) } : unsent,
      )
      .filter(({ channels }) => channels.length > 0)
  }
}
