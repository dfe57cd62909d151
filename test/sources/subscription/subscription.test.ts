import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DOWN_STATES } from '../../../src/sources/connection/status.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import type { RefusalKind } from '../../../src/sources/subscription/refusal-kind.ts'
import { type Remedy, Subscription } from '../../../src/sources/subscription/subscription.ts'

const rules = (acknowledges: boolean) => ({ kind: 'trades', acknowledges, timings: TIMINGS, random: () => 0.5 })

function opened(acknowledges = true): Subscription {
  const subscription = new Subscription('A-USD', rules(acknowledges))
  subscription.opened(0, false)
  return subscription
}

/** Looks once a second; the remedies with their seconds. */
function dueIn(subscription: Subscription, fromS: number, toS: number, receiving = true): [number, Remedy][] {
  const due: [number, Remedy][] = []
  for (let second = fromS; second <= toS; second++) {
    const remedy = subscription.check(second * 1000, receiving)
    if (remedy) due.push([second, remedy])
  }
  return due
}

/** A trade every `everyMs` until then; the id after the last. */
function trades(subscription: Subscription, everyMs: number, fromMs: number, toMs: number, id = 1): number {
  let next = id
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += everyMs) subscription.ticked(next++, nowMs)
  return next
}

test('requested, acknowledged, live: a subscription without a fault', () => {
  const subscription = opened()
  assert.equal(subscription.state, 'requested')
  subscription.acknowledged(100)
  assert.equal(subscription.state, 'acknowledged')
  subscription.ticked(1, 200)
  assert.equal(subscription.state, 'live')
  assert.deepEqual(dueIn(subscription, 1, 3600), [])
})

test('without an answer it is down, and requested again, then on another connection, then with growing waits', () => {
  const subscription = opened()
  const due = dueIn(subscription, 1, 2000)
  assert.deepEqual(due.slice(0, 2), [
    [10, 'resubscribe'],
    [20, 'replace'],
  ])
  assert.ok(
    due.slice(2).every(([, remedy]) => remedy === 'resubscribe'),
    'one connection is enough',
  )
  const waits = due.slice(3).map(([second], index) => second - due[index + 2]![0])
  assert.deepEqual(
    waits,
    [...waits].sort((a, b) => a - b),
    'waits grow',
  )
  assert.ok(Math.max(...waits) <= 370)
  assert.equal(subscription.state, 'unanswered')
  subscription.acknowledged(2_001_000)
  assert.equal(subscription.state, 'acknowledged')
})

test('at a venue that confirms nothing, a missing answer is not a fault; no trade for minutes while others trade is one', () => {
  const subscription = opened(false)
  assert.deepEqual(dueIn(subscription, 1, 599), [])
  assert.deepEqual(dueIn(subscription, 600, 620), [[600, 'resubscribe']])
  assert.equal(subscription.state, 'unanswered')
  assert.deepEqual(dueIn(opened(false), 1, 3600, false), [], 'while nothing comes at all, it is the connection')
})

const WAITS: Record<RefusalKind, [first: number, longest: number]> = {
  temporary: [5, 360],
  rate: [15, 360],
  unlisted: [3600, 4320],
}
for (const [kind, [first, longest]] of Object.entries(WAITS) as [RefusalKind, [number, number]][]) {
  test(`refused (${kind}): requested again after ${first} s, then with growing waits, and down until confirmed`, () => {
    const subscription = opened()
    let nowMs = 1000
    let before = 0
    for (let times = 0; times < 12; times++) {
      subscription.refused(kind, 'no', nowMs)
      assert.equal(subscription.state, 'refused')
      const waitMs = subscription.retryAtMs! - nowMs
      assert.ok(waitMs >= first * 1000 && waitMs <= longest * 1000 && waitMs >= before, `${waitMs}`)
      before = waitMs
      assert.equal(subscription.check(subscription.retryAtMs! - 1, true), undefined)
      nowMs = subscription.retryAtMs!
      assert.equal(subscription.check(nowMs, true), 'resubscribe')
      assert.equal(subscription.state, 'refused', 'down during the request')
    }
    subscription.acknowledged(nowMs + 10)
    assert.equal(subscription.state, 'acknowledged')
  })
}

test('ended by the venue: down despite trades in flight, and requested again after a minute or more', () => {
  const subscription = opened()
  subscription.ticked(1, 1000)
  subscription.ended(2000)
  subscription.ticked(2, 2500)
  assert.equal(subscription.state, 'ended')
  assert.deepEqual(dueIn(subscription, 2, 70), [[68, 'resubscribe']])
  subscription.acknowledged(68_100)
  assert.equal(subscription.state, 'acknowledged')
})

test('a symbol that is silent for far longer than usual is requested again, then on another connection, then with growing waits', () => {
  const subscription = opened()
  subscription.acknowledged(1)
  const id = trades(subscription, 100, 0, 120_000)
  const due = dueIn(subscription, 121, 1000).filter(([, remedy]) => remedy)
  assert.deepEqual(due[0], [130, 'resubscribe'])
  assert.equal(subscription.state, 'silent')
  assert.ok(due.some(([, remedy]) => remedy === 'replace'))
  subscription.ticked(id, 1_000_100)
  assert.equal(subscription.state, 'live')
})

