import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { nowMicros, timerMs } from '../../clock.ts'
import type { Decode, Venue } from '../../venues/venue.ts'
import type { Confirmed } from '../subscription/connection-subscriptions.ts'
import { type Denial, denialOfClose, denialOfStatus } from './denial.ts'
import type { Ending } from './loss.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { Timings } from './timings.ts'

/** A longer frame ends the connection. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024
/** Bytes read of the body of a refused handshake. */
const REFUSAL_BYTES_MAX = 4096

export interface SocketOptions {
  venue: Venue
  /** May contain secrets. */
  url: string
  /** Frames that log in: the subscription follows when `authenticated` is called. */
  login?: readonly string[] | undefined
  symbols: readonly string[]
  kinds: readonly string[]
  timings: Timings
  /** Open and logged in; the frames of the subscription follow. */
  onConnected(): void
  /** Open, and every frame of the subscription is sent. */
  onOpen(): void
  /**
   * `receivedAtMicros` is our clock when the frame's last bytes were read, before any other frame was decoded;
   * `arrivedMs` the same moment by `performance.now`.
   */
  onFrame(frame: Buffer, receivedAtMicros: number, arrivedMs: number): void
  /** Called once, unless `close` was called before. */
  onEnd(ending: Ending): void
}

/**
 * One WebSocket, from connect to its end, without reconnects (see `connection.ts`). After half of the venue's longest
 * silence without any byte it sends a ping; after all of it, it is destroyed, since a closing handshake would not be
 * answered.
 */
export class FeedSocket {
  readonly #options: SocketOptions
  readonly #webSocket: WebSocket
  readonly #closed = Promise.withResolvers<void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #ending: Ending = { why: '' }
  readonly #frameLimiter: RateLimiter
  /** Symbols that the venue confirmed on this socket. */
  readonly confirmed: Confirmed = new Map()
  /** Reads this socket's frames. */
  readonly decode: Decode
  #detached = false
  #paused = false
  #arrivedMicros = 0
  /** When the last byte arrived, by `performance.now`. */
  #arrivedMs = 0
  #openedAtMs: number | undefined
  #loginTimer: NodeJS.Timeout | undefined
  #symbols: readonly string[]
  /** The symbols of the sent subscription; undefined before it is sent. */
  #requested: ReadonlySet<string> | undefined
  #lastCheckMs = 0

