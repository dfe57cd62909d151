/**
 * Replay at full speed from the store to a client that drops what it reads, or into a log; baseline: JSON lines of a
 * file.
 */
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { WebSocketServer } from 'ws'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { openLog } from '../../src/log/open.ts'
import { LogOutlet } from '../../src/replay/into-log.ts'
import { Ranges } from '../../src/replay/ranges.ts'
import { type Outlet, Replay } from '../../src/replay/replay.ts'
import { ReplayServer } from '../../src/replay/server.ts'
import { VENUE_SERVERS } from '../../src/replay/venue-servers.ts'
import type { Store } from '../../src/store/store.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { type Bench, measured, type Sample } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { storeAll, withParts } from '../samples/storing.ts'
import { makeTrades } from '../samples/trades.ts'

const TRADES = 1_000_000
const RECORD_TRADES = 5_000
/** Unsent bytes from which on the baseline waits, as a replay does. */
const PENDING_BYTES_MAX = 4 * 2 ** 20
const READ_BYTES = 65_536

/** Stores the trades in a new store and passes it to `work`. */
function withStored<T>(work: (store: Store, directory: string) => Promise<T>): Promise<T> {
  return withDirectory(directory =>
    withParts(directory, async parts => {
      const batches = makeTrades(TRADES, RECORD_TRADES)
      await parts.log.append(0, batches.map(tradesRecord))
      await storeAll(parts, TRADES)
      return work(parts.store, directory)
    }),
  )
}

async function replaying(store: Store, to: (range: Ranges) => Promise<Outlet>): Promise<Sample> {
  const runQuery = (query: string, format: string) => store.untrusted(query, format)
  const range = await Ranges.find(runQuery, { symbols: [] })
  const outlet = await to(range)
  const replay = new Replay({
    read: from => range.read(from),
    fromNanos: range.firstNanos,
    speed: Number.POSITIVE_INFINITY,
    outlet,
    clock: SYSTEM_CLOCK,
  })
  const sample = await measured(async () => {
    await replay.run(new AbortController().signal)
    return replay.sent
  })
  if (replay.sent !== TRADES) throw new Error(`${replay.sent} of ${TRADES} trades sent`)
  return sample
}

/** A WebSocket client that drops what it reads: it costs no more than its socket. */
function connectClient(url: string): void {
  const { hostname, port, pathname, search } = new URL(url)
  let last = Buffer.alloc(0)
  // One buffer for all reads: else this client would cause much of the garbage collection.
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const callback = (bytes: number) => {
    const chunk = Buffer.from(buffer.subarray(Math.max(0, bytes - 64), bytes))
    // A close frame ends the stream: status 1000 and its reason.
    last = bytes < 64 ? Buffer.concat([last, chunk]).subarray(-64) : chunk
    if (last.includes('the replay has ended')) socket.end()
    return true
  }
  const socket = net.connect({ port: Number(port), host: hostname, onread: { buffer, callback } })
  const key = Buffer.from('a key of 16 byte').toString('base64')
  socket.write(
    `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  socket.on('error', () => {})
}

function serving(format: string, target: (range: Ranges) => string) {
  return () =>
    withStored(async store => {
      let server: ReplayServer | undefined
      const sample = await replaying(store, async range => {
        server = new ReplayServer(VENUE_SERVERS[format]!, range.symbols)
        await server.listen(0)
        connectClient(server.url + target(range))
        return server
      })
      await server!.close()
      return sample
    })
}

function intoLog() {
  return withStored(async (store, directory) => {
    const log = await openLog(`sqlite:${path.join(directory, 'again')}`, 'write')
    const sample = await replaying(store, async () => new LogOutlet(log, false))
    await log.close()
    return sample
  })
}

/** The baseline: a file of JSON lines, each parsed for its time and sent. */
function jsonLines() {
  return withDirectory(async directory => {
    const file = path.join(directory, 'trades.jsonl')
    const lines: string[] = []
    for (const trades of makeTrades(TRADES, RECORD_TRADES)) {
      for (let row = 0; row < trades.length; row++) {
        const timestamp = String(trades.timestamp[row])
        const symbol = trades.symbols.words[trades.symbol[row]!]
        const [price, volume] = [trades.price[row], trades.volume[row]]
        const side = trades.side[row] === 1 ? 'buy' : 'sell'
        lines.push(JSON.stringify({ symbol, timestamp, price, volume, side, trade_id: String(trades.tradeId[row]) }))
      }
    }
    fs.writeFileSync(file, `${lines.join('\n')}\n`)
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    connectClient(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}/`)
    const [client] = await once(server, 'connection')
    const sample = await measured(async () => {
      let [sent, last] = [0, 0n]
      for await (const line of createInterface({ input: fs.createReadStream(file) })) {
        const at = BigInt((JSON.parse(line) as { timestamp: string }).timestamp)
        if (at < last) throw new Error('the file is out of order')
        last = at
        client.send(line)
        sent++
        if (client.bufferedAmount > PENDING_BYTES_MAX) await new Promise(resolve => client.send('', resolve))
      }
      await new Promise(resolve => client.send('', resolve))
      return sent
    })
    client.terminate()
    server.close()
    return sample
  })
}

const BASELINE = 'JSON lines'

export const replay: Bench = {
  name: 'replay',
  summary: 'stored trades sent out again at full speed, store and socket included; baseline: a file of JSON lines',
  unit: 'trades',
  rounds: 3,
  contestants: [
    { name: 'live, columns', against: BASELINE, run: serving('live', () => '/live?format=native') },
    { name: 'live, JSON', against: BASELINE, run: serving('live', () => '/live') },
    {
      name: 'as binance',
      against: BASELINE,
      run: serving('binance', ({ symbols, kinds }) => VENUE_SERVERS.binance!.target(symbols, kinds)),
    },
    { name: 'into a log', against: BASELINE, run: intoLog },
    { name: BASELINE, run: jsonLines },
  ],
  notes: ['one client in the same process, which drops what it reads'],
}
