import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type FollowedTrade, Following } from '../../support/data/following.ts'

const ids = (first: number, last: number, change: (id: number) => Partial<FollowedTrade> = () => ({})) =>
  Array.from({ length: last - first + 1 }, (_, at): FollowedTrade => ({ id: first + at, ...change(first + at) }))

const HOUR_MS = 3_600_000
/** Trades of a market that begins to count again an hour later, at another price. */
const again = (first: number, last: number, startId = first) =>
  ids(first, last, id => ({ ms: HOUR_MS + id - startId, price: 777 }))

const each = <T>(times: number, value: T): T[] => Array(times).fill(value)

test('a trade that comes again and says the same is a repeat, also long after', () => {
  const following = new Following()
  assert.deepEqual(following.take(...ids(1, 5_000)), each(5_000, 0))
  assert.deepEqual(following.take({ id: 4_999 }, { id: 5_000 }, { id: 5_001 }), ['trade_repeated', 'trade_repeated', 0])
  assert.equal(following.lookups, 0, 'the last ones are in memory')
  assert.deepEqual(following.take({ id: 1 }, { id: 2_500 }), ['trade_repeated', 'trade_repeated'])
  assert.equal(following.lookups, 2)
})

test('a trade that comes again with another price is set apart with a reason of its own, in memory or in the table', () => {
  const following = new Following()
  following.take(...ids(1, 2_000))
  assert.deepEqual(following.take({ id: 2_000, price: 101 }), ['conflicting_id'])
  assert.deepEqual(following.take({ id: 7, price: 101 }, { id: 7 }), ['conflicting_id', 'trade_repeated'])
  assert.deepEqual(following.restarts, [])
})

test('ids that begin again begin a run: every trade of it is stored, and it is told once', () => {
  const following = new Following()
  following.take(...ids(1, 5_000))
  assert.deepEqual(following.take(...again(1, 3_000)), each(3_000, 1))
  assert.equal(following.lookups, 0, 'no trade of these times is stored')
  assert.deepEqual(following.restarts, [{ venue: 'dense', symbol: 'AAA', run: 1, id: 1, last: 5_000 }])
  assert.deepEqual(following.take(...again(1, 3_000).slice(0, 50)), each(50, 'trade_repeated'))
  assert.deepEqual(following.take(...ids(5, 6)), each(2, 'trade_repeated'), 'the first run is known still')
})

test('trades of a later run fill no gap of an earlier one, and trades of the earlier one do', () => {
  const following = new Following()
  following.take(...ids(1, 100).filter(({ id }) => id !== 14 && id !== 87))
  assert.deepEqual(following.take(...again(1, 100)), each(100, 1))
  const open = [
    [0, 14, 14, 1],
    [0, 87, 87, 1],
  ]
  assert.deepEqual(following.open, open)
  assert.deepEqual(following.take({ id: 14 }, { id: 14 }), [0, 'trade_repeated'])
  assert.deepEqual(following.open, [open[1]])
})

test('a run that begins in a gap of the one before, below or above its ids is a run of its own', () => {
  for (const startId of [14, 1, 87]) {
    const following = new Following()
    following.take(...ids(10, 100).filter(({ id }) => id !== 14 && id !== 87))
    assert.deepEqual(following.take(...again(startId, 120, startId)), each(121 - startId, 1), `from ${startId}`)
    assert.deepEqual(
      following.open.map(([run, first]) => [run, first]),
      [
        [0, 14],
        [0, 87],
      ],
    )
  }
})

test('a late trade of an earlier run does not take the next ones with it', () => {
  const following = new Following()
  following.take(...ids(1, 100).filter(({ id }) => id !== 14))
  following.take(...again(1, 100))
  assert.deepEqual(following.take({ id: 14 }, ...again(101, 102, 1)), [0, 1, 1])
})

test('a run has gaps of its own', () => {
  const following = new Following()
  following.take(...ids(1, 100))
  following.take(...again(1, 50).filter(({ id }) => id !== 20 && id !== 21))
  assert.deepEqual(following.open, [[1, 20, 21, 2]])
  assert.deepEqual(following.take(...again(20, 21, 1)), [1, 1])
  assert.deepEqual(following.open, [])
})

