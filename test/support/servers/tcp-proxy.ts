import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { setImmediate } from 'node:timers/promises'

/** A proxy between a client and a server that injects faults of the network. */
export class TcpProxy {
  readonly #targetPort: number
  readonly #server = createServer({ noDelay: true }, client => this.#join(client))
  readonly #sockets = new Set<Socket>()
  /** Connections accepted so far. */
  accepted = 0
  /** Hands on the server's bytes one at a time. */
  dribbles = false
  /** Accepts new connections and forwards nothing. */
  stallsNew = false
  /** Closes new connections immediately. */
  refusesNew = false
  #silent = new Set<Socket>()

  /** Listens until the test ends, however it ends. */
  static async open(t: TestContext, targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    t.after(() => proxy.#close())
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  constructor(targetPort: number) {
    this.#targetPort = targetPort
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Stops forwarding on the open connections, in both directions, without closing either end. */
  silence(): void {
    this.#silent = new Set(this.#sockets)
  }

  /** Tears down the connections that are open. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket): void {
    this.accepted++
    if (this.refusesNew) {
      client.destroy()
      return
    }
    const server = connect({ port: this.#targetPort, host: '127.0.0.1', noDelay: true })
    this.#pass(client, server, false)
    this.#pass(server, client, true)
    if (this.stallsNew) this.silence()
  }

  #pass(from: Socket, to: Socket, mayDribble: boolean): void {
    this.#sockets.add(from)
    let dribbled = Promise.resolve()
    from.on('data', data => {
      if (this.#silent.has(from)) return
      if (mayDribble && this.dribbles) dribbled = dribbled.then(() => dribble(data, to))
      else to.write(data)
    })
    from.on('error', () => {})
    from.on('close', () => {
      const forwarded = !this.#silent.has(from)
      this.#sockets.delete(from)
      if (forwarded) to.destroy()
    })
  }
}

/** Each byte waits for a turn of the event loop, so that the client reads the one before alone. */
async function dribble(data: Buffer, to: Socket): Promise<void> {
  for (const byte of data) {
    to.write(Buffer.of(byte))
    await setImmediate()
  }
}
