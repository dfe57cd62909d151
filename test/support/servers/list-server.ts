import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A venue's REST side on a free local port: a test decides what it answers. */
export class ListServer {
  readonly requested: { url: string; userAgent: string; atMs: number }[] = []
  readonly url: string

  static async open(
    t: TestContext,
    answer: (response: ServerResponse, request: IncomingMessage) => void,
  ): Promise<ListServer> {
    const requested: ListServer['requested'] = []
    const server = createServer((request, response) => {
      requested.push({ url: request.url!, userAgent: request.headers['user-agent'] ?? '', atMs: performance.now() })
      answer(response, request)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    return new ListServer(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, requested)
  }

  constructor(url: string, requested: ListServer['requested']) {
    this.url = url
    this.requested = requested
  }
}