for (const absurd of [9e15, 50_000_000, 900_000, 2 ** 53 - 1])
  test(`one absurd id (${absurd}) does not hide what is missing after it`, () => {
    const following = new Following()
    following.take(...ids(1, 100))
    following.take({ id: absurd, ms: 101 })
    const rest = [101, 102, 103, 110, 111, 120, 121]
    const outcomes = following.take(...rest.map((id, at) => ({ id, ms: 102 + at })))
    assert.equal(new Set(outcomes).size, 1, 'they stay together')
    assert.ok(outcomes.every(outcome => typeof outcome === 'number'))
    const holes = following.open.filter(([, , last]) => last < 200)
    assert.deepEqual(
      holes.map(([, first, last]) => [first, last]),
      [
        [104, 109],
        [112, 119],
      ],
    )
  })

test('an absurd first id does not hide what is missing after it', () => {
  const following = new Following()
  assert.deepEqual(following.take({ id: 9e15, ms: 0 }, { id: 1 }, { id: 2 }, { id: 5 }), [0, 1, 1, 1])
  assert.deepEqual(following.open, [[1, 3, 4, 2]])
})

test('a day of a busy symbol without a recorder is a gap, however many ids that is', () => {
  const following = new Following()
  following.take(...ids(1, 100))
  assert.deepEqual(following.take(...ids(6_000_000, 6_000_050, id => ({ ms: 24 * HOUR_MS + id }))), each(51, 0))
  assert.deepEqual(following.open, [[0, 101, 5_999_999, 5_999_899]])
  assert.deepEqual(following.restarts, [])
})

test('ids that go on from a level that no time explains are stored as a run, and followed', () => {
  const following = new Following()
  following.take(...ids(1, 100))
  assert.deepEqual(following.take(...ids(80_000_000, 80_000_100, id => ({ ms: id - 79_999_000 }))), each(101, 1))
  following.take({ id: 80_000_103, ms: 2_000 })
  assert.deepEqual(following.open, [[1, 80_000_101, 80_000_102, 2]])
})

test('two series of ids that alternate are two runs, each with its gaps', () => {
  const following = new Following()
  for (let at = 0; at < 500; at++)
    if (at % 100 !== 50) following.take({ id: 1 + at, ms: 2 * at }, { id: 500_001 + at, ms: 2 * at + 1 })
  const runs = new Set(following.open.map(([run]) => run))
  assert.equal(runs.size, 2)
  assert.deepEqual(
    following.open.filter(([, first, last]) => first === last).map(([, first]) => first % 500_000),
    [51, 151, 251, 351, 451, 51, 151, 251, 351, 451],
  )
})

test('a trade whose clock is hours ahead neither hides a hole behind it nor begins a run', () => {
  const following = new Following()
  assert.deepEqual(following.take(...ids(1, 9), { id: 10, ms: 5 * HOUR_MS }, { id: 13 }, { id: 14 }), each(12, 0))
  assert.deepEqual(following.open, [[0, 11, 12, 2]])
})

test('the next id, but of a time before all others, is of another run and hides no hole of this one', () => {
  for (const refused of [false, true]) {
    const following = new Following()
    following.take(...ids(5, 9, id => ({ ms: 4 * HOUR_MS + id })))
    if (refused) following.take({ id: 10, ms: 4 * HOUR_MS + 10, price: -1 })
    const next = refused ? 11 : 10
    assert.deepEqual(following.take(...ids(next, 20)), each(21 - next, 1))
    assert.deepEqual(following.restarts, [{ venue: 'dense', symbol: 'AAA', run: 1, id: next, last: next - 1 }])
    assert.deepEqual(following.take(...ids(next + 2, 30, id => ({ ms: 4 * HOUR_MS + id }))), each(29 - next, 0))
    assert.deepEqual(following.open, [[0, next, next + 1, 2]])
  }
})

test('a clock that is set back, at a venue whose ids go on one by one, begins no run', () => {
  const ahead = (id: number) => ({ ms: id + (id % 100 > 50 ? 5_000 : 0) })
  for (const earlierRuns of [0, 1]) {
    const following = new Following()
    if (earlierRuns > 0) following.take(...ids(1, 500, id => ({ ms: id - HOUR_MS })))
    for (const trade of ids(1, 1_000, ahead)) assert.deepEqual(following.take(trade), [earlierRuns], `id ${trade.id}`)
    assert.equal(following.restarts.length, earlierRuns)
    assert.deepEqual(following.open, [])
  }
})

test('the id of a refused trade is not missing behind trades whose clock was ahead', () => {
  for (const times of [[9], [9, 10]])
    for (const gap of times.length > 1 ? [1] : [1, 3]) {
      const following = new Following()
      following.take(...ids(1, 8), ...times.map(id => ({ id, ms: 5 * HOUR_MS + id })))
      const id = 8 + times.length + gap
      assert.deepEqual(following.take({ id, price: -1 }, { id: id + 1 }), ['price_out_of_range', 0])
      assert.deepEqual(following.open, gap > 1 ? [[0, 10, id - 1, gap - 1]] : [])
    }
})

