/** Kraken's REST side for candles, in its exact shape: the newest 720 minutes, the last one not over, under a name of the venue's own. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Owner } from '../processes/tickhouse.ts'

export interface KrakenTrade {
  id: number
  price: string
  /** With eight decimals. */
  qty: string
  micros: number
}

const MINUTE_MICROS = 60_000_000
const ROWS_MAX = 720

export class KrakenOhlc {
  readonly requests: string[] = []
  /** Errors that the next requests get instead of rows. */
  readonly errors: string[] = []
  url = ''

  /** `nowMs`: the venue's time. Listens until its owner ends. */
  static async open(
    owner: Owner,
    pairs: ReadonlyMap<string, readonly KrakenTrade[]>,
    nowMs: number,
  ): Promise<KrakenOhlc> {
    const venue = new KrakenOhlc()
    const server = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url!, 'http://localhost')
      venue.requests.push(request.url!)
      const trades = pairs.get(searchParams.get('pair')!)
      const error = venue.errors.shift() ?? (trades ? undefined : 'EQuery:Unknown asset pair')
      response.setHeader('content-type', 'application/json')
      if (pathname !== '/0/public/OHLC' || searchParams.get('interval') !== '1') response.writeHead(404).end()
      else if (error !== undefined) response.end(JSON.stringify({ error: [error] }))
      else {
        const rows = rowsOf(trades!, Number(searchParams.get('since')), nowMs)
        response.end(JSON.stringify({ error: [], result: { XXBTZUSD: rows, last: rows.at(-2)?.[0] } }))
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    owner.after(() => void server.close().closeAllConnections())
    venue.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    return venue
  }
}

function rowsOf(trades: readonly KrakenTrade[], since: number, nowMs: number): unknown[][] {
  const minutes = Map.groupBy(trades, ({ micros }) => Math.floor(micros / MINUTE_MICROS))
  const last = Math.floor(nowMs / 60_000)
  const rows: unknown[][] = []
  for (let minute = last - ROWS_MAX + 1; minute <= last; minute++) {
    const own = minutes.get(minute) ?? []
    const prices = own.map(({ price }) => price).toSorted((a, b) => Number(a) - Number(b))
    const [low = '0', high = '0'] = [prices[0], prices.at(-1)]
    const units = String(own.reduce((sum, { qty }) => sum + BigInt(qty.replace('.', '')), 0n)).padStart(9, '0')
    const volume = `${units.slice(0, -8)}.${units.slice(-8)}`
    if (minute * 60 > since)
      rows.push([minute * 60, own[0]?.price ?? '0', high, low, own.at(-1)?.price ?? '0', '0.0', volume, own.length])
  }
  return rows
}
