/** Which gaps are requested: real HTTP to a server in Binance's shape. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS, type Timings } from '../../../src/sources/connection/timings.ts'
import { Repairs } from '../../../src/sources/repair/repairs.ts'
import { RestHosts } from '../../../src/sources/rest/hosts.ts'
import type { OpenGap } from '../../../src/tick/repairs/open-gaps.ts'
import type { Repair } from '../../../src/tick/repairs/repairs.ts'
import type { TradeDraft } from '../../../src/tick/trades.ts'
import { VENUES } from '../../../src/venues/index.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { within } from '../../support/judges/within.ts'
import { BinanceRest, type BinanceTrade } from '../../support/servers/binance-rest.ts'

const FIRST = 4_100_000_001
/** Of November 2023, a second each. */
const MICROS = 1_700_000_000_000_000
const TRADES: BinanceTrade[] = Array.from({ length: 50 }, (_, at) => ({
  ...{ id: FIRST + at, price: '60000.01', qty: '0.5', micros: MICROS + at * 1_000_000, isBuyerMaker: false },
}))
const TIMINGS_HERE: Timings = {
  ...TIMINGS,
  ...{
    repairListMs: 20,
    repairIdleMs: 5,
    repairRetryMs: 5,
    repairRetryMsMax: 20,
    repairSettleMs: 50,
    symbolListApartMs: 0,
  },
  ...{ regionRefusedMs: 50, addressRefusedMs: 50, repairDeniedMs: 200 },
}

const gapOf = (at: number): OpenGap => ({
  ...{ venue: 'binance', symbol: 'BTCUSDT', run: 0, missing: [[FIRST + at, FIRST + at + 4]], foundAtMicros: MICROS },
  ...{ afterMicros: MICROS + (at - 1) * 1_000_000, beforeMicros: MICROS + (at + 5) * 1_000_000 },
})

/** Requests what `gaps` lists, which may change. */
async function started(t: TestContext) {
  const rest = await BinanceRest.open(t, new Map([['BTCUSDT', TRADES]]))
  const ids: number[] = []
  const repairs: Repair[] = []
  const state = { rest, ids, repairs, gaps: [] as OpenGap[] }
  const events = new EventLog()
  const venue = VENUES.find(({ name }) => name === 'binance')!
  const running = new Repairs({
    hosts: new RestHosts({ timings: TIMINGS_HERE }),
    receiver: {
      paused: false,
      trade: (draft: TradeDraft) => void ids.push(Number(draft.tradeId)),
      repair: one => void repairs.push(one),
    },
    listed: () => [{ gaps: state.gaps, open: state.gaps.length, missing: 5 * state.gaps.length }],
    subscriptions: () => [{ venue, symbols: ['BTCUSDT'], kinds: ['trades'], ws: 'ws://127.0.0.1:1', rest: rest.url }],
    ownership: () => () => true,
    reachMs: 24 * 3_600_000,
    emit: events.emit,
    timings: TIMINGS_HERE,
  })
  t.after(() => running.close())
  return Object.assign(state, { events, running })
}

/** The venue has received every request that was sent. */
const allAnswered = ({ rest, running }: Awaited<ReturnType<typeof started>>) =>
  running.status().every(({ requests }) => requests === rest.requests.length)

const range = (first: number) => [0, 1, 2, 3, 4].map(at => first + at)

test('a gap beyond the reach is reported, and requested only where a person had it requested again, for as long as the reach', async t => {
  const state = await started(t)
  const [old, again, longAgo] = [gapOf(5), gapOf(15), gapOf(25)]
  const hours = (number: number) => Date.now() * 1000 - number * 3_600e6
  state.gaps = [old, { ...again, requestedMicros: hours(1) }, { ...longAgo, requestedMicros: hours(25) }]
  await within(120_000, async () => (state.ids.length >= 5 ? undefined : `${state.ids.length} trades`))
  await new Promise(resolve => setTimeout(resolve, 200))
  assert.deepEqual([...new Set(state.ids)].sort(), range(FIRST + 15))
  // What is not requested is stated, once while it stays as much.
  assert.deepEqual(
    state.running.status().map(({ venue, beyondReach }) => ({ venue, beyondReach })),
    [{ venue: 'binance', beyondReach: 10 }],
  )
  assert.deepEqual(state.events.named('trades_beyond_reach'), [{ venue: 'binance', count: 10, hours: 24 }])
})

test('what a venue refused by region is requested again once ingest lists it again, and comes if the venue serves it then', async t => {
  const state = await started(t)
  state.rest.denies = { status: 451, body: '{"msg":"Service unavailable from a restricted location"}' }
  const gap = { ...gapOf(5), requestedMicros: Date.now() * 1000 }
  state.gaps = [gap]
  await within(120_000, async () => (state.repairs.length > 0 ? undefined : 'not unrepairable'))
  assert.match(state.repairs[0]!.reason, /^HTTP 451/)
  // As ingest does once the row about it is stored.
  state.gaps = []
  // Several lists later, what was requested before is answered too.
  await new Promise(resolve => setTimeout(resolve, 300))
  await within(120_000, async () => (allAnswered(state) ? undefined : 'a request is under way'))
  state.rest.denies = undefined
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.deepEqual(state.ids, [])
  state.gaps = [{ ...gap, requestedMicros: Date.now() * 1000 }]
  await within(120_000, async () => (state.ids.length >= 5 ? undefined : `${state.ids.length} trades`))
  assert.deepEqual([...new Set(state.ids)].sort(), range(FIRST + 5))
})
