/** Reads the instruments of each recorded venue: at the start, then periodically. Recording never waits for it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Emit } from '../../telemetry/events.ts'
import { type Instrument, NO_LIST } from '../../venues/instruments.ts'
import type { Venue } from '../../venues/venue.ts'
import { Backoff } from '../connection/backoff.ts'
import { TIMINGS, type Timings } from '../connection/timings.ts'
import type { Subscription } from '../feeds.ts'
import { ListRefused, readInstruments } from './read-instruments.ts'

export interface InstrumentListsOptions {
  /** Those without a REST address are left out. */
  subscriptions: readonly Subscription[]
  /** Between two readings of a venue's list, ms. */
  everyMs: number
  emit: Emit
  timings?: Timings
  /**
   * Called with each list that was read, one at a time for each venue. Resolves with why the list is not to be believed
   * yet: it is read again soon.
   */
  onListed(venue: Venue, listed: readonly Instrument[]): Promise<string | undefined>
}

export class InstrumentLists {
  readonly #options: InstrumentListsOptions
  readonly #timings: Timings
  readonly #stop = new AbortController()
  readonly #running: Promise<unknown>

  /** Starts reading. */
  constructor(options: InstrumentListsOptions) {
    this.#options = options
    this.#timings = options.timings ?? TIMINGS
    this.#running = Promise.all(
      options.subscriptions.map(async ({ venue, rest, credentials }) => {
        if (rest !== undefined) await this.#follow(venue, rest, credentials)
      }),
    ).catch(error => {
      if (!this.#stop.signal.aborted) throw error
    })
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #follow(venue: Venue, rest: string, credentials: Subscription['credentials']): Promise<void> {
    const { everyMs, emit } = this.#options
    if (venue.instruments === NO_LIST) {
      emit('symbols_uncheckable', { venue: venue.name })
      return
    }
    const { symbolListRetryMs: retryMs } = this.#timings
    const { signal } = this.#stop
    const backoff = new Backoff(retryMs / 2, retryMs, Math.max(retryMs, everyMs))
    let isFailing = false
    while (true) {
      let waitMs = everyMs
      try {
        const doubt = await this.#read(venue, rest, credentials)
        if (doubt !== undefined) throw new Error(doubt)
        backoff.reset()
        isFailing = false
      } catch (error) {
        signal.throwIfAborted()
        if (!isFailing) emit('symbols_unchecked', { venue: venue.name, why: reasonOf(error) })
        isFailing = true
        waitMs = Math.max(backoff.next(), error instanceof ListRefused ? (error.waitMs ?? 0) : 0)
      }
      // Must not keep the process running.
      await sleep(waitMs, undefined, { signal, ref: false })
    }
  }

  async #read(venue: Venue, rest: string, credentials: Subscription['credentials']): Promise<string | undefined> {
    const { signal } = this.#stop
    const { symbolListMsMax: timeoutMs, symbolListApartMs: apartMs } = this.#timings
    const listed = await readInstruments(venue, rest, { signal, timeoutMs, apartMs, credentials })
    signal.throwIfAborted()
    return await this.#options.onListed(venue, listed)
  }
}

/** The reason of a failed `fetch` is in its cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? cause.message || String((cause as NodeJS.ErrnoException).code) : message
}
