import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import { nowMicros, timerMs } from '../../clock.ts'
import type { Venue } from '../../venues/venue.ts'
import { type Denial, denialOfClose, denialOfStatus } from './denial.ts'
import { RateLimiter } from './rate-limiter.ts'
import type { Timings } from './timings.ts'

/** The longest frame taken; a longer one ends the connection. */
const FRAME_BYTES_MAX = 16 * 1024 * 1024
/** Of the body of a refusal so much is read. */
const REFUSAL_BYTES_MAX = 4096

/** How a socket ended that we did not close. */
export interface Ending {
  why: string
  /** How long it was open, ms; undefined if it never was. */
  openMs?: number
  /** Set if it ended because nothing at all came for this long, ms. */
  silentMs?: number
  /** Set if the server wants to be left alone for some time. */
  denial?: Denial | undefined
}

export interface SocketOptions {
  venue: Venue
  url: string
  symbols: readonly string[]
  timings: Timings
  /** Open; the frames of the subscription are sent from now on. */
  onConnected(): void
  /** Open, and every frame of the subscription is on its way. */
  onOpen(): void
  /**
   * `receivedAtMicros` is our clock when the frame's last bytes were read, before any other frame was decoded; `arrivedMs` the
   * same moment by `performance.now`.
   */
  onFrame(frame: Buffer, receivedAtMicros: number, arrivedMs: number): void
  /** Called once, unless `close` was called before. */
  onEnd(ending: Ending): void
}

/**
 * One WebSocket, from connect to its end; it never comes back by itself (see `connection.ts`). Any byte is a sign of life.
 * Half of the venue's longest silence without one, and it asks with a ping; all of it, and it gives up: such a socket is
 * destroyed, since a closed one would wait for an answer that does not come.
 */
export class FeedSocket {
  readonly #options: SocketOptions
  readonly #webSocket: WebSocket
  readonly #closed = Promise.withResolvers<void>()
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #ending: Ending = { why: '' }
  readonly #pace: RateLimiter
  /** Symbols that the venue confirmed on this socket. */
  readonly confirmed = new Set<string>()
  #silenced = false
  #paused = false
  #arrivedMicros = 0
  /** When the last byte came, by `performance.now`. */
  #arrivedMs = 0
  #openedAtMs: number | undefined
  #lastCheckMs = 0

  /** Starts to connect. Throws SyntaxError if the address is none. */
  constructor(options: SocketOptions) {
    this.#options = options
    const { url, timings, venue } = options
    this.#pace = new RateLimiter(venue.limits.framesPerSecond, 1000)
    const settings = {
      maxPayload: FRAME_BYTES_MAX,
      // Compression would cost more time than the bytes it saves.
      perMessageDeflate: false,
      closeTimeout: timings.closeMsMax,
    }
    const webSocket = new WebSocket(url, settings)
    this.#webSocket = webSocket
    const handshake = this.#later(timings.handshakeMsMax, () => this.#giveUp('no answer to the handshake'))
    webSocket.on('upgrade', response => this.#watchBytes(response.socket))
    webSocket.on('open', () => {
      clearTimeout(handshake)
      this.#onOpen()
    })
    webSocket.on('message', (frame: Buffer) => {
      if (!this.#silenced) options.onFrame(frame, this.#arrivedMicros, this.#arrivedMs)
    })
    webSocket.on('unexpected-response', (_request, response) => void this.#refused(response))
    webSocket.on('error', error => {
      this.#ending.why ||= error.message || String((error as NodeJS.ErrnoException).code)
    })
    // Comes once, whatever happened, and after the last frame that had been read.
    webSocket.on('close', (code, reason) => {
      if (this.#ending.why === '') {
        this.#ending.why = `closed by the server (${`${code} ${reason}`.trim()})`
        this.#ending.denial = denialOfClose(code, String(reason), timings)
      }
      if (this.#openedAtMs !== undefined) this.#ending.openMs = performance.now() - this.#openedAtMs
      this.#clearTimers()
      this.#closed.resolve()
      if (!this.#silenced) options.onEnd(this.#ending)
    })
  }

  /** Stops reading, so that the server's frames wait in the sockets' buffers. */
  pause(): void {
    this.#paused = true
    this.#webSocket.pause()
  }

  resume(): void {
    this.#paused = false
    this.#arrivedMs = performance.now()
    this.#webSocket.resume()
  }

  /** Closes politely, within `closeMsMax`. No callback is called any more. */
  close(): Promise<void> {
    this.#silenced = true
    this.#clearTimers()
    // A paused socket would not see the server's answer.
    this.#webSocket.resume()
    if (this.#webSocket.readyState === WebSocket.CONNECTING) this.#webSocket.terminate()
    else this.#webSocket.close(1000)
    return this.#closed.promise
  }

  /** The handshake's limit of time holds for the body too. */
  async #refused(response: IncomingMessage): Promise<void> {
    const { statusCode = 0, headers } = response
    this.#ending.why ||= `HTTP status ${statusCode}`
    const judge = (body: string) => denialOfStatus(statusCode, headers, body, this.#options.timings)
    this.#ending.denial = judge('')
    let body = ''
    try {
      for await (const piece of response.setEncoding('utf8')) {
        body += piece
        if (body.length >= REFUSAL_BYTES_MAX) break
      }
    } catch {
      // What came of it must do.
    }
    this.#ending.denial = judge(body)
    this.#webSocket.terminate()
  }

  /** Sends frames at the venue's pace; returns how long the last of them waits, ms. For an open socket. */
  send(frames: readonly string[]): number {
    let waitMs = 0
    for (const frame of frames) {
      waitMs = this.#pace.reserve(performance.now())
      this.#later(waitMs, () => this.#webSocket.send(frame))
    }
    return waitMs
  }

  #watchBytes(socket: Socket): void {
    this.#arrived()
    // Before the WebSocket's own listener, which decodes: several frames may come in one piece.
    socket.prependListener('data', () => this.#arrived())
  }

  #arrived(): void {
    this.#arrivedMicros = nowMicros()
    this.#arrivedMs = performance.now()
  }

  #onOpen(): void {
    const { venue, symbols, timings, onConnected, onOpen } = this.#options
    if (this.#paused) this.#webSocket.pause()
    this.#openedAtMs = performance.now()
    this.#lastCheckMs = this.#openedAtMs
    this.#every(timings.silenceCheckMs, () => this.#checkSilence())
    if (venue.keepAlive) {
      const { everyMs, frame } = venue.keepAlive
      this.#every(everyMs, () => this.#webSocket.send(frame))
    }
    onConnected()
    this.#later(this.send(venue.subscribe(symbols)), onOpen)
  }

  #checkSilence(): void {
    const { venue, timings } = this.#options
    const nowMs = performance.now()
    // If we ourselves were stopped (a suspended machine, a long piece of work), what came meanwhile is still to be read.
    const asleep = nowMs - this.#lastCheckMs > 2 * timings.silenceCheckMs
    this.#lastCheckMs = nowMs
    if (this.#paused || asleep) return
    const silentMs = nowMs - this.#arrivedMs
    if (silentMs >= venue.silenceMsMax) {
      this.#ending.silentMs = Math.round(silentMs)
      this.#giveUp('silent')
    } else if (silentMs >= venue.silenceMsMax / 2) this.#webSocket.ping()
  }

  /** Ends at once, without the closing handshake; `close` follows. */
  #giveUp(why: string): void {
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
