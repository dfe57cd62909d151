/** Missing trades requested over real HTTP from a server in Binance's shape, with each of its faults. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { VenueRepair } from '../../../src/sources/repair/venue-repair.ts'
import { RestHosts } from '../../../src/sources/rest/hosts.ts'
import { joined, without } from '../../../src/tick/repairs/id-ranges.ts'
import type { OpenGap } from '../../../src/tick/repairs/open-gaps.ts'
import type { Repair } from '../../../src/tick/repairs/repairs.ts'
import { ORIGIN, SIDE, type Trade, type TradeDraft } from '../../../src/tick/trades.ts'
import { binanceRepair } from '../../../src/venues/binance/repair.ts'
import type { Repairer } from '../../../src/venues/repair/repairer.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { BinanceRest, type BinanceTrade, type Fault } from '../../support/servers/binance-rest.ts'

const TIMEOUT = { timeout: 300_000 }
const SHORT: Timings = {
  ...TIMINGS,
  ...{ repairMsMax: 2_000, repairRetryMs: 5, repairRetryMsMax: 20, repairAbsentMs: 5, repairSettleMs: 60_000 },
  ...{ regionRefusedMs: 10, addressRefusedMs: 10, rateLimitedMs: 1_000, bannedMs: 1_000 },
}
const FIRST = 4_100_000_001
/** Trades by the hundred in one millisecond, several orders of one price among them. */
function marketOf(trades: number, first = FIRST): BinanceTrade[] {
  let micros = 1_700_000_000_000_000
  let seed = 7
  const random = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return seed / 2 ** 32
  }
  let [price, isBuyerMaker] = ['60000.01', false]
  return Array.from({ length: trades }, (_, at) => {
    if (at % 107 === 0) micros += 1_000 + Math.floor(random() * 50_000)
    else if (random() < 0.2) micros += 1
    if (random() < 0.4) price = (60_000 + Math.floor(random() * 1e4) / 100).toFixed(2)
    if (random() < 0.3) isBuyerMaker = !isBuyerMaker
    return { id: first + at, price, qty: (0.00001 + Math.floor(random() * 1e5) / 1e8).toFixed(8), micros, isBuyerMaker }
  })
}

const MARKET = marketOf(3_000)

/** The gaps that ingest lists when these ids are missing, each with the times beside it. */
function gapsOf(market: readonly BinanceTrade[], missing: ReadonlySet<number>, symbol = 'BTCUSDT'): OpenGap[] {
  const ranges = joined([...missing].map(id => ({ first: id, last: id })))
  const timeOf = (id: number) => market[id - market[0]!.id]?.micros ?? null
  return ranges.map(({ first, last }) => ({
    ...{ venue: 'binance', symbol, run: 0, missing: [[first, last]] as const, foundAtMicros: 1 },
    ...{ afterMicros: timeOf(first - 1), beforeMicros: timeOf(last + 1) },
  }))
}

/** Repairs until nothing is missing; what came, as ingest would have it. */
async function repaired(
  t: TestContext,
  rest: string,
  missing: ReadonlySet<number>,
  { market = MARKET, repairer = binanceRepair as Repairer, timings = SHORT } = {},
) {
  const trades = new Map<number, Trade>()
  const repeats: number[] = []
  const repairs: Repair[] = []
  const events = new EventLog()
  const venue = new VenueRepair({
    ...{ venue: 'binance', repairer: { ...repairer, limits: { apartMs: 0 } }, rest, timings, emit: events.emit },
    hosts: new RestHosts({ timings: { ...timings, symbolListApartMs: 0 } }),
    receiver: {
      paused: false,
      trade: (draft: TradeDraft) => {
        const id = Number(draft.tradeId)
        if (trades.has(id)) repeats.push(id)
        trades.set(id, { ...draft })
      },
      repair: one => void repairs.push(one),
    },
  })
  venue.update(Map.groupBy(gapsOf(market, missing), ({ symbol }) => symbol))
  const signal = AbortSignal.any([t.signal, AbortSignal.timeout(250_000)])
  while (venue.missing() > 0)
    if (!(await venue.step(signal)))
      await new Promise(resolve => setTimeout(resolve, Math.max(1, Math.min(100, venue.waitMs()))))
  return { trades, repeats, repairs, events, counts: venue.counts }
}

const random = (share: number, seed: number): Set<number> => {
  let state = seed
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  // Ids beside the gaps are known: the first and the last trade are there.
  return new Set(
    MARKET.slice(1, -1)
      .filter(() => next() < share)
      .map(({ id }) => id),
  )
}

