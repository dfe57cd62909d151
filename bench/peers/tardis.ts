/**
 * The usual decoding on Node: JSON.parse, then the mapper of tardis-dev, which makes one object per tick. It is fetched
 * from the registry when the bench first runs. Two of its mappers are for an earlier protocol of the venue; for those
 * `OWN_MAPPERS` has the same for today's.
 */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fetched, fetching } from '../../test/support/data/fetched.ts'

const PACKAGE = 'tardis-dev@13.35.3'

/** Venues under tardis-dev's names, where they are not ours. */
const ITS_NAMES: Readonly<Record<string, string>> = { okx: 'okex', bybit: 'bybit-spot', bybitlinear: 'bybit' }

export interface Mapper {
  canHandle(message: unknown): boolean
  map(message: unknown, localTimestamp: Date): Iterable<object>
}

interface Tardis {
  normalizeTrades(exchange: string, localTimestamp: Date): Mapper
  normalizeBookTickers(exchange: string, localTimestamp: Date): Mapper
}

/** The mapper of a venue's trades or quotes. */
export async function tardisMapper(venue: string, kind: 'trades' | 'quotes'): Promise<Mapper> {
  const own = OWN_MAPPERS[kind][venue]
  if (own) return own
  const directory = await fetched(PACKAGE.replace('@', '-'), async directory => {
    await fetching('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', directory, PACKAGE])
  })
  const tardis: Tardis = createRequire(join(directory, 'node_modules/'))('tardis-dev')
  const name = ITS_NAMES[venue] ?? venue
  return kind === 'trades' ? tardis.normalizeTrades(name, new Date()) : tardis.normalizeBookTickers(name, new Date())
}

/** Is the mapper one of `OWN_MAPPERS`? */
export const isOwnMapper = (venue: string, kind: 'trades' | 'quotes'): boolean => OWN_MAPPERS[kind][venue] !== undefined

interface KrakenTrade {
  symbol: string
  side: string
  price: number
  qty: number
  trade_id: number
  timestamp: string
}

interface KrakenTicker {
  symbol: string
  bid: number
  bid_qty: number
  ask: number
  ask_qty: number
  timestamp: string
}

interface GeminiTrade {
  E: number
  s: string
  t: number
  p: string
  q: string
  m: boolean
}

const OWN_MAPPERS: Readonly<Record<'trades' | 'quotes', Readonly<Record<string, Mapper>>>> = {
  trades: {
    kraken: {
      canHandle: message => (message as { channel?: string }).channel === 'trade',
      *map(message, localTimestamp) {
        for (const { symbol, side, price, qty, trade_id, timestamp } of (message as { data: KrakenTrade[] }).data)
          yield {
            type: 'trade',
            symbol,
            exchange: 'kraken',
            id: String(trade_id),
            price,
            amount: qty,
            side,
            timestamp: microsOf(timestamp),
            localTimestamp,
          }
      },
    },
    gemini: {
      canHandle: message => (message as { m?: boolean }).m !== undefined,
      *map(message, localTimestamp) {
        const { E, s, t, p, q, m } = message as GeminiTrade
        yield {
          type: 'trade',
          symbol: s,
          exchange: 'gemini',
          id: String(t),
          price: Number(p),
          amount: Number(q),
          side: m ? 'sell' : 'buy',
          timestamp: new Date(E / 1e6),
          localTimestamp,
        }
      },
    },
  },
  quotes: {
    kraken: {
      canHandle: message => (message as { channel?: string }).channel === 'ticker',
      *map(message, localTimestamp) {
        for (const { symbol, bid, bid_qty, ask, ask_qty, timestamp } of (message as { data: KrakenTicker[] }).data)
          yield {
            type: 'book_ticker',
            symbol,
            exchange: 'kraken',
            askAmount: ask_qty,
            askPrice: ask,
            bidPrice: bid,
            bidAmount: bid_qty,
            timestamp: microsOf(timestamp),
            localTimestamp,
          }
      },
    },
  },
}

/** Ms since 1970 UTC, and the digits below a millisecond, which a `Date` drops. */
function microsOf(text = ''): Date & { μs?: number } {
  const date: Date & { μs?: number } = new Date(text)
  date.μs = Number(text.slice(23, 26))
  return date
}
