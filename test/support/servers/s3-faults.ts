/** A proxy between the archiver and an S3 server that injects a fault into one kind of request while `plan` is set. */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * `error`: 500 and nothing done. `lost`: done, but the connection ends without an answer. `cut`: the answer's body ends
 * half-way. `flipped`: a bit of the answer's body is another.
 */
export type S3Fault = 'error' | 'lost' | 'cut' | 'flipped'

export class S3FaultProxy {
  /** What becomes of requests of that method; undefined lets all pass. */
  plan: { method: 'GET' | 'PUT'; fault: S3Fault } | undefined
  /** Requests broken so far. */
  broken = 0
  readonly #server: http.Server
  readonly #upstream: string

  constructor(upstream: string) {
    this.#upstream = upstream
    this.#server = http.createServer((request, response) => {
      this.#pass(request, response).catch(() => response.destroy())
    })
  }

  async listen(): Promise<string> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #pass(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray())
    // Listings pass: only requests of objects are broken.
    const fault =
      this.plan?.method === request.method && !request.url!.includes('list-type') ? this.plan?.fault : undefined
    if (fault) this.broken += 1
    if (fault === 'error') {
      response.writeHead(500).end('<Error><Code>InternalError</Code></Error>')
      return
    }
    const { status, headers, answer } = await this.#ask(request, body)
    if (fault === 'lost') {
      response.destroy()
      return
    }
    response.writeHead(status, headers)
    if (fault === 'cut') {
      response.write(answer.subarray(0, answer.length >> 1), () => response.destroy())
      return
    }
    if (fault === 'flipped' && answer.length > 0) answer[answer.length >> 1]! ^= 1
    response.end(answer)
  }

  async #ask({ method, url, headers }: http.IncomingMessage, body: Buffer) {
    // The signature covers the host: it is passed on as it came.
    const forwarded = http.request(this.#upstream + url, { method, headers })
    forwarded.end(body)
    const [got] = (await once(forwarded, 'response')) as [http.IncomingMessage]
    return { status: got.statusCode!, headers: got.headers, answer: Buffer.concat(await got.toArray()) }
  }
}
