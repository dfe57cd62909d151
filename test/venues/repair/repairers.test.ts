/**
 * How each venue supplies missing trades, against a server that answers as its document states. The server's pages are
 * small, so that they end within one time; each trade must come back with its values, whatever is missing.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SymbolRepair } from '../../../src/sources/repair/symbol-repair.ts'
import { joined } from '../../../src/tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../../src/tick/repairs/open-gaps.ts'
import { SIDE } from '../../../src/tick/trades.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { binanceCoinm, binanceUsdm } from '../../../src/venues/binance-futures/decode.ts'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import { deribit } from '../../../src/venues/deribit/decode.ts'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import { okx } from '../../../src/venues/okx/decode.ts'
import type { RepairReading, RestTrade } from '../../../src/venues/repair/repairer.ts'
import type { Venue } from '../../../src/venues/venue.ts'

/** A trade of a market; `nanos` since 1970 UTC. */
interface Sold {
  id: number
  price: string
  volume: string
  isSell: boolean
  nanos: bigint
}

/** A venue's server: the body for a path. `page`: the most rows of an answer. */
interface Server {
  venue: Venue
  symbol: string
  /** ns of the venue's unit of time. */
  unit: bigint
  answer(url: URL, trades: readonly Sold[], page: number): unknown
}

const MS = 1_000_000n
const between = (trades: readonly Sold[], first: number, last: number) =>
  trades.filter(({ id }) => id >= first && id <= last)
/** The newest trades below an id, the newest first. */
const below = (trades: readonly Sold[], id: number, page: number) =>
  trades
    .filter(one => one.id < id)
    .slice(-page)
    .reverse()
const from = (trades: readonly Sold[], id: number, page: number) => trades.filter(one => one.id >= id).slice(0, page)
const number = (url: URL, name: string) => Number(url.searchParams.get(name))
const text = (nanos: bigint) =>
  `${new Date(Number(nanos / MS)).toISOString().slice(0, 20)}${String((nanos / 1_000n) % 1_000_000n).padStart(6, '0')}Z`

const futures = (venue: Venue, symbol: string): Server => ({
  ...{ venue, symbol, unit: MS },
  answer: (url, trades, page) =>
    from(trades, number(url, 'fromId'), page).map(({ id, price, volume, isSell, nanos }) => ({
      ...{ a: id, p: price, q: volume, f: 3 * id, l: 3 * id + 2, T: Number(nanos / MS), m: isSell },
    })),
})

const SERVERS: Server[] = [
  {
    ...{ venue: binance, symbol: 'BTCUSDT', unit: 1_000n },
    answer: (url, trades, page) =>
      from(trades, number(url, 'fromId'), page).map(({ id, price, volume, isSell, nanos }) => ({
        ...{ id, price, qty: volume, quoteQty: '1', time: Number(nanos / 1_000n), isBuyerMaker: isSell },
        isBestMatch: true,
      })),
  },
  futures(binanceUsdm, 'BTCUSDT'),
  futures(binanceCoinm, 'ETHUSD_PERP'),
  {
    ...{ venue: coinbase, symbol: 'BTC-USD', unit: 1_000n },
    answer: (url, trades, page) =>
      below(trades, number(url, 'after'), page).map(({ id, price, volume, isSell, nanos }) => ({
        // The maker's side.
        ...{ trade_id: id, side: isSell ? 'buy' : 'sell', size: volume, price, time: text(nanos) },
      })),
  },
  {
    ...{ venue: kraken, symbol: 'BTC/USD', unit: 100n },
    answer: (url, trades, page) => {
      assert.equal(url.searchParams.get('pair'), 'XBTUSD')
      const since = BigInt(url.searchParams.get('since')!)
      const rows = trades.filter(({ nanos }) => nanos > since).slice(0, page)
      const time = (nanos: bigint) =>
        `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n)
          .padStart(9, '0')
          .slice(0, 7)}`
      const row = ({ id, price, volume, isSell, nanos }: Sold) =>
        `["${price}","${volume}",${time(nanos)},"${isSell ? 's' : 'b'}","l","",${id}]`
      const last = rows.at(-1)?.nanos ?? since
      return { raw: `{"error":[],"result":{"XXBTZUSD":[${rows.map(row).join(',')}],"last":"${last}"}}` }
    },
  },
  {
    ...{ venue: okx, symbol: 'BTC-USDT', unit: MS },
    answer: (url, trades, page) => ({
      ...{ code: '0', msg: '' },
      data: below(trades, number(url, 'after'), page).map(({ id, price, volume, isSell, nanos }) => ({
        ...{ instId: 'BTC-USDT', side: isSell ? 'sell' : 'buy', sz: volume, px: price, tradeId: String(id) },
        ts: String(nanos / MS),
      })),
    }),
  },
  {
    ...{ venue: deribit, symbol: 'BTC-PERPETUAL', unit: MS },
    answer: (url, trades, page) => {
      const rows = between(trades, number(url, 'start_seq'), number(url, 'end_seq'))
      const trade = ({ id, price, volume, isSell, nanos }: Sold) => ({
        ...{ trade_seq: id, trade_id: `x${id}`, timestamp: Number(nanos / MS), price: Number(price) },
        ...{ amount: Number(volume), direction: isSell ? 'sell' : 'buy', instrument_name: 'BTC-PERPETUAL' },
      })
      return { jsonrpc: '2.0', result: { trades: rows.slice(0, page).map(trade), has_more: rows.length > page } }
    },
  },
]

