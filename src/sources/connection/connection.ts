import { nowMicros, timerMs } from '../../clock.ts'
import { waitUntil } from '../../venues/retry-after.ts'
import type { Control } from '../../venues/venue.ts'
import { ConnectionSubscriptions } from '../subscription/connection-subscriptions.ts'
import { authorization } from './authorization.ts'
import { Backoff } from './backoff.ts'
import { ConnectionLiveness } from './connection-liveness.ts'
import { denialOfControl } from './denial.ts'
import { type Ending, reportLoss, shorten, withoutCredentials } from './loss.ts'
import { NextOpening } from './next-opening.ts'
import { type ConnectionOptions, streamsOf } from './options.ts'
import { replacementAge } from './rotation.ts'
import { FeedSocket } from './socket.ts'

/**
 * A connection that reconnects, and rotates its sockets. At any time
 *   connecting  the first or a new socket opens
 *   open        `#current` delivers; during a rotation `#next` opens, or delivers too
 *   waiting     no socket, and a timer will open one
 *   closed      for ever
 */
export class Connection {
  /** The address without its query, which may be long, and without credentials. */
  readonly url: string
  readonly #options: ConnectionOptions
  readonly #liveness: ConnectionLiveness
  readonly #backoff: Backoff
  readonly subscriptions: ConnectionSubscriptions
  #symbols: readonly string[]
  #current: FeedSocket | undefined
  #next: FeedSocket | undefined
  /** Sockets replaced by rotations, while they close. */
  readonly #retired = new Set<Promise<void>>()
  /** The socket whose frame is being read. */
  #delivering: FeedSocket | undefined
  #nextHasDelivered = false
  /** The venue's text, if it announced on `#next` that it will close it soon. */
  #nextIsClosing: string | undefined
  readonly #opening: NextOpening
  #rotation: NodeJS.Timeout | undefined
  #overlap: NodeJS.Timeout | undefined
  readonly #livenessCheck: NodeJS.Timeout
  #rotationReason = ''
  #paused = false
  #closed = false
  #openings = 0
  #reconnects = 0
  #openedAtMicros = Number.POSITIVE_INFINITY

