/**
 * Missing trades of Binance spot: https://github.com/binance/binance-spot-api-docs, rest-api.md and
 * faqs/market_data_only.md. `historicalTrades` pages by trade id; the address with market data only lacks it, and has the
 * newest thousand `trades` and `aggTrades`, which state several trades of one taker as one.
 */
import { decimalFromText } from '../decimal.ts'
import { isObject } from '../json-text.ts'
import { readId } from '../read-trade.ts'
import type {
  Aggregate,
  MissingIds,
  Repairer,
  RepairReading,
  RepairRequest,
  RestAnswer,
  RestTrade,
} from '../repair/repairer.ts'
import { jsonOf } from '../repair/rest-rows.ts'
import { takerSide, toMicros } from './fields.ts'

const MARKET_DATA_ONLY = 'data-api.binance.vision'
const FULL = 'https://api.binance.com'
const OWN = `https://${MARKET_DATA_ONLY}`

const PAGE_IDS = 1_000
/** Times of the feed are in µs: so are those of its missing trades. */
const MICROS = { 'X-MBX-TIME-UNIT': 'MICROSECOND' }
const WEIGHT = { trades: 25, aggregates: 4 }
const AGGREGATES = '/api/v3/aggTrades'

/** Codes of errors.md: the server is overloaded; the request timed out. */
const BUSY = new Set([-1000, -1001, -1006, -1007, -1008, -1016])
const TOO_MANY_REQUESTS = -1003
const NO_SUCH_SYMBOL = -1121

/** Cursors of the address without `historicalTrades`: aggregates from a time on, then from an aggregate's id on. */
const FROM_TIME = 'time '
const FROM_AGGREGATE = 'aggregate '

export const binanceRepair: Repairer = {
  limits: { apartMs: 50, weight: { perMinute: 6_000, usedHeader: 'x-mbx-used-weight-1m' } },
  pageIds: PAGE_IDS,
  addresses: rest => (rest === OWN ? [FULL, OWN] : [rest]),
  plan,
  read,
}

function plan(missing: MissingIds, rest: string, cursor?: string): RepairRequest | string {
  const { symbol, first, afterMicros } = missing
  const query = (path: string, parameters: string, weight: number): RepairRequest => ({
    path: `${path}?symbol=${encodeURIComponent(symbol)}&${parameters}limit=${PAGE_IDS}`,
    headers: MICROS,
    weight,
  })
  if (new URL(rest).hostname !== MARKET_DATA_ONLY)
    return query('/api/v3/historicalTrades', `fromId=${first}&`, WEIGHT.trades)
  if (cursor?.startsWith(FROM_AGGREGATE))
    return query(AGGREGATES, `fromId=${cursor.slice(FROM_AGGREGATE.length)}&`, WEIGHT.aggregates)
  if (cursor === undefined) return query('/api/v3/trades', '', WEIGHT.trades)
  if (afterMicros === null) return 'the time of the trade before is not known'
  return query(AGGREGATES, `startTime=${Math.floor(afterMicros / 1000)}&`, WEIGHT.aggregates)
}

function read(answer: RestAnswer, request: RepairRequest, missing: MissingIds): RepairReading {
  const body = jsonOf(answer)
  if (body === undefined) return { kind: 'elsewhere', reason: `HTTP ${answer.status}, and no JSON` }
  if (answer.status !== 200 || !Array.isArray(body)) return readError(answer.status, body)
  return request.path.startsWith(AGGREGATES) ? readAggregates(body, missing) : readTrades(body, request, missing)
}

function readTrades(rows: readonly unknown[], request: RepairRequest, { first }: MissingIds): RepairReading {
  const trades = rows.flatMap(row => readTrade(row) ?? [])
  if (trades.length < rows.length) return { kind: 'wait', reason: 'a trade that does not match the document' }
  if (request.path.includes('fromId=')) return { kind: 'page', trades }
  // The newest trades: what came before is in aggregates only.
  const isReached = trades.some(({ id }) => id <= first)
  return { kind: 'page', trades, ...(!isReached && { next: FROM_TIME }) }
}

function readTrade(row: unknown): RestTrade | undefined {
  if (!isObject(row)) return undefined
  return tradeOf(row.id, row.price, row.qty, row.isBuyerMaker, row.time)
}

function tradeOf(id: unknown, price: unknown, volume: unknown, isBuyerMaker: unknown, time: unknown) {
  const read = {
    id: readId(id),
    price: decimalFromText(price),
    volume: decimalFromText(volume),
    side: takerSide(isBuyerMaker),
    micros: toMicros(Number(readId(time) ?? -1)),
    nanos: 0,
  }
  const isWhole = typeof read.id === 'number' && read.side !== undefined && read.micros >= 0
  return isWhole && read.price > 0 && read.volume > 0 ? (read as RestTrade) : undefined
}

/** An aggregate of one trade is that trade; of several, only their sum is stated. */
function readAggregates(rows: readonly unknown[], { last }: MissingIds): RepairReading {
  const trades: RestTrade[] = []
  const aggregates: Aggregate[] = []
  let newest = -1
  let newestTrade = -1
  for (const row of rows) {
    if (!isObject(row)) return { kind: 'wait', reason: 'an aggregate that does not match the document' }
    const [id, end] = [readId(row.a), readId(row.l)]
    const trade = tradeOf(row.f, row.p, row.q, row.m, row.T)
    if (!trade || typeof id !== 'number' || typeof end !== 'number' || end < trade.id)
      return { kind: 'wait', reason: 'an aggregate that does not match the document' }
    newest = Math.max(newest, id)
    newestTrade = Math.max(newestTrade, end)
    if (end === trade.id) trades.push(trade)
    else aggregates.push({ ...trade, first: trade.id, last: end })
  }
  const goesOn = newest >= 0 && newestTrade < last
  return { kind: 'page', trades, aggregates, ...(goesOn && { next: `${FROM_AGGREGATE}${newest + 1}` }) }
}

function readError(status: number, body: unknown): RepairReading {
  const { code, msg } = isObject(body) ? body : {}
  const reason = `HTTP ${status}: ${typeof msg === 'string' ? msg : 'no message'} (code ${String(code)})`
  if (typeof code !== 'number') return { kind: 'elsewhere', reason }
  if (code === TOO_MANY_REQUESTS || BUSY.has(code)) return { kind: 'wait', reason }
  return code === NO_SUCH_SYMBOL ? { kind: 'cannot', reason } : { kind: 'elsewhere', reason }
}