const answerOf = (body: unknown, status = 200) => {
  const raw = (body as { raw?: string }).raw ?? JSON.stringify(body)
  return { status, headers: {}, body: raw }
}

/** Trades of which up to seven share a time, and dozens a millisecond. */
const markets = fc
  .array(
    fc.record({
      step: fc.constantFrom(100n, 100n, 100n, 200n, 1_000n, 1_000n, MS, 3_000n * MS),
      count: fc.integer({ min: 1, max: 7 }),
      sell: fc.boolean(),
    }),
    { minLength: 3, maxLength: 20 },
  )
  .map(groups => {
    let nanos = 1_700_000_000_000_000_000n
    const trades: Sold[] = []
    for (const { step, count, sell } of groups) {
      nanos += step
      for (let index = 0; index < count; index++) {
        const at = trades.length
        const sizes = { price: `${60_000 + at}.5`, volume: `0.00${1 + (at % 9)}` }
        trades.push({ id: 5_000 + at, ...sizes, isSell: sell, nanos })
      }
    }
    return trades
  })

for (const server of SERVERS) {
  const { venue, symbol, unit } = server
  test(`${venue.name}: whatever is missing comes back with its values, from pages of any length`, () => {
    const repairer = venue.repair!
    fc.assert(
      fc.property(markets, fc.infiniteStream(fc.boolean()), fc.integer({ min: 10, max: 20 }), (trades, coins, page) => {
        const missing = trades.slice(1, -1).filter(() => coins.next().value)
        const repair = new SymbolRepair({ settleMs: 1e9, absentMs: 0 })
        const micros = (id: number) => Number(trades[id - 5_000]!.nanos / 1_000n)
        repair.update(
          joined(missing.map(({ id }) => ({ first: id, last: id }))).map(
            ({ first, last }): OpenGap => ({
              ...{ venue: venue.name, symbol, run: 0, missing: [[first, last]], foundAtMicros: 0 },
              ...{ afterMicros: micros(first - 1), beforeMicros: micros(last + 1) },
            }),
          ),
        )
        const found: RestTrade[] = []
        for (let requests = 0; ; requests++) {
          assert.ok(requests < 100, 'it comes to an end')
          const next = repair.next(symbol, repairer.pageIds, 0)
          if (!next) break
          let cursor: string | undefined
          do {
            const request = repairer.plan(next, 'https://venue.example', cursor)
            assert.ok(typeof request === 'object', String(request))
            const body = server.answer(new URL(request.path, 'https://venue.example'), trades, page)
            const reading: RepairReading = repairer.read(answerOf(body), request, next)
            assert.equal(reading.kind, 'page', JSON.stringify(reading))
            if (reading.kind !== 'page') return
            found.push(...repair.take(reading.trades, 0))
            cursor = reading.next === cursor ? undefined : reading.next
          } while (cursor !== undefined)
        }
        found.sort((a, b) => a.id - b.id)
        assert.deepEqual(
          found.map(({ id, price, volume, side, micros, nanos }) => ({
            id,
            price,
            volume,
            side,
            at: BigInt(micros) * 1_000n + BigInt(nanos),
          })),
          missing.map(({ id, price, volume, isSell, nanos }) => ({
            ...{ id, price: Number(price), volume: Number(volume), side: isSell ? SIDE.sell : SIDE.buy },
            at: (nanos / unit) * unit,
          })),
        )
        if (venue.ids === 'aggregate')
          for (const { id, firstId, lastId } of found) assert.deepEqual([firstId, lastId], [3 * id, 3 * id + 2])
      }),
      { numRuns: 100 },
    )
  })

  test(`${venue.name}: an answer of any JSON, or of none, is read without an exception, and never as an empty page`, () => {
    const repairer = venue.repair!
    const missing = { symbol, first: 5_000, last: 5_010, afterMicros: 1.7e15, beforeMicros: 1.7e15 }
    const request = repairer.plan(missing, 'https://venue.example')
    assert.ok(typeof request === 'object')
    const bodies = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom('', '<html></html>', 'null', '{}', '[{}]', '[[]]', '[1]', '{"error":[],"result":{}}'),
    )
    fc.assert(
      fc.property(bodies, fc.constantFrom(200, 400, 404), (body, status) => {
        const reading = repairer.read({ status, headers: {}, body }, request, missing)
        if (reading.kind === 'page') assert.deepEqual([...reading.trades], [], 'an empty list is one')
        else assert.equal(typeof reading.reason, 'string')
        assert.equal(reading.kind === 'page' && !/\[\s*\]/.test(body), false)
      }),
      { numRuns: 300 },
    )
  })
}