test('silence of the whole connection is not silence of the symbol', () => {
  const subscription = opened()
  subscription.acknowledged(1)
  trades(subscription, 100, 0, 120_000)
  assert.deepEqual(dueIn(subscription, 121, 300, false), [])
  assert.equal(subscription.state, 'live')
})

test('repeats of old trades do not end a silence; ids that restart do', () => {
  const subscription = opened()
  subscription.acknowledged(1)
  trades(subscription, 100, 0, 120_000, 1_000_000)
  dueIn(subscription, 121, 131)
  for (let id = 1_000_050; id < 1_000_100; id++) subscription.ticked(id, 132_000)
  assert.equal(subscription.state, 'silent')
  for (let id = 1; id < 400; id++) subscription.ticked(id, 133_000)
  assert.equal(subscription.state, 'live')
})

test('a trade announced seconds ago that has not arrived is a loss, reported once with all announced trades', () => {
  const subscription = opened()
  subscription.acknowledged(1)
  subscription.ticked(100, 1000)
  subscription.announced(101, 2000)
  subscription.announced(103, 6000)
  assert.equal(subscription.loss(6999), undefined)
  assert.deepEqual(subscription.loss(7000), { first: 101, last: 103, remedy: 'resubscribe' })
  assert.equal(subscription.loss(8000), undefined)
  assert.equal(subscription.state, 'silent')
  // More are announced, and none comes: given longer each time, and on another connection once.
  subscription.announced(110, 9000)
  assert.equal(subscription.loss(18_999), undefined)
  assert.deepEqual(subscription.loss(19_000), { first: 104, last: 110, remedy: 'replace' })
  subscription.ticked(111, 20_000)
  assert.equal(subscription.state, 'live')
})

test('a trade announced a moment before it arrives is not a loss, nor is a server that does not know the last trade', () => {
  const subscription = opened()
  subscription.acknowledged(1)
  for (let id = 1; id < 100; id++) {
    subscription.announced(id, id * 1000)
    subscription.announced(0, id * 1000 + 1)
    assert.equal(subscription.loss(id * 1000 + 2), undefined)
    subscription.ticked(id, id * 1000 + 900)
  }
  assert.equal(subscription.loss(200_000), undefined)
  assert.equal(subscription.state, 'live')
})

test('for a symbol without a trade so far, counting starts at the first announcement', () => {
  const subscription = opened()
  subscription.announced(500, 1000)
  assert.equal(subscription.loss(60_000), undefined)
  subscription.announced(501, 61_000)
  assert.deepEqual(subscription.loss(66_000), { first: 501, last: 501, remedy: 'resubscribe' })
})

/** A minute by the venue's clock, which is not ours. */
const MINUTE = 60_000_000

test('trades that the venue counts and that do not arrive are lost within seconds, whatever our clock shows', () => {
  const subscription = opened(false)
  subscription.ticked(100, 1000, 5 * MINUTE)
  subscription.witnessed({ symbol: 'A-USD', sinceMicros: 5 * MINUTE, trades: 1, lastTradeId: 100 }, 1500)
  assert.equal(subscription.loss(60_000), undefined)
  subscription.witnessed({ symbol: 'A-USD', sinceMicros: 5 * MINUTE, trades: 4, lastTradeId: 103 }, 61_000)
  assert.equal(subscription.loss(65_999), undefined)
  assert.deepEqual(subscription.loss(66_000), { first: 101, last: 103, remedy: 'resubscribe' })
  assert.equal(subscription.state, 'silent')
})

test('a bar of the minute before that arrives late, and one without trades, announce nothing', () => {
  const subscription = opened(false)
  subscription.ticked(100, 1000, 5 * MINUTE)
  subscription.witnessed({ symbol: 'A-USD', sinceMicros: 4 * MINUTE, trades: 9, lastTradeId: 99 }, 2000)
  subscription.witnessed({ symbol: 'A-USD', sinceMicros: 6 * MINUTE, trades: 0 }, 3000)
  subscription.witnessed({ symbol: 'A-USD', sinceMicros: 5 * MINUTE, trades: 1, lastTradeId: 100 }, 4000)
  assert.equal(subscription.loss(100_000), undefined)
})

test('a quiet market is not silent while the venue states that there was no trade; without a statement it is', () => {
  const subscription = opened(false)
  const next = trades(subscription, 100, 0, 120_000)
  const due: unknown[] = []
  for (let second = 121; second <= 900; second++) {
    const witness = { symbol: 'A-USD', sinceMicros: 0, trades: 1, lastTradeId: next - 1 }
    if (second < 600) subscription.witnessed(witness, second * 1000)
    assert.equal(subscription.loss(second * 1000), undefined)
    const remedy = subscription.check(second * 1000, true)
    if (remedy) due.push([second, remedy])
    if (second === 599) assert.deepEqual([subscription.state, subscription.detail], ['quiet', ''])
  }
  assert.equal(subscription.state, 'silent')
  assert.ok(due.length > 0 && due.every(one => (one as [number])[0] >= 600 + 89), JSON.stringify(due))
  subscription.ticked(next, 901_000)
  assert.equal(subscription.state, 'live')
})