test('beyond 2^53 and up to 2^64 a trade that comes again is known too', () => {
  const following = new Following()
  for (const id of [2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    assert.deepEqual(following.take({ id, ms: 5 }, { id, ms: 5 }), [0, 'trade_repeated'])
    assert.deepEqual(following.take({ id, ms: 5 }), ['trade_repeated'])
    assert.deepEqual(following.take({ id, ms: 5, price: 3 }), ['conflicting_id'])
  }
  assert.deepEqual(following.take(...ids(1, 3)), [0, 0, 0])
})

test('of all ids that were seen, in any order of arrival, each is new exactly once, and the gaps are exactly the ids not seen', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 200 }), arrivals => {
      const following = new Following()
      const seen = new Set<number>()
      for (const id of arrivals) {
        // Of one moment, so that no order of times tells them apart.
        assert.deepEqual(following.take({ id, ms: 0 }), [seen.has(id) ? 'trade_repeated' : 0])
        seen.add(id)
      }
      const [first, last] = [Math.min(...seen), Math.max(...seen)]
      const missing = following.open.reduce((sum, [, , , count]) => sum + count, 0)
      assert.equal(missing, last - first + 1 - seen.size)
    }),
  )
})

/** A venue that begins to count again a few times, with holes, late trades and repeats within each time. */
const market = fc.array(
  fc.record({
    startId: fc.integer({ min: 1, max: 40 }),
    length: fc.integer({ min: 2, max: 30 }),
    skipped: fc.array(fc.integer({ min: 1, max: 28 }), { maxLength: 6 }),
    lateBy: fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 30, maxLength: 30 }),
    repeats: fc.array(fc.integer({ min: 0, max: 29 }), { maxLength: 10 }),
  }),
  { minLength: 1, maxLength: 4 },
)

test('whatever a venue that begins again does, each trade is stored once, and each run misses exactly its own ids', () => {
  fc.assert(
    fc.property(market, fc.integer({ min: 1, max: 7 }), (series, atOnce) => {
      const following = new Following()
      const before: FollowedTrade[] = []
      const stored = new Set<string>()
      const idsOfRun = new Map<number, Set<number>>()
      const arrivals: FollowedTrade[] = []
      for (const [number, { startId, length, skipped, lateBy, repeats }] of series.entries()) {
        const all = ids(startId, startId + length - 1, id => ({ ms: number * HOUR_MS + 2_000 * id, price: number + 1 }))
        const come = all.filter((_, at) => at === 0 || at === length - 1 || !skipped.includes(at))
        // The first one begins its run; others come a little late.
        const order = come.map((trade, at) => ({ trade, at: at === 0 ? -1 : at + lateBy[at % 30]! }))
        order.sort((a, b) => a.at - b.at)
        const inOrder = order.map(({ trade }) => trade)
        arrivals.push(...inOrder)
        before.push(...inOrder)
        for (const at of repeats) arrivals.push(before[at % before.length]!)
      }
      for (let at = 0; at < arrivals.length; at += atOnce) {
        const record = arrivals.slice(at, at + atOnce)
        for (const [index, outcome] of following.take(...record).entries()) {
          const key = JSON.stringify(record[index])
          if (stored.has(key)) assert.equal(outcome, 'trade_repeated')
          else assert.equal(typeof outcome, 'number', `${key} is ${outcome}`)
          if (!stored.has(key)) {
            const run = idsOfRun.get(outcome as number) ?? new Set()
            assert.ok(!run.has(Number(record[index]!.id)), `${key} is in run ${outcome} twice`)
            idsOfRun.set(outcome as number, run.add(Number(record[index]!.id)))
          }
          stored.add(key)
        }
      }
      for (const [run, stored] of idsOfRun) {
        const missing = Math.max(...stored) - Math.min(...stored) + 1 - stored.size
        const open = following.open.filter(([of]) => of === run)
        assert.equal(
          open.reduce((sum, [, , , count]) => sum + count, 0),
          missing,
          `missing in run ${run}`,
        )
      }
    }),
    { numRuns: 300 },
  )
})

test('ids of aggregates are followed like dense ones: a missing one is a gap', () => {
  const following = new Following('aggregate')
  following.take({ id: 1 }, { id: 2 }, { id: 5 })
  assert.deepEqual(following.open, [[0, 3, 4, 2]])
  following.take({ id: 3 }, { id: 4 })
  assert.deepEqual(following.open, [])
})