const MISSING = { symbol: 'X', first: 5, last: 8, afterMicros: 1.7e15, beforeMicros: 1.7e15 }
const read = (venue: Venue, body: unknown, status = 200) => {
  const request = venue.repair!.plan(MISSING, 'https://venue.example')
  assert.ok(typeof request === 'object')
  return venue.repair!.read(answerOf(body, status), request, MISSING)
}

test('refusals in the words of each venue: what is wrong with the request is final, what is wrong with the moment is not', () => {
  const cases: [Venue, unknown, number, RepairReading['kind'], RegExp][] = [
    [binance, { code: -1121, msg: 'Invalid symbol.' }, 400, 'cannot', /Invalid symbol/],
    [binance, { code: -1003, msg: 'Too many requests.' }, 400, 'wait', /Too many/],
    [binance, { code: -1008, msg: 'Server is currently overloaded.' }, 400, 'wait', /overloaded/],
    [binanceUsdm, { code: -1121, msg: 'Invalid symbol.' }, 400, 'cannot', /Invalid symbol/],
    [coinbase, { message: 'NotFound' }, 404, 'cannot', /NotFound/],
    [kraken, { error: ['EQuery:Unknown asset pair'] }, 200, 'cannot', /Unknown asset pair/],
    [kraken, { error: ['EAPI:Rate limit exceeded'] }, 200, 'wait', /Rate limit/],
    [kraken, { error: ['EService:Busy'] }, 200, 'wait', /Busy/],
    [okx, { code: '51001', msg: "Instrument ID doesn't exist" }, 200, 'cannot', /exist/],
    [okx, { code: '50011', msg: 'Rate limit reached' }, 200, 'wait', /Rate limit/],
    [deribit, { error: { code: 13_020, message: 'not_found' } }, 400, 'cannot', /not_found/],
    [deribit, { error: { code: 10_028, message: 'too_many_requests' } }, 400, 'wait', /too_many/],
  ]
  for (const [venue, body, status, kind, reason] of cases) {
    const reading = read(venue, body, status)
    assert.equal(reading.kind, kind, `${venue.name} ${JSON.stringify(body)}`)
    assert.match(reading.kind === 'page' ? '' : reading.reason, reason)
  }
})

test('a row of OKX that stands for several trades is an aggregate of their ids', () => {
  const row = { instId: 'X', side: 'buy', sz: '3', px: '2.5', tradeId: '8', ts: '1700000000000', count: '3' }
  const reading = read(okx, { code: '0', msg: '', data: [row] })
  assert.ok(reading.kind === 'page')
  assert.deepEqual(reading.trades, [])
  assert.deepEqual(
    reading.aggregates!.map(({ first, last, volume }) => [first, last, volume]),
    [[6, 8, 3]],
  )
})

test('trades that were not requested are no answer: the newest ones, or those of another id space', () => {
  const row = { trade_id: 900, side: 'buy', size: '1', price: '2', time: '2026-01-02T03:04:05.678901Z' }
  assert.equal(read(coinbase, [row]).kind, 'wait')
  const aggregate = { a: 4, p: '1', q: '1', f: 1, l: 2, T: 1_700_000_000_000, m: true }
  assert.equal(read(binanceUsdm, [aggregate]).kind, 'wait')
})