test('a feed that lost trades is quiet again once it was requested again and the venue counts no others', () => {
  const subscription = opened(false)
  subscription.ticked(100, 1000)
  const witness = { symbol: 'A-USD', sinceMicros: 0, trades: 9, lastTradeId: 105 }
  subscription.witnessed(witness, 2000)
  assert.equal(subscription.loss(7000)?.remedy, 'resubscribe')
  subscription.witnessed(witness, 8000)
  assert.deepEqual(dueIn(subscription, 8, 16), [])
  assert.equal(subscription.state, 'silent')
  assert.deepEqual(dueIn(subscription, 17, 20), [])
  assert.equal(subscription.state, 'quiet')
  subscription.witnessed({ ...witness, lastTradeId: 106 }, 21_000)
  assert.deepEqual(subscription.loss(31_000), { first: 106, last: 106, remedy: 'replace' })
})

type Step = { kind: string; ms: number }
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    'wait',
    'wait',
    'ack',
    'temporary',
    'rate',
    'unlisted',
    'ended',
    'trade',
    'announce',
    'witness',
    'open',
    'beside',
    'lost',
  ),
  ms: fc.integer({ min: 1, max: 30_000 }),
})

test('after any events: a symbol that is down on an open socket is requested again within two hours, and a trade revives it', () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (acknowledges, steps) => {
      const subscription = opened(acknowledges)
      let nowMs = 0
      let id = 1
      let isOpen = true
      for (const { kind, ms } of steps) {
        nowMs += ms
        if (kind === 'ack') subscription.acknowledged(nowMs)
        else if (kind === 'temporary' || kind === 'rate' || kind === 'unlisted') subscription.refused(kind, 'no', nowMs)
        else if (kind === 'ended') subscription.ended(nowMs)
        else if (kind === 'trade') subscription.ticked(id++, nowMs)
        else if (kind === 'announce') subscription.announced(id + 5, nowMs)
        else if (kind === 'witness')
          subscription.witnessed({ symbol: 'A-USD', sinceMicros: 0, trades: 1, lastTradeId: id - 1 }, nowMs)
        else if (kind === 'open' || kind === 'beside') {
          subscription.opened(nowMs, kind === 'beside')
          isOpen = true
        } else if (kind === 'lost') {
          subscription.lost(nowMs)
          isOpen = false
        }
        if (!isOpen) continue
        subscription.loss(nowMs)
        subscription.check(nowMs, true)
        assert.equal(subscription.isDown, DOWN_STATES.has(subscription.state))
        assert.equal(subscription.detail !== '', subscription.isDown, 'a detail if and only if it is down')
      }
      if (!isOpen) subscription.opened(nowMs, false)
      const wasDown = subscription.isDown && subscription.state !== 'silent'
      let requested = subscription.pending
      for (let second = 0; second < 7200 && !requested; second++) {
        nowMs += 1000
        requested = subscription.check(nowMs, true) !== undefined
      }
      if (wasDown) assert.ok(requested, subscription.state)
      nowMs += 10_000
      subscription.ticked(1e9, nowMs)
      assert.equal(subscription.state, 'live')
    }),
    { numRuns: 500 },
  )
})

test('a halted symbol is not down and not requested again; its next tick makes it live, with the time of its first', () => {
  const subscription = opened()
  assert.equal(subscription.firstTickMs, undefined)
  const next = trades(subscription, 1000, 1000, 120_000)
  assert.equal(subscription.firstTickMs, 1000)
  subscription.listed({ state: 'halted', detail: 'listed by the venue as BREAK' })
  assert.equal(subscription.state, 'live', 'until its ticks stop')
  assert.deepEqual(dueIn(subscription, 121, 3_600), [])
  subscription.lost(3_600_000)
  subscription.opened(3_600_000, false)
  subscription.acknowledged(3_600_100)
  assert.deepEqual([subscription.state, subscription.isDown], ['halted', false])
  assert.equal(subscription.detail, 'listed by the venue as BREAK')
  subscription.ticked(next, 3_700_000)
  assert.deepEqual([subscription.state, subscription.detail], ['live', ''])
  assert.equal(subscription.firstTickMs, 1000)
})

test('a delisted symbol is down, whatever else is known of it, until it ticks', () => {
  const subscription = opened()
  subscription.refused('unlisted', 'the words', 100)
  subscription.listed({ state: 'delisted', detail: 'no longer listed by the venue' })
  assert.deepEqual([subscription.state, subscription.isDown], ['delisted', true])
  subscription.listed(undefined)
  assert.deepEqual([subscription.state, subscription.detail], ['refused', 'the words'])
})
