/**
 * One connected client: its streams, its requests and its unread bytes. `ws` handles handshake, pings and close; trades
 * are written to the socket below it (see `venues/websocket-frames.ts`).
 */
import type { Socket } from 'node:net'
import type { RawData, WebSocket } from 'ws'
import { StreamRequests } from '../venues/binance/stream-requests.ts'
import type { StreamForm } from '../venues/binance/trade-frame.ts'

/** A client with more unread bytes is disconnected, so that memory is bounded. */
export const PENDING_BYTES_MAX = 16 * 1024 * 1024
/** Binance's limits: messages a client may send in a second, ping and pong. */
const MESSAGES_PER_SECOND_MAX = 5
export const PING_EVERY_MS = 20_000
const PONG_WITHIN_MS = 60_000

/** Why the exchange ended a connection. */
export type CutReason = 'slow' | 'chatty' | 'unresponsive'

export interface SubscriberEvents {
  /** The streams or the frames' form changed. */
  changed(subscriber: Subscriber): void
  left(subscriber: Subscriber): void
  /** The error text, if the next subscribe request is to be refused. */
  refusal?(): string | undefined
  cut(reason: CutReason): void
}

export class Subscriber {
  readonly #requests: StreamRequests
  readonly #ws: WebSocket
  readonly #socket: Socket
  readonly #events: SubscriberEvents
  readonly #timers = new Set<NodeJS.Timeout>()
  /** Active `goSilent` calls. */
  #silences = 0
  #lastPongMs = performance.now()
  #secondStartedMs = 0
  #messagesInSecond = 0

  /** `socket` is the one that `ws` was upgraded on. */
  constructor(ws: WebSocket, socket: Socket, form: StreamForm, streams: readonly string[], events: SubscriberEvents) {
    this.#ws = ws
    this.#socket = socket
    this.#events = events
    this.#requests = new StreamRequests(
      form,
      streams,
      () => events.changed(this),
      () => events.refusal?.(),
    )
    ws.on('message', data => this.#onMessage(data))
    ws.on('ping', () => this.#countMessage())
    ws.on('pong', () => {
      this.#lastPongMs = performance.now()
      this.#countMessage()
    })
    // A reset by the client surfaces here and is followed by 'close', where it counts.
    ws.on('error', () => ws.terminate())
    ws.on('close', () => {
      for (const timer of this.#timers) clearTimeout(timer)
      events.left(this)
    })
  }

  /**
   * Subscribed stream names, for example `btcusdt@trade`; unknown names are accepted and stay silent, as at Binance.
   */
  get streams(): ReadonlySet<string> {
    return this.#requests.streams
  }

  get form(): StreamForm {
    return this.#requests.form
  }

  /** Sends whole frames. False if the client gets none of them: it is closing, half-open, or was just cut as slow. */
  send(frames: Buffer): boolean {
    if (this.#silences > 0 || this.#ws.readyState !== this.#ws.OPEN) return false
    if (this.#socket.writableLength + frames.length > PENDING_BYTES_MAX) {
      this.#cut('slow')
      return false
    }
    this.#socket.write(frames)
    return true
  }

  /** Sends one event that no stream carries. */
  notify(stream: string, event: object): void {
    this.#reply(this.form.combined ? { stream, data: event } : event)
  }

  /** Sends a ping, and ends the connection if the last pong is too old. */
  ping(): void {
    if (this.#silences > 0 || this.#ws.readyState !== this.#ws.OPEN) return
    if (performance.now() - this.#lastPongMs > PONG_WITHIN_MS) this.#cut('unresponsive')
    else this.#ws.ping(String(Date.now()))
  }

  /** Delays all output by this long. */
  delay(ms: number): void {
    this.#socket.cork()
    this.#after(ms, () => this.#socket.uncork())
  }

  /** Goes half-open for this long: neither sends nor reads, so pings and closes stay unanswered too. */
  goSilent(ms: number): void {
    this.#silences++
    this.#ws.pause()
    this.#after(ms, () => {
      if (--this.#silences === 0) this.#ws.resume()
    })
  }

  /** Ends a stream without the client's request. */
  end(stream: string): void {
    this.#requests.end(stream)
  }

  /** Ends the connection without a close frame. */
  terminate(): void {
    this.#ws.terminate()
  }

  #cut(reason: CutReason): void {
    if (this.#ws.readyState !== this.#ws.OPEN) return
    this.#events.cut(reason)
    this.#ws.terminate()
  }

  #after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  #onMessage(data: RawData): void {
    if (!this.#countMessage()) return
    this.#reply(this.#requests.answer(data.toString()))
  }

  #reply(body: object): void {
    if (this.#silences === 0 && this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(body))
  }

  /** Counts pings, pongs and requests alike, as Binance does; false over the limit. */
  #countMessage(): boolean {
    const nowMs = performance.now()
    if (nowMs - this.#secondStartedMs >= 1_000) {
      this.#secondStartedMs = nowMs
      this.#messagesInSecond = 0
    }
    if (++this.#messagesInSecond <= MESSAGES_PER_SECOND_MAX) return true
    this.#cut('chatty')
    return false
  }
}
