/** Kinds of ticks that may come hours apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { Subscription } from '../../../src/sources/subscription/subscription.ts'
import { findVenue } from '../../../src/venues/index.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { until } from '../../support/judges/within.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const HOUR_S = 3600

function opened(acknowledges: boolean, sporadic = true): Subscription {
  const rules = { kind: 'liquidations', acknowledges, sporadic, timings: TIMINGS, random: () => 0.5 }
  const subscription = new Subscription('BTCUSDT', rules)
  subscription.opened(0, false)
  return subscription
}

/** Remedies of a check each second, the connection delivering other ticks. */
function remedies(subscription: Subscription, fromS: number, toS: number): string[] {
  const due: string[] = []
  for (let second = fromS; second <= toS; second++) {
    const remedy = subscription.check(second * 1000, true)
    if (remedy) due.push(remedy)
  }
  return due
}

test('a sporadic kind is live once confirmed, or once requested where a venue confirms nothing, and is never silent', () => {
  const confirmed = opened(true)
  assert.equal(confirmed.state, 'requested')
  confirmed.acknowledged(100)
  const unconfirmed = opened(false)
  for (const subscription of [confirmed, unconfirmed]) {
    assert.equal(subscription.state, 'live')
    assert.equal(subscription.firstTickMs, undefined)
    assert.deepEqual(remedies(subscription, 1, 5 * HOUR_S), [])
    // A storm of them, and then none.
    for (let ms = 5 * HOUR_S * 1000; ms < (5 * HOUR_S + 300) * 1000; ms += 500) subscription.ticked(undefined, ms)
    assert.deepEqual(remedies(subscription, 5 * HOUR_S + 300, 15 * HOUR_S), [])
    assert.equal(subscription.state, 'live')
    assert.equal(subscription.firstTickMs, 5 * HOUR_S * 1000)
  }
  // Otherwise it would be down.
  const usual = opened(false, false)
  assert.deepEqual(remedies(usual, 1, 601), ['resubscribe'])
  assert.equal(usual.state, 'unanswered')
})

test('a sporadic kind is down when it is refused, not answered or ended, and halted by the list', () => {
  const refused = opened(false)
  refused.refused('unlisted', 'no such symbol', 5)
  assert.equal(refused.state, 'refused')
  refused.lost(10)
  refused.opened(20, false)
  assert.equal(refused.state, 'live')
  const unanswered = opened(true)
  assert.deepEqual(remedies(unanswered, 1, 10), ['resubscribe'])
  assert.equal(unanswered.state, 'unanswered')
  const ended = opened(true)
  ended.acknowledged(1)
  ended.ended(2)
  assert.equal(ended.state, 'ended')
  const halted = opened(false)
  halted.listed({ state: 'halted', detail: 'BREAK' })
  assert.equal(halted.state, 'halted')
  halted.listed(undefined)
  assert.equal(halted.state, 'live')
})

for (const [kinds, replaced] of [
  [['liquidations'], false],
  [['marks', 'liquidations'], true],
] as const)
  test(`a connection of ${kinds} without a frame ${replaced ? 'is' : 'is not'} replaced`, {
    timeout: 300_000,
  }, async t => {
    const server = await LocalVenue.open(t)
    const venue = findVenue('binanceusdm')!
    const events = new EventLog()
    const timings = { ...TIMINGS, livenessCheckMs: 20, firstFrameMsMax: 200 }
    const subscription = { venue, symbols: ['BTCUSDT'], kinds, ws: server.url }
    const feeds = openFeeds([subscription], new CollectingReceiver(), events.emit, timings)
    t.after(() => feeds.close())
    await until(() => server.visits.length > 0)
    if (replaced) await until(() => events.named('connection_silent').length > 0)
    else await sleep(1_000)
    assert.equal(events.named('connection_silent').length > 0, replaced)
    if (replaced) return
    assert.equal(server.visits.length, 1)
    assert.deepEqual(
      feeds.symbolStates().map(({ state }) => state),
      ['live'],
    )
    assert.equal(feeds.status()[0]!.symbols, 1)
  })
