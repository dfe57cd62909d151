/**
 * A replay: sends stored ticks again in order, at their original spacing or faster. The ticks keep their timestamps.
 *
 * Unlike a market it waits: before the first tick, while nobody is subscribed, and for slow clients.
 */
import type { Clock } from '../clock.ts'
import type { TradeColumns } from '../tick/trades.ts'
import { PlaybackClock } from './playback-clock.ts'

/** Destination of replayed ticks. */
export interface Outlet {
  /** What must happen before a tick can be sent, as text for a user; undefined if nothing. */
  readonly waitingFor: string | undefined
  /** Resolves once `waitingFor` is undefined; rejects when the signal aborts. */
  ready(signal: AbortSignal): Promise<void>
  /** Sends rows `start` to `end`-1. Resolves when more may be sent; the columns do not change until then. */
  send(trades: TradeColumns, start: number, end: number): Promise<void>
  /** Called after the last tick: resolves when everything sent was delivered, as far as the outlet can know. */
  finish(): Promise<void>
}

export interface ReplayOptions {
  /** Reads the ticks in order from a time on, ns since 1970 UTC. */
  read: (fromNanos: bigint) => AsyncGenerator<TradeColumns, void>
  fromNanos: bigint
  /** 1 for the original spacing, `Infinity` for full speed. */
  speed: number
  outlet: Outlet
  clock: Clock
  /** Waits for `resume` before the first tick. */
  startPaused?: boolean
}

/** Maximum ticks of one `send`. */
const SEND_TICKS_MAX = 10_000
/** Shortest sleep, the resolution of timers: ticks closer together are sent together. */
const SLEEP_MS_MIN = 1
const SLEEP_MS_MAX = 1_000

export class Replay {
  /** Ticks sent so far; ticks repeated by a seek count again. */
  sent = 0
  /** Time of the last tick sent, ns since 1970 UTC. */
  atNanos: bigint
  readonly #options: ReplayOptions
  readonly #clock: PlaybackClock
  #pausedUntil: PromiseWithResolvers<void> | undefined
  #seekTo: bigint | undefined
  #interrupt = new AbortController()

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#clock = new PlaybackClock(options.clock, options.speed)
    this.atNanos = options.fromNanos
    if (options.startPaused) this.pause()
  }

  get paused(): boolean {
    return this.#pausedUntil !== undefined
  }

  /** Stops market time; no tick is sent after the `send` in progress. */
  pause(): void {
    this.#pausedUntil ??= Promise.withResolvers()
    this.#clock.pause()
    this.#wake()
  }

  resume(): void {
    this.#pausedUntil?.resolve()
    this.#pausedUntil = undefined
    this.#clock.resume()
  }

  /** Continues at another time, earlier or later. */
  seek(nanos: bigint): void {
    this.#seekTo = nanos
    this.#wake()
  }

  /** Resolves after the last tick. Rejects when the signal aborts, and with errors of the store or the outlet. */
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
    const chunks = this.#options.read(fromNanos)
    let begun = false
    try {
      let coming = settled(chunks.next())
      for (;;) {
        const { value: trades, done } = await unwrapped(coming)
        if (done) return
        // Read the next chunk while this one is sent.
        coming = settled(chunks.next())
        if (!begun) {
          begun = true
          await this.#open(signal)
          this.#clock.start(trades.timestamp[0]!)
        }
        if (!(await this.#play(trades, signal))) return
      }
    } finally {
      await chunks.return()
    }
  }

  /** Sends a chunk at its spacing; false if a seek interrupted it. */
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

  /** Waits, with market time stopped, while the replay is paused or the outlet is not ready. */
  async #open(signal: AbortSignal): Promise<void> {
    const { outlet } = this.#options
    while (this.#pausedUntil || outlet.waitingFor !== undefined) {
      signal.throwIfAborted()
      if (this.#seekTo !== undefined && !outlet.waitingFor) return
      if (this.#pausedUntil) {
        await Promise.race([this.#pausedUntil.promise, aborted(AbortSignal.any([signal, this.#interrupt.signal]))])
      } else {
        this.#clock.pause()
        await outlet.ready(signal)
        if (!this.paused) this.#clock.resume()
      }
    }
  }

  /** The row after the last due one, at most `SEND_TICKS_MAX` later. */
  #due(trades: TradeColumns, row: number): number {
    let high = Math.min(row + SEND_TICKS_MAX, trades.length)
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
    const interrupt = this.#interrupt.signal
    await this.#options.clock
      .sleep(Math.min(Math.max(ms, SLEEP_MS_MIN), SLEEP_MS_MAX), AbortSignal.any([signal, interrupt]))
      .catch(error => {
        if (!interrupt.aborted) throw error
      })
  }

  #wake(): void {
    this.#interrupt.abort()
    this.#interrupt = new AbortController()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}

type Settled<T> = Promise<{ result: T } | { error: unknown }>

/** Defers a promise's rejection until `unwrapped`, so that it is never unhandled. */
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