  /** Starts to connect. */
  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#symbols = options.symbols
    const { base, timings, kinds } = options
    this.url = withoutCredentials(base)
    this.#liveness = new ConnectionLiveness(timings, performance.now(), kinds)
    this.#backoff = new Backoff(timings.backoffMsMin, timings.backoffFirstMs, timings.backoffMsMax)
    const { id: connection, symbols, emit, onLoss } = options
    const { name: venue, acknowledges } = options.venue
    const names = { venue, connection, symbols, kinds }
    this.subscriptions = new ConnectionSubscriptions({ ...names, acknowledges, timings, emit, onLoss })
    this.#livenessCheck = setInterval(() => this.#check(), timings.livenessCheckMs)
    this.#opening = new NextOpening(options.connects, () => this.#open())
    this.#opening.start(options.opensAfter)
  }

  get state(): 'connecting' | 'open' | 'waiting' | 'closed' {
    if (this.#closed) return 'closed'
    if (this.#current) return 'open'
    return this.#next ? 'connecting' : 'waiting'
  }

  /** When the newest socket opened, µs since 1970 UTC; infinite before. */
  get openedAtMicros(): number {
    return this.#openedAtMicros
  }

  status() {
    const nowMs = performance.now()
    const { state, url } = this
    const { lastFrameMs, silent } = this.#liveness
    return {
      ...this.subscriptions.status(nowMs),
      url,
      state,
      silent: silent && state === 'open',
      reconnects: this.#reconnects,
      lastFrameAgeMs: lastFrameMs === undefined ? null : Math.max(0, nowMs - lastFrameMs),
      quietMs: this.#liveness.quietMs(nowMs),
    }
  }

  pause(): void {
    this.#paused = true
    this.#current?.pause()
    this.#next?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#liveness.resume(performance.now())
    this.subscriptions.resumed(performance.now())
    this.#current?.resume()
    this.#next?.resume()
    // The frames that waited in the old socket must be read before it closes.
    if (this.#overlap) this.#overlapFor(this.#options.timings.overlapMs)
  }

  /** Requests other symbols, on the open sockets too. Ticks of those that leave are recorded until the venue ends them. */
  change(join: readonly string[], leave: readonly string[]): void {
    this.#symbols = [...this.#symbols.filter(symbol => !leave.includes(symbol)), ...join]
    this.subscriptions.change(join, leave, performance.now(), this.#current !== undefined)
    for (const socket of [this.#current, this.#next]) socket?.change(this.#symbols)
  }

  /** For each tick in the frame that is being delivered, with its id and a trade's time and volume. False if its symbol was not requested. */
  ticked(kind: string, symbol: string, id?: number | bigint, micros?: number, volume?: number): boolean {
    return this.subscriptions.ticked(kind, symbol, id, this.#liveness.lastFrameMs!, micros, volume)
  }

  /** Handles a control message in the frame that is being delivered. */
  control(control: Control): void {
    const { id, venue, connects, timings, emit, venueState } = this.#options
    if (control.kind === 'venue_state') venueState.update(control)
    else if (control.kind === 'authenticated') this.#delivering?.authenticated()
    else if (control.kind === 'denied') this.#delivering?.end(control.detail, denialOfControl(control, timings))
    else if (control.kind === 'closing') {
      if (this.#delivering === this.#next) this.#nextIsClosing = control.detail
      else this.#rotate(control.detail)
    } else if (control.kind === 'rate_limited') {
      const waitMs = waitUntil(control.untilMs, control.nowMs ?? Date.now()) ?? timings.rateLimitedMs
      connects.pause(performance.now() + waitMs)
      emit('rate_limited', { venue: venue.name, detail: shorten(control.detail), waitMs })
      // It may have refused part of the subscription: a new socket requests all of it again, while this one continues.
      this.#rotateAfter(waitMs, 'subscribing again after a rate limit')
    } else if (!this.subscriptions.control(control, this.#delivering?.confirmed ?? new Map(), performance.now())) {
      emit('venue_error', { venue: venue.name, connection: id, detail: shorten(control.detail) })
    }
  }

  /** Resolves when every socket is closed. Calls no callback from now on. */
  async close(): Promise<void> {
    this.#closed = true
    this.#opening.cancel()
    for (const timer of [this.#rotation, this.#overlap, this.#livenessCheck]) clearTimeout(timer)
    await Promise.all([this.#current?.close(), this.#next?.close(), ...this.#retired])
  }

  #open(): void {
    const { venue, base, credentials, timings, onFrame } = this.#options
    const [symbols, kinds] = [this.#symbols, streamsOf(this.#options)]
    this.#nextHasDelivered = false
    this.#nextIsClosing = undefined
    try {
      const socket = new FeedSocket({
        venue,
        ...authorization(venue, venue.url(base, symbols, kinds), credentials),
        symbols,
        kinds,
        timings,
        onConnected: () => this.subscriptions.opened(performance.now(), this.#current !== undefined),
        onOpen: () => this.#onOpen(socket),
        onFrame: (frame, receivedAtMicros, arrivedMs) => {
          this.#onDelivery(socket, arrivedMs)
          onFrame(frame, socket.decode, receivedAtMicros, arrivedMs)
        },
        onEnd: ending => this.#onEnd(socket, ending),
      })
      if (this.#paused) socket.pause()
      this.#next = socket
    } catch (error) {
      this.#reconnect({ why: (error as Error).message })
    }
  }

  #onOpen(socket: FeedSocket): void {
    const { id, venue, timings, emit } = this.#options
    this.#openedAtMicros = nowMicros()
    if (this.#current) {
      this.#overlapFor(this.#nextHasDelivered ? timings.overlapMs : timings.overlapMsMax)
      return
    }
    if (this.#openings++ > 0) this.#reconnects++
    this.#promote(socket)
    emit('connection_opened', { venue: venue.name, connection: id, symbols: this.#symbols.length })
  }

  #onDelivery(socket: FeedSocket, arrivedMs: number): void {
    this.#delivering = socket
    this.#liveness.frame(arrivedMs)
    if (socket !== this.#next || this.#nextHasDelivered) return
    this.#nextHasDelivered = true
    if (this.#overlap) this.#overlapFor(this.#options.timings.overlapMs)
  }

  #onEnd(socket: FeedSocket, ending: Ending): void {
    // A venue denies our address, so the wait is for all its connections.
    if (ending.denial) this.#options.connects.pause(performance.now() + ending.denial.waitMs)
    if (socket === this.#next) {
      this.#next = undefined
      clearTimeout(this.#overlap)
      this.#overlap = undefined
      this.#reconnect(ending)
    } else if (this.#overlap) {
      this.#finishRotation()
    } else {
      this.#current = undefined
      clearTimeout(this.#rotation)
      if (!this.#next) this.subscriptions.lost(performance.now())
      // During a rotation: the new socket becomes the current one when it opens.
      if (this.#next || this.#opening.isScheduled) this.#reportLoss(ending, this.#opening.inMs())
      else this.#reconnect(ending)
    }
  }

  /** Opens another socket after the backoff, or the wait that the venue requested. */
  #reconnect(ending: Ending): void {
    const { timings } = this.#options
    if ((ending.openMs ?? 0) >= timings.stableMs) this.#backoff.reset()
    const waitMs = Math.max(this.#backoff.next(), ending.denial?.waitMs ?? 0)
    this.#reportLoss(ending, this.#opening.after(waitMs))
  }

  #reportLoss(ending: Ending, waitMs: number): void {
    const { id, venue, emit } = this.#options
    reportLoss(emit, { venue: venue.name, connection: id, url: this.url }, ending, waitMs)
  }

  #promote(socket: FeedSocket): void {
    this.#current = socket
    this.#next = undefined
    this.#liveness.opened(performance.now(), this.#nextHasDelivered)
    const ageMs = this.#options.venue.limits.connectionAgeMsMax
    if (this.#nextIsClosing !== undefined) this.#rotateAfter(this.#backoff.next(), this.#nextIsClosing)
    else if (ageMs !== undefined) this.#rotateAfter(replacementAge(ageMs), 'before the server cuts it for its age')
    else clearTimeout(this.#rotation)
  }

  #rotateAfter(waitMs: number, why: string): void {
    clearTimeout(this.#rotation)
    this.#rotation = setTimeout(() => this.#rotate(why), timerMs(waitMs))
  }

  /** Opens a second socket; the current one closes once the second delivers, or before, where the venue allows only one. */
  #rotate(why: string): void {
    if (!this.#current || this.#next || this.#opening.isScheduled) return
    this.#rotationReason = why
    if (this.#options.venue.limits.connections === undefined) this.#opening.after(0)
    else void this.#reopen()
  }

  async #reopen(): Promise<void> {
    const { id, venue, emit } = this.#options
    clearTimeout(this.#rotation)
    const retired = this.#retire()
    this.#current = undefined
    this.subscriptions.lost(performance.now())
    emit('connection_rotated', { venue: venue.name, connection: id, why: this.#rotationReason })
    await retired
    this.#opening.after(0)
  }

  /** Closes the current socket. */
  #retire(): Promise<void> {
    const retired = this.#current!.close().finally(() => this.#retired.delete(retired))
    this.#retired.add(retired)
    return retired
  }

  #overlapFor(ms: number): void {
    clearTimeout(this.#overlap)
    this.#overlap = setTimeout(() => {
      if (this.#paused) this.#overlapFor(this.#options.timings.overlapMs)
      else this.#finishRotation()
    }, timerMs(ms))
  }

  #finishRotation(): void {
    const { id, venue, emit } = this.#options
    clearTimeout(this.#overlap)
    this.#overlap = undefined
    void this.#retire()
    this.#promote(this.#next!)
    emit('connection_rotated', { venue: venue.name, connection: id, why: this.#rotationReason })
  }

  #check(): void {
    const { id, venue, emit } = this.#options
    const nowMs = performance.now()
    if (this.#paused || !this.#current || this.#next || this.#opening.isScheduled) return
    const { resubscribe, replace } = this.subscriptions.check(nowMs, this.#liveness.receiving(nowMs))
    for (const { kind, symbols } of resubscribe) this.#current.send(venue.resubscribe(symbols, [kind]))
    // Where only one connection is allowed, a replacement would interrupt the other symbols.
    if (replace !== undefined && venue.limits.connections === undefined) this.#rotate(replace)
    const liveness = this.#liveness.check(nowMs)
    if (!liveness) return
    emit('connection_silent', { venue: venue.name, connection: id, silentMs: liveness.silentMs, waitMs: 0 })
    this.#rotate(liveness.why)
  }
}
