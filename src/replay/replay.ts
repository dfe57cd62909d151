/**
 * A replay: stored ticks sent out again in their order, as far apart as they were or faster. The ticks keep the times they have.
 *
 * It waits where a market does not: before the first tick, and whenever somebody who listens does not keep up or nobody does.
 */
import type { Clock } from '../clock.ts'
import type { TradeColumns } from '../tick/trades.ts'
import { PlaybackClock } from './playback-clock.ts'

/** Where replayed ticks go. */
export interface Outlet {
  /** What must happen before a tick can be sent, for a person; undefined if nothing. */
  readonly awaits: string | undefined
  /** Resolves once `awaits` is undefined; rejects when the signal aborts. */
  ready(signal: AbortSignal): Promise<void>
  /** Sends rows `start` to `end`-1. Resolves when more may be sent; the columns stay as they are until then. */
  send(trades: TradeColumns, start: number, end: number): Promise<void>
  /** After the last tick: resolves when all that was sent has arrived, as far as can be told. */
  finish(): Promise<void>
}

export interface ReplayOptions {
  /** The ticks in order from a moment on, ns since 1970 UTC. */
  read: (fromNanos: bigint) => AsyncGenerator<TradeColumns, void>
  fromNanos: bigint
  /** 1 for the original spacing, `Infinity` for as fast as it goes. */
  speed: number
  outlet: Outlet
  clock: Clock
  /** Waits for `resume` before the first tick. */
  startPaused?: boolean
}

/** Ticks handed out at once. */
const TURN_TICKS_MAX = 10_000
/** Shortest sleep, what timers can do: ticks nearer than that leave together. */
const SLEEP_MS_MIN = 1
const SLEEP_MS_MAX = 1_000

export class Replay {
  /** Ticks sent so far, repeats after a seek counted again. */
  sent = 0
  /** Time of the last tick sent, ns since 1970 UTC. */
  atNanos: bigint
  readonly #options: ReplayOptions
  readonly #clock: PlaybackClock
  #pausedUntil: PromiseWithResolvers<void> | undefined
  #seekTo: bigint | undefined
  #nudge = new AbortController()

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#clock = new PlaybackClock(options.clock, options.speed)
    this.atNanos = options.fromNanos
    if (options.startPaused) this.pause()
  }

  get paused(): boolean {
    return this.#pausedUntil !== undefined
  }

  /** No tick is sent after those under way, and the market's time stands still. */
  pause(): void {
    this.#pausedUntil ??= Promise.withResolvers()
    this.#clock.hold()
    this.#wake()
  }

  resume(): void {
    this.#pausedUntil?.resolve()
    this.#pausedUntil = undefined
    this.#clock.release()
  }

  /** Goes on at a moment, earlier or later. */
  seek(nanos: bigint): void {
    this.#seekTo = nanos
    this.#wake()
  }

  /** Resolves after the last tick. Rejects when the signal aborts, and with what the store or the outlet throw. */
  async run(signal: AbortSignal): Promise<void> {
    this.#seekTo = this.#options.fromNanos
    do {
      while (this.#seekTo !== undefined) {
        const from: bigint = this.#seekTo
        this.#seekTo = undefined
        await this.#playFrom(from, signal)
      }
      await this.#options.outlet.finish()
    } while (this.#seekTo !== undefined)
  }

  async #playFrom(fromNanos: bigint, signal: AbortSignal): Promise<void> {
    const slices = this.#options.read(fromNanos)
    let begun = false
    try {
      let coming = settled(slices.next())
      for (;;) {
        const { value: trades, done } = await unwrapped(coming)
        if (done) return
        // The next slice is read while this one is sent.
        coming = settled(slices.next())
        if (!begun) {
          begun = true
          await this.#open(signal)
          this.#clock.begin(trades.timestamp[0]!)
        }
        if (!(await this.#play(trades, signal))) return
      }
    } finally {
      await slices.return()
    }
  }

  /** Sends a slice at its pace; false if it was left for another moment. */
  async #play(trades: TradeColumns, signal: AbortSignal): Promise<boolean> {
    const { outlet } = this.#options
    for (let row = 0; row < trades.length; ) {
      signal.throwIfAborted()
      await this.#open(signal)
      if (this.#seekTo !== undefined) return false
      const end = this.#due(trades, row)
      if (end === row) await this.#sleep(this.#clock.waitMs(trades.timestamp[row]!), signal)
      else {
        await outlet.send(trades, row, end)
        this.sent += end - row
        this.atNanos = trades.timestamp[end - 1]!
        row = end
      }
    }
    return true
  }

  /** Waits while the replay is paused or nobody listens; the market's time stands still meanwhile. */
  async #open(signal: AbortSignal): Promise<void> {
    const { outlet } = this.#options
    while (this.#pausedUntil || outlet.awaits !== undefined) {
      signal.throwIfAborted()
      if (this.#seekTo !== undefined && !outlet.awaits) return
      if (this.#pausedUntil) {
        await Promise.race([this.#pausedUntil.promise, aborted(AbortSignal.any([signal, this.#nudge.signal]))])
      } else {
        this.#clock.hold()
        await outlet.ready(signal)
        if (!this.paused) this.#clock.release()
      }
    }
  }

  /** The row after the last one that is due, at most a turn on. */
  #due(trades: TradeColumns, row: number): number {
    let high = Math.min(row + TURN_TICKS_MAX, trades.length)
    if (this.#clock.speed === Number.POSITIVE_INFINITY) return high
    const now = this.#clock.nowNanos()
    let low = row
    while (low < high) {
      const middle = (low + high) >> 1
      if (trades.timestamp[middle]! <= now) low = middle + 1
      else high = middle
    }
    return low
  }

  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    const nudge = this.#nudge.signal
    await this.#options.clock
      .sleep(Math.min(Math.max(ms, SLEEP_MS_MIN), SLEEP_MS_MAX), AbortSignal.any([signal, nudge]))
      .catch(error => {
        if (!nudge.aborted) throw error
      })
  }

  #wake(): void {
    this.#nudge.abort()
    this.#nudge = new AbortController()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

type Settled<T> = Promise<{ result: T } | { error: unknown }>

/** A promise that is looked at later: its rejection waits until then. */
function settled<T>(promise: Promise<T>): Settled<T> {
  return promise.then(
    result => ({ result }),
    error => ({ error }),
  )
}

async function unwrapped<T>(promise: Settled<T>): Promise<T> {
  const outcome = await promise
  if ('error' in outcome) throw outcome.error
  return outcome.result
}
