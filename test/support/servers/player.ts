/**
 * Plays recorded Binance sessions over a real local WebSocket server, as Binance's combined stream: what a client of
 * that afternoon received, byte for byte, at the recorded pace or faster. Files are gzip, one frame a line: `<receive
 * time, ns> <raw JSON frame>`.
 */
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import type { WebSocket } from 'ws'
import { type ExchangeHandler, ExchangeServer } from '../../../src/simulator/exchange-server.ts'
import type { RestAnswer } from '../../../src/simulator/rest.ts'
import { PING_EVERY_MS, Subscriber, type SubscriberEvents } from '../../../src/simulator/subscriber.ts'
import type { StreamForm } from '../../../src/venues/binance/trade-frame.ts'
import { FrameBuffer } from '../../../src/venues/websocket-frames.ts'

/** Frames of one turn: far below the bound at which a client that does not read is cut. */
const TURN_BYTES_MAX = 256 * 1024

export interface PlayerOptions {
  /** Paths; several are merged by receive time. */
  files: readonly string[]
  /** 1 is the recorded pace, Infinity as fast as the clients read. */
  speed: number
  /** `subscribed` (default): a client gets the streams it subscribed to. `all`: every client gets every stream. */
  filter?: 'subscribed' | 'all'
  /** Playing starts when clients have subscribed to all of these; by default every trade stream of the files. */
  startWhen?: readonly string[]
  /** Changes the text of each frame before it is played. */
  edit?: (frame: string) => string
  /** Number of clients that must have subscribed to each; default: 1. */
  clients?: number
}

export interface Player {
  readonly wsUrl: string
  /** All frames were sent and have left this process. Connections stay open, and pinged, until `close`. */
  readonly done: Promise<void>
  /** Frames of each stream that at least one client got so far. */
  readonly sent: Readonly<Record<string, number>>
  close(): Promise<void>
}

interface Frame {
  micros: number
  stream: string
  payload: Buffer
}

interface Client {
  socket: Socket
  out: FrameBuffer
}

/** Reads the files and listens on a free port. */
export async function startPlayer(options: PlayerOptions): Promise<Player> {
  const read = await Promise.all(options.files.map(file => readFrames(file, options.edit)))
  const frames = read.flat().sort((a, b) => a.micros - b.micros)
  const player = new SessionPlayer(frames, options)
  await player.listen()
  return player
}

class SessionPlayer implements Player, ExchangeHandler, SubscriberEvents {
  wsUrl = ''
  readonly done: Promise<void>
  readonly sent: Record<string, number> = {}
  readonly #frames: readonly Frame[]
  readonly #options: PlayerOptions
  readonly #awaited: ReadonlySet<string>
  readonly #clients = new Map<Subscriber, Client>()
  readonly #door = new ExchangeServer(this)
  readonly #started = Promise.withResolvers<void>()
  #pings: NodeJS.Timeout | undefined
  #closed = false

  constructor(frames: readonly Frame[], options: PlayerOptions) {
    this.#frames = frames
    this.#options = options
    const streams = frames.map(frame => frame.stream).filter(stream => stream.endsWith('@trade'))
    this.#awaited = new Set(options.startWhen ?? streams)
    this.done = this.#started.promise.then(() => this.#play())
  }

  async listen(): Promise<void> {
    this.wsUrl = `ws://${await this.#door.listen('127.0.0.1', 0)}`
    this.#pings = setInterval(() => {
      for (const subscriber of this.#clients.keys()) subscriber.ping()
    }, PING_EVERY_MS)
  }

  async close(): Promise<void> {
    this.#closed = true
    clearInterval(this.#pings)
    const closed = this.#door.close()
    for (const subscriber of this.#clients.keys()) subscriber.terminate()
    await closed
  }

  connected(ws: WebSocket, socket: Socket, form: StreamForm, streams: readonly string[]): void {
    const subscriber = new Subscriber(ws, socket, form, streams, this)
    this.#clients.set(subscriber, { socket, out: new FrameBuffer() })
    this.changed()
  }

  changed(): void {
    const { clients = 1 } = this.#options
    const subscribers = [...this.#clients.keys()]
    const askedBy = (stream: string) => subscribers.filter(({ streams }) => streams.has(stream)).length
    if ([...this.#awaited].every(stream => askedBy(stream) >= clients)) this.#started.resolve()
  }

  left(subscriber: Subscriber): void {
    this.#clients.delete(subscriber)
  }

  cut(): void {
    // The player waits for slow clients, and a client that breaks the venue's limits shows up as closed.
  }

  answer(): RestAnswer {
    return { status: 404, body: { code: -1000, msg: 'A recorded session has no REST.' } }
  }

  controlled(): object {
    return {}
  }

  async #play(): Promise<void> {
    const { speed } = this.#options
    const startedMs = performance.now()
    const firstMicros = this.#frames[0]?.micros ?? 0
    let next = 0
    while (next < this.#frames.length && !this.#closed) {
      const elapsedMicros = (performance.now() - startedMs) * 1000
      // Infinity times the zero of a first turn would be no number.
      const playedMicros = speed === Infinity ? Infinity : elapsedMicros * speed
      next = this.#write(next, firstMicros + playedMicros)
      for (const [subscriber, { out }] of this.#clients) {
        const frames = out.take()
        if (frames.length > 0) subscriber.send(frames)
      }
      await Promise.all([...this.#clients.values()].map(({ socket }) => written(socket)))
      const waitMs = ((this.#frames[next]?.micros ?? 0) - firstMicros - playedMicros) / 1000 / speed
      if (speed !== Infinity && waitMs > 1) await setTimeout(waitMs)
      else await setImmediate()
    }
  }

  /** Writes frames from `next` on that are due, up to one turn's bytes; returns the first that is left. */
  #write(next: number, dueMicros: number): number {
    let bytes = 0
    let index = next
    for (; index < this.#frames.length && bytes < TURN_BYTES_MAX; index++) {
      const { micros, stream, payload } = this.#frames[index]!
      if (micros > dueMicros) break
      let heard = false
      for (const [subscriber, { out }] of this.#clients) {
        if (this.#options.filter !== 'all' && !subscriber.streams.has(stream)) continue
        out.text(payload)
        heard = true
      }
      if (!heard) continue
      bytes += payload.length
      this.sent[stream] = (this.sent[stream] ?? 0) + 1
    }
    return index
  }
}

/** Resolves when all that was written has left this process, or the connection is gone. */
async function written(socket: Socket): Promise<void> {
  if (socket.writableLength > 0) await new Promise<void>(resolve => socket.write('', () => resolve()))
}

const STREAM = /^\{"stream":"([^"]+)"/

/** The stream frames of a file; a REST answer that its recorder wrote beside them is no frame and is left out. */
async function readFrames(path: string, edit = (frame: string) => frame): Promise<Frame[]> {
  const lines = gunzipSync(await readFile(path))
    .toString()
    .split('\n')
  const frames: Frame[] = []
  for (const line of lines) {
    const space = line.indexOf(' ')
    const text = edit(line.slice(space + 1))
    const stream = STREAM.exec(text)?.[1]
    if (stream) frames.push({ micros: Number(line.slice(0, space)) / 1000, stream, payload: Buffer.from(text) })
  }
  return frames
}