/** Every missing trade came once, as the market had it. */
function assertWhole(missing: ReadonlySet<number>, found: Awaited<ReturnType<typeof repaired>>, unit = 1): void {
  assert.deepEqual(found.repeats, [])
  assert.deepEqual(
    [...found.trades.keys()].sort((a, b) => a - b),
    [...missing].sort((a, b) => a - b),
  )
  for (const [id, trade] of found.trades) {
    const { price, qty, micros, isBuyerMaker } = MARKET[id - FIRST]!
    const { timestampMicros, timestampNanos, side, origin, symbol, venue } = trade
    assert.deepEqual(
      { price: trade.price, volume: trade.volume, timestampMicros, timestampNanos, side, origin, symbol, venue },
      {
        ...{ price: Number(price), volume: Number(qty), timestampMicros: Math.floor(micros / unit) * unit },
        ...{ timestampNanos: 0, side: isBuyerMaker ? SIDE.sell : SIDE.buy, origin: ORIGIN.repair },
        ...{ symbol: 'BTCUSDT', venue: 'binance' },
      },
    )
  }
}

const FAULTS: Fault[] = [
  ...(['milliseconds', 'cut pages', 'short pages', 'holed pages', 'repeated pages', 'aggregate ids'] as const),
  ...(['html', 'reset', 'cut body', 'unavailable', 'rate limit'] as const),
]

for (const share of [0.01, 0.1, 0.5, 1])
  test(`${share * 100} % of the trades: each comes once, with its values, in few requests`, TIMEOUT, async t => {
    const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]))
    const missing = random(share, 1)
    const found = await repaired(t, rest.url, missing)
    assertWhole(missing, found)
    assert.deepEqual(found.repairs, [])
    assert.ok(rest.requests.length <= 5, `${rest.requests.length} requests for 3,000 ids`)
  })

for (const fault of FAULTS)
  test(`fault "${fault}": every trade comes once all the same`, TIMEOUT, async t => {
    const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]), [fault])
    const missing = random(0.1, 2)
    const found = await repaired(t, rest.url, missing)
    assertWhole(missing, found, fault === 'milliseconds' ? 1_000 : 1)
    assert.deepEqual(found.repairs, [])
    assert.equal(rest.bans, 0)
    if (fault !== 'milliseconds' && fault !== 'cut pages') assert.ok(rest.requests.length > 3, 'the fault was met')
  })

test('history that begins above what was requested: the rest is named, with the answer', TIMEOUT, async t => {
  const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]), ['begins above'])
  rest.beginsAt = FIRST + 1_500
  const missing = random(0.5, 3)
  const { trades, repairs } = await repaired(t, rest.url, missing)
  const isThere = (id: number) => id >= rest.beginsAt
  assert.deepEqual(
    [...trades.keys()].sort((a, b) => a - b),
    [...missing].filter(isThere).sort((a, b) => a - b),
  )
  const named = joined(repairs)
  assert.deepEqual(named, joined([...missing].filter(id => !isThere(id)).map(id => ({ first: id, last: id }))))
  for (const { outcome, httpStatus, bodySha256, reason } of repairs) {
    assert.deepEqual([outcome, httpStatus], ['unrepairable', 200])
    assert.match(bodySha256, /^[0-9a-f]{64}$/)
    assert.match(reason, new RegExp(`begins at id ${rest.beginsAt}`))
  }
})

test('short pages that begin above what was requested: only the ids that they cover are named', TIMEOUT, async t => {
  const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]), ['begins above', 'cut pages'])
  rest.beginsAt = FIRST + 100
  const missing = new Set([FIRST + 50, FIRST + 150, FIRST + 151, FIRST + 300])
  // The first page has seven ids, none of them missing.
  const { trades, repairs } = await repaired(t, rest.url, missing)
  assert.deepEqual(
    [...trades.keys()].sort((a, b) => a - b),
    [FIRST + 150, FIRST + 151, FIRST + 300],
  )
  assert.deepEqual(joined(repairs), [{ first: FIRST + 50, last: FIRST + 50 }])
})

test('an unknown symbol is named immediately, in the words of the venue', TIMEOUT, async t => {
  const rest = await BinanceRest.open(t, new Map())
  const { repairs } = await repaired(t, rest.url, new Set([FIRST + 5, FIRST + 6]))
  assert.deepEqual(
    repairs.map(({ first, last, httpStatus, reason }) => ({ first, last, httpStatus, reason })),
    [{ first: FIRST + 5, last: FIRST + 6, httpStatus: 400, reason: 'HTTP 400: Invalid symbol. (code -1121)' }],
  )
})

