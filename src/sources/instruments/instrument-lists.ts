/** Reads the instruments of each recorded venue: at the start, then periodically. Recording never waits for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emit } from '../../telemetry/events.ts'
import { type Instrument, NO_LIST } from '../../venues/instruments.ts'
import type { Venue } from '../../venues/venue.ts'
import { Backoff } from '../connection/backoff.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import type { Subscription } from '../feeds.ts'
import { RestHosts, RestRefused, reasonOf } from '../rest/hosts.ts'
import { readInstruments } from './read-instruments.ts'

export interface InstrumentListsOptions {
  subscriptions: readonly Subscription[]
  /** Between two readings of a venue's list, ms. */
  everyMs: number
  emit: Emit
  /** What all requests of the process share. */
  hosts?: RestHosts
  timings?: Timings
  /**
   * Called with each list that was read, one at a time for each venue. Resolves with true to have it read again soon.
   */
  onListed(venue: Venue, listed: readonly Instrument[]): Promise<boolean>
}

export class InstrumentLists {
  readonly #options: InstrumentListsOptions
  readonly #timings: Timings
  readonly #stop = new AbortController()
  readonly #hosts: RestHosts
  /** By venue, while its list is read again and again. */
  readonly #following = new Map<string, Promise<void>>()

  /** Starts reading. */
  constructor(options: InstrumentListsOptions) {
    this.#options = options
    this.#timings = options.timings ?? TIMINGS
    this.#hosts = options.hosts ?? new RestHosts({ timings: this.#timings })
    this.follow(options.subscriptions)
  }

  /** Starts reading the lists of these venues too. */
  follow(subscriptions: readonly Subscription[]): void {
    for (const { venue, rest, credentials } of subscriptions) {
      if (this.#following.has(venue.name)) continue
      const why = venue.instruments === NO_LIST ? 'none is public' : 'no REST address is set'
      const isRead = venue.instruments !== NO_LIST && rest !== undefined
      if (!isRead) this.#options.emit('symbols_uncheckable', { venue: venue.name, why })
      const following = isRead ? this.#follow(venue, rest, credentials) : Promise.resolve()
      this.#following.set(
        venue.name,
        following.catch(error => {
          if (!this.#stop.signal.aborted) throw error
        }),
      )
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#following.values())
  }

  async #follow(venue: Venue, rest: string, credentials: Subscription['credentials']): Promise<void> {
    const { everyMs, emit } = this.#options
    const { symbolListRetryMs: retryMs } = this.#timings
    const { signal } = this.#stop
    const backoff = new Backoff(retryMs / 2, retryMs, Math.max(retryMs, everyMs))
    let isFailing = false
    while (true) {
      let waitMs = everyMs
      try {
        const isDone = await this.#read(venue, rest, credentials)
        if (isDone) backoff.reset()
        else waitMs = backoff.next()
        isFailing = false
      } catch (error) {
        signal.throwIfAborted()
        if (!isFailing) emit('symbols_unchecked', { venue: venue.name, why: reasonOf(error) })
        isFailing = true
        const statedMs = error instanceof RestRefused ? (error.waitMs ?? 0) : 0
        waitMs = Math.max(backoff.next(), statedMs)
      }
      // Must not keep the process running.
      await sleep(waitMs, undefined, { signal, ref: false })
    }
  }

  /** Reads the list and hands it on; false to read it again soon. */
  async #read(venue: Venue, rest: string, credentials: Subscription['credentials']): Promise<boolean> {
    const { signal } = this.#stop
    const listed = await readInstruments(venue, rest, {
      hosts: this.#hosts,
      signal,
      timeoutMs: this.#timings.symbolListMsMax,
      credentials,
    })
    signal.throwIfAborted()
    const again = await unlessAborted(this.#options.onListed(venue, listed), signal)
    return !again
  }
}

/** After closing, how long a list that was read may take until it is in the log. */
const CLOSE_MS_MAX = 2_000

/** Rejects soon after the signal aborts: an append to a log that is unreachable may take as long as that. */
async function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  let timer: NodeJS.Timeout | undefined
  const aborted = () => {
    timer = setTimeout(() => reject(signal.reason), CLOSE_MS_MAX)
  }
  signal.addEventListener('abort', aborted)
  return await Promise.race([result, promise]).finally(() => {
    signal.removeEventListener('abort', aborted)
    clearTimeout(timer)
  })
}