  /** Starts to connect. Throws SyntaxError if the address is invalid. */
  constructor(options: SocketOptions) {
    this.#options = options
    const { url, timings, venue } = options
    this.#symbols = options.symbols
    this.decode = venue.decoder()
    this.#frameLimiter = new RateLimiter(venue.limits.framesPerSecond, 1000)
    const settings = {
      maxPayload: FRAME_BYTES_MAX,
      // Compression costs more time than it saves.
      perMessageDeflate: false,
      closeTimeout: timings.closeMsMax,
    }
    const webSocket = new WebSocket(url, settings)
    this.#webSocket = webSocket
    const handshake = this.#later(timings.handshakeMsMax, () => this.#terminate('no answer to the handshake'))
    webSocket.on('upgrade', response => this.#watchBytes(response.socket))
    webSocket.on('open', () => {
      clearTimeout(handshake)
      this.#onOpen()
    })
    webSocket.on('message', (frame: Buffer) => {
      if (!this.#detached) options.onFrame(frame, this.#arrivedMicros, this.#arrivedMs)
    })
    webSocket.on('unexpected-response', (_request, response) => void this.#refused(response))
    webSocket.on('error', error => {
      this.#ending.why ||= error.message || String((error as NodeJS.ErrnoException).code)
    })
    // Emitted once, after the last frame.
    webSocket.on('close', (code, reason) => {
      if (this.#ending.why === '') {
        this.#ending.why = `closed by the server (${`${code} ${reason}`.trim()})`
        this.#ending.denial = denialOfClose(code, String(reason), timings)
      }
      if (this.#openedAtMs !== undefined) this.#ending.openMs = performance.now() - this.#openedAtMs
      this.#clearTimers()
      this.#closed.resolve()
      if (!this.#detached) options.onEnd(this.#ending)
    })
  }

  /** The server accepted the login: subscribes. Ignored without a login, and when repeated. */
  authenticated(): void {
    if (this.#loginTimer === undefined || this.#detached) return
    clearTimeout(this.#loginTimer)
    this.#loginTimer = undefined
    this.#subscribe()
  }

  /** Closes it for this reason, which `onEnd` reports. */
  end(why: string, denial: Denial | undefined): void {
    this.#ending.why ||= why
    this.#ending.denial ??= denial
    this.#webSocket.close(1000)
  }

  /** Stops reading: the server's frames wait in the sockets' buffers. */
  pause(): void {
    this.#paused = true
    this.#webSocket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#arrivedMs = performance.now()
    this.#webSocket.resume()
  }

  /** Closes with a handshake, within `closeMsMax`. Calls no callback from now on. */
  close(): Promise<void> {
    this.#detached = true
    this.#clearTimers()
    // A paused socket would not read the server's answer.
    this.#webSocket.resume()
    if (this.#webSocket.readyState === WebSocket.CONNECTING) this.#webSocket.terminate()
    else this.#webSocket.close(1000)
    return this.#closed.promise
  }

  /** The handshake's timeout includes the body. */
  async #refused(response: IncomingMessage): Promise<void> {
    const { statusCode = 0, headers } = response
    this.#ending.why ||= `HTTP status ${statusCode}`
    const denialOf = (body: string) => denialOfStatus(statusCode, headers, body, this.#options.timings)
    this.#ending.denial = denialOf('')
    let body = ''
    try {
      for await (const chunk of response.setEncoding('utf8')) {
        body += chunk
        if (body.length >= REFUSAL_BYTES_MAX) break
      }
    } catch {
      // The part that was received decides.
    }
    this.#ending.denial = denialOf(body)
    this.#webSocket.terminate()
  }

  /** Sends frames within the venue's rate limit; returns the wait of the last one, ms. For an open socket. */
  send(frames: readonly string[]): number {
    let waitMs = 0
    for (const frame of frames) {
      waitMs = this.#frameLimiter.reserve(performance.now())
      this.#later(waitMs, () => this.#webSocket.send(this.decode.addressed?.(frame) ?? frame))
    }
    return waitMs
  }

  /** Requests these symbols, and ends the others that were requested. */
  change(symbols: readonly string[]): void {
    this.#symbols = symbols
    if (!this.#requested || this.#detached || this.#webSocket.readyState !== WebSocket.OPEN) return
    const { venue, kinds } = this.#options
    const before = this.#requested
    this.#requested = new Set(symbols)
    const ended = [...before].filter(symbol => !this.#requested!.has(symbol))
    const added = symbols.filter(symbol => !before.has(symbol))
    if (ended.length > 0) this.send(venue.unsubscribe(ended, kinds))
    if (added.length > 0) this.send(venue.resubscribe(added, kinds))
  }

  #watchBytes(socket: Socket): void {
    this.#arrived()
    // Before the WebSocket's own listener, which decodes: one read may contain several frames.
    socket.prependListener('data', () => this.#arrived())
  }

  #arrived(): void {
    this.#arrivedMicros = nowMicros()
    this.#arrivedMs = performance.now()
  }

  #onOpen(): void {
    const { venue, login, timings } = this.#options
    if (this.#paused) this.#webSocket.pause()
    this.#openedAtMs = performance.now()
    this.#lastCheckMs = this.#openedAtMs
    this.#every(timings.livenessCheckMs, () => this.#checkLiveness())
    if (venue.keepAlive) {
      const { everyMs, frame } = venue.keepAlive
      this.#every(everyMs, () => this.#webSocket.send(frame))
    }
    if (!login) {
      this.#subscribe()
      return
    }
    this.#loginTimer = this.#later(timings.handshakeMsMax, () => this.#terminate('no answer to the login'))
    this.send(login)
  }

  #subscribe(): void {
    const { venue, symbols, kinds, onConnected, onOpen } = this.#options
    onConnected()
    this.#later(this.send(venue.subscribe(symbols, kinds)), onOpen)
    this.#requested = new Set(symbols)
    // They may have changed since the address was made.
    this.change(this.#symbols)
  }

  #checkLiveness(): void {
    const { venue, timings } = this.#options
    const nowMs = performance.now()
    // If this process was suspended (or blocked for long), the data received meanwhile is still unread.
    const suspended = nowMs - this.#lastCheckMs > 2 * timings.livenessCheckMs
    this.#lastCheckMs = nowMs
    if (this.#paused || suspended) return
    const silentMs = nowMs - this.#arrivedMs
    if (silentMs >= venue.silenceMsMax) {
      this.#ending.silentMs = Math.round(silentMs)
      this.#terminate('silent')
    } else if (silentMs >= venue.silenceMsMax / 2) this.#webSocket.ping()
  }

  /** Ends without the closing handshake; `close` follows. */
  #terminate(why: string): void {
    this.#ending.why ||= why
    this.#webSocket.terminate()
  }

  #later(ms: number, action: () => void): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, timerMs(ms))
    this.#timers.add(timer)
    return timer
  }

  #every(ms: number, action: () => void): void {
    this.#timers.add(setInterval(action, ms))
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }
}