test(
  'the address without historical trades: single trades of aggregates come, of the others only the sum',
  TIMEOUT,
  async t => {
    const market = marketOf(6_000)
    const rest = await BinanceRest.open(t, new Map([['BTCUSDT', market]]))
    const asDataOnly: Repairer = {
      ...binanceRepair,
      plan: (missing, _rest, cursor) => binanceRepair.plan(missing, 'https://data-api.binance.vision', cursor),
    }
    const missing = new Set(market.slice(1_000, 2_500).map(({ id }) => id))
    const { trades, repairs } = await repaired(t, rest.url, missing, { market, repairer: asDataOnly })
    const byId = new Map(market.map(trade => [trade.id, trade]))
    for (const [id, { price, volume }] of trades)
      assert.deepEqual([price, volume], [Number(byId.get(id)!.price), Number(byId.get(id)!.qty)])
    const sums = repairs.flatMap(({ first, last }) => [{ first, last }])
    const rest1 = without(joined([...missing].map(id => ({ first: id, last: id }))), joined(sums))
    assert.deepEqual(rest1, joined([...trades.keys()].map(id => ({ first: id, last: id }))))
    assert.ok(trades.size > 300 && repairs.length > 100)
    for (const { first, last, aggregate, reason } of repairs) {
      const own = market.filter(({ id }) => id >= first && id <= last)
      assert.equal(reason, 'venue gives only the sum')
      assert.equal(aggregate!.volume.toFixed(8), own.reduce((sum, { qty }) => sum + Number(qty), 0).toFixed(8))
      assert.equal(aggregate!.side, own[0]!.isBuyerMaker ? 'sell' : 'buy')
    }
  },
)

test('a venue that has another trade of that id by now: it is not taken', TIMEOUT, async t => {
  const later = MARKET.map(trade => ({ ...trade, micros: trade.micros + 86_400_000_000 }))
  const rest = await BinanceRest.open(t, new Map([['BTCUSDT', later]]))
  const { trades, repairs } = await repaired(t, rest.url, new Set([FIRST + 50, FIRST + 51]))
  assert.equal(trades.size, 0)
  assert.deepEqual(
    repairs.map(({ first, last }) => [first, last]),
    [[FIRST + 50, FIRST + 51]],
  )
})

const DENIALS = [
  [
    403,
    '<html><head><title>403 Forbidden</title></head><body>Request <b>blocked</b></body></html>',
    /^HTTP 403: 403 Forbidden Request blocked$/,
  ],
  [
    451,
    '{"code":0,"msg":"Service unavailable from a restricted location"}',
    /^HTTP 451: Service unavailable from a restricted location$/,
  ],
  [451, '', /^HTTP 451$/],
] as const
for (const [status, body, words] of DENIALS)
  test(
    `refused by region with ${status} and ${body.length} bytes: it ends in the venue's words, after few requests`,
    TIMEOUT,
    async t => {
      const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]))
      rest.denies = { status, body }
      const missing = random(0.1, 9)
      const timings = { ...SHORT, regionRefusedMs: 200, addressRefusedMs: 200, repairDeniedMs: 900 }
      const { trades, repairs, counts } = await repaired(t, rest.url, missing, { timings })
      assert.equal(trades.size, 0)
      assert.deepEqual(joined(repairs), joined([...missing].map(id => ({ first: id, last: id }))))
      for (const { outcome, httpStatus, reason } of repairs) {
        assert.deepEqual([outcome, httpStatus], ['unrepairable', status])
        assert.match(reason, words)
      }
      assert.equal(counts.requests, rest.requests.length)
      assert.ok(rest.requests.length <= 6, `${rest.requests.length} requests`)
      for (const [at, { atMs }] of rest.requests.entries())
        if (at > 0)
          assert.ok(atMs - rest.requests[at - 1]!.atMs >= 190, 'the host is left alone as long as it was told')
    },
  )

test('a region that is served again before the time is over: every trade comes', TIMEOUT, async t => {
  const rest = await BinanceRest.open(t, new Map([['BTCUSDT', MARKET]]))
  rest.denies = { status: 451, body: '' }
  setTimeout(() => {
    rest.denies = undefined
  }, 300)
  const missing = random(0.1, 9)
  const found = await repaired(t, rest.url, missing, {
    timings: { ...SHORT, regionRefusedMs: 100, repairDeniedMs: 5_000 },
  })
  assertWhole(missing, found)
  assert.deepEqual(found.repairs, [])
})
