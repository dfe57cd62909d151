/**
 * A replay: sends stored ticks again in order, at their original spacing or faster. The ticks keep their timestamps.
 *
 * Unlike a market it waits: before the first tick, while nobody is subscribed, and for slow clients.
 */
import type { Clock } from '../clock.ts'
import { PlaybackClock } from './playback-clock.ts'
import { timesOf } from './stored-ticks.ts'
import { type ChunkReader, type TickRun, Timeline } from './timeline.ts'

/** Destination of replayed ticks. */
export interface Outlet {
  /** What must happen before a tick can be sent, as text for a user; undefined if nothing. */
  readonly waitingFor: string | undefined
  /** Resolves once `waitingFor` is undefined; rejects when the signal aborts. */
  ready(signal: AbortSignal): Promise<void>
  /** Sends ticks in the order given. Resolves when more may be sent; the columns do not change until then. */
  send(runs: readonly TickRun[]): Promise<void>
  /** Called after the last tick: resolves when everything sent was delivered, as far as the outlet can know. */
  finish(): Promise<void>
}

export interface ReplayOptions {
  /** Reads the ticks of each kind in order from a time on, ns since 1970 UTC. */
  read: (fromNanos: bigint) => readonly ChunkReader[]
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
    const timeline = new Timeline(this.#options.read(fromNanos))
    let begun = false
    try {
      for (let next = await timeline.next(); next !== undefined; next = await timeline.next()) {
        signal.throwIfAborted()
        await this.#open(signal)
        if (!begun) this.#clock.start(next)
        begun = true
        if (this.#seekTo !== undefined) return
        await this.#send(timeline, next, signal)
      }
    } finally {
      await timeline.close()
    }
  }

  /** Sends the ticks that are due, or sleeps until the next one is. */
  async #send(timeline: Timeline, nextNanos: bigint, signal: AbortSignal): Promise<void> {
    const now = this.#clock.speed === Number.POSITIVE_INFINITY ? undefined : this.#clock.nowNanos()
    const runs = timeline.take(now, SEND_TICKS_MAX)
    const last = runs.at(-1)
    if (!last) {
      await this.#sleep(this.#clock.waitMs(nextNanos), signal)
      return
    }
    await this.#options.outlet.send(runs)
    for (const { start, end } of runs) this.sent += end - start
    this.atNanos = timesOf(last.ticks)[last.end - 1]!
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
