import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HostBudget } from '../../../src/sources/rest/host-budget.ts'

const LIMIT = 6_000
const weight = { perMinute: LIMIT, usedHeader: 'used' }

test('whatever the delays, the clocks and what others use: never more than the share in a minute of the server', () => {
  fc.assert(
    fc.property(
      fc.record({
        offsetMs: fc.integer({ min: 0, max: 59_999 }),
        delays: fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 50, maxLength: 400 }),
        weights: fc.array(fc.constantFrom(4, 25, 250), { minLength: 5, maxLength: 5 }),
        others: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 3 }),
        lost: fc.array(fc.boolean(), { minLength: 7, maxLength: 7 }),
        hasDate: fc.boolean(),
      }),
      ({ offsetMs, delays, weights, others, lost, hasDate }) => {
        const budget = new HostBudget({ apartMs: 0, weight })
        // The server's minute and what was used of it, by whom.
        let [minute, used, ours] = [-1, 0, 0]
        let nowMs = 0
        const at = () => {
          const current = Math.floor((nowMs + offsetMs) / 60_000)
          if (current !== minute) [minute, used, ours] = [current, 0, 0]
        }
        for (const [index, delayMs] of delays.entries()) {
          const cost = weights[index % weights.length]!
          for (let waitMs = 1; waitMs > 0; nowMs += waitMs) waitMs = budget.waitMs(cost, 0.5, nowMs)
          budget.sent(cost, nowMs)
          nowMs += delayMs / 2
          at()
          // Others may use what they like between our requests, but what an answer stated is known.
          used += cost
          ours += cost
          assert.ok(ours <= LIMIT / 2, `${ours} in a minute`)
          const stated = { used, serverMs: hasDate ? Math.floor((nowMs + offsetMs) / 1_000) * 1_000 : undefined }
          nowMs += delayMs / 2
          if (!lost[index % lost.length]) budget.answered(stated, nowMs)
          used += others[index % others.length]!
        }
      },
    ),
    { numRuns: 300 },
  )
})

test('use that an answer states counts, also that of others, until the minute of the server ends', () => {
  const budget = new HostBudget({ apartMs: 0, weight })
  budget.sent(25, 0)
  budget.answered({ used: 2_990, serverMs: 1_700_000_000_000 - (1_700_000_000_000 % 60_000) + 50_000 }, 100)
  assert.equal(budget.waitMs(25, 0.5, 100), 10_000)
  assert.equal(budget.waitMs(25, 0.8, 100), 0, 'a greater share')
  assert.equal(budget.waitMs(25, 0.5, 10_100), 0)
})

test('a pause and the time between requests are waited for; hosts share the strictest limit', () => {
  const budget = new HostBudget({ apartMs: 10 })
  budget.limit({ apartMs: 100, weight })
  budget.limit({ apartMs: 50, weight: { perMinute: 100, usedHeader: 'used' } })
  budget.sent(60, 0)
  assert.equal(budget.waitMs(10, 1, 0), 100)
  assert.ok(budget.waitMs(50, 1, 100) > 0)
  budget.pause(5_000)
  budget.pause(4_000)
  assert.equal(budget.waitMs(1, 1, 1_000), 4_000)
})
