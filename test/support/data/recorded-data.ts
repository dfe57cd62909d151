import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const ROOT = new URL('../../../../shared/data/', import.meta.url)

/** For a test's `skip`: false where the recorded data is there, else why not. */
export const skipWithoutData = existsSync(ROOT) ? false : 'the recorded market data is not beside this checkout'

/** Every frame of a recorded Binance spot session: our receive time is left out. */
export function binanceSession(symbol: 'btcusdt' | 'ethusdt'): Buffer[] {
  return lines(`binance-spot/${symbol}_20240808.gz`).map(line => Buffer.from(line.slice(line.indexOf(' ') + 1)))
}

/** The frames of a recorded Binance spot session with their receive times, ns since 1970 UTC; without the REST snapshot. */
export const binanceLines = (symbol: 'btcusdt' | 'ethusdt'): ReceivedFrame[] =>
  receivedFrames(`binance-spot/${symbol}_20240808.gz`)

export interface ReceivedFrame {
  receivedAtNanos: bigint
  frame: Buffer
}

/** The same of any session in this form. */
export function receivedFrames(file: string): ReceivedFrame[] {
  return lines(file)
    .filter(line => line.includes('{"stream":'))
    .map(line => {
      const space = line.indexOf(' ')
      return { receivedAtNanos: BigInt(line.slice(0, space)), frame: Buffer.from(line.slice(space + 1)) }
    })
}

/** The REST depth snapshot of a session. */
export function binanceSnapshot(symbol: 'btcusdt' | 'ethusdt'): { receivedAtNanos: bigint; answer: unknown } {
  const line = lines(`binance-spot/${symbol}_20240808.gz`).find(each => each.includes('"lastUpdateId"'))!
  const space = line.indexOf(' ')
  return { receivedAtNanos: BigInt(line.slice(0, space)), answer: JSON.parse(line.slice(space + 1)) }
}

export interface SessionTruth {
  lines: number
  channels: Record<string, number>
  trade_oracle: Record<'first_id' | 'last_id' | 'count' | 'buys(taker)' | 'sells' | 'first_T' | 'last_T', number> &
    Record<'sum_qty' | 'sum_notional' | 'high' | 'low', string>
  depth_oracle: Record<'proofs_held' | 'proofs_failed', number> & {
    of_these_beyond_snapshot_reach: { held: number; failed: number }
  }
  quote_oracle: Record<
    | 'count'
    | 'first_u'
    | 'last_u'
    | 'u_not_rising'
    | 'locked_or_crossed'
    | 'size_only_changes'
    | 'price_changes'
    | 'exact_repeats',
    number
  > &
    Record<
      | 'sum_bid'
      | 'sum_bid_size'
      | 'sum_ask'
      | 'sum_ask_size'
      | 'sum_bid_notional'
      | 'sum_ask_notional'
      | 'min_spread'
      | 'max_spread',
      string
    > &
    Record<'first' | 'last', [bid: string, bidSize: string, ask: string, askSize: string]>
}

export function binanceTruth(symbol: 'btcusdt' | 'ethusdt'): SessionTruth {
  return sessionTruth('binance-spot', `${symbol}_20240808.gz`)
}

/** What another program counted in the file of a session. */
export function sessionTruth(folder: 'binance-spot' | 'binance-futures', file: string): SessionTruth {
  return JSON.parse(read(`${folder}/TRUTH.json`))[file]
}

/** Every frame that a recorded session received, of all its connections, or of those whose number begins so. */
export function captureFrames(feed: string, folder = 'captures', connection = ''): string[] {
  return readdirSync(new URL(`${folder}/`, ROOT))
    .filter(name => name.startsWith(`${feed}.ws.${connection}`))
    .flatMap(name => lines(`${folder}/${name}`))
    .filter(line => /^[\d.]+: /.test(line))
    .map(line => line.slice(line.indexOf(': ') + 2))
}

/** The answers of a recorded session to REST requests whose address matches, in order. */
export function recordedAnswers(path: string, address = /./): unknown[] {
  return lines(path)
    .map(line => /^(https:\S+) -> [\d.]+: (.+)$/.exec(line))
    .filter(answer => answer !== null && address.test(answer[1]!))
    .map(answer => JSON.parse(answer![2]!))
}

/** Single frames of a channel of a feed that were received from the venue: another project's test inputs. */
export function singleFrames(feed: string, channel: string): string[] {
  return lines(`frames/${feed}.jsonl`)
    .map(line => JSON.parse(line))
    .filter(frame => frame.origin === 'captured' && frame.channel === channel)
    .map(frame => frame.raw)
}

export interface CapturedTrade {
  symbol: string
  /** As the venue's frames spell it, in the newer sessions. */
  venue_symbol?: string
  side: 'buy' | 'sell'
  amount: string
  price: string
  id: string
  timestamp: number
}

/** The other project's own reading of the same session. */
export function capturedTrades(feed: string, folder = 'captures'): CapturedTrade[] {
  return lines(`${folder}/${feed}.trades.jsonl.gz`).map(line => JSON.parse(line))
}

export interface CapturedTicker {
  symbol: string
  venue_symbol: string
  bid: string
  ask: string
  timestamp: number
}

/** Its reading of the best bid and ask, which has no sizes. */
export function capturedTickers(feed: string, folder = 'captures'): CapturedTicker[] {
  return lines(`${folder}/${feed}.ticker.jsonl.gz`).map(line => JSON.parse(line))
}

export interface Pair {
  exchange: string
  test: string
  raw: unknown
  normalized: {
    type: string
    symbol: string
    id: string
    price: number
    amount: number
    side: string
    timestamp: string
    /** Of type `book_ticker`. */
    bidPrice?: number
    bidAmount?: number
    askPrice?: number
    askAmount?: number
  }[]
}

/** Single messages with what another project makes of them. */
export function mappingPairs(): Pair[] {
  return lines('mappings/pairs.jsonl').map(line => JSON.parse(line))
}

function lines(path: string): string[] {
  return read(path).trim().split('\n')
}

function read(path: string): string {
  const bytes = readFileSync(new URL(path, ROOT))
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}
