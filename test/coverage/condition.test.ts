/** The rules of conditions, over all states. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  CAUSES,
  CONDITIONS,
  causeText,
  conditionOf,
  type HourFacts,
  type NextTrade,
} from '../../src/coverage/condition.ts'
import { ID_KINDS, type IdKind, idsAreDense } from '../../src/tick/id-kind.ts'

const few = fc.nat({ max: 3 })
const FACTS: fc.Arbitrary<HourFacts> = fc.record({
  kind: fc.constantFrom('trades', 'quotes', 'marks'),
  ids: fc.constantFrom<IdKind | ''>('', ...ID_KINDS),
  ...{ ticks: few, supplied: few, first_run: few, last_run: few, absent: few },
  first_id: fc.nat(),
  last_id: fc.oneof(fc.nat(), fc.constant(0), fc.constant(2 ** 53)),
  adjoins: fc.constantFrom('unknown', 'yes', 'restarted'),
  ...{ gaps_open: few, gaps_unrepairable: few, gaps_accepted: few, gaps_repaired: few, missing: few },
  gap_cause: fc.constantFrom('', 'connection lost at 12:03:04'),
  recorded_seconds: fc.constantFrom(-1, 0, 10, 3_600),
  resting: fc.boolean(),
  ...{ connections_lost: few, compared: few, equal: few },
})
const NEXT: fc.Arbitrary<NextTrade> = fc.option(fc.record({ run: few, id: fc.nat() }))
const COMPLETE: readonly string[] = ['proved', 'repaired', 'halted']

const WHOLE: HourFacts = {
  ...{ kind: 'trades', ids: 'dense', ticks: 10, supplied: 0, first_run: 0, first_id: 101, last_run: 0, last_id: 110 },
  ...{ adjoins: 'yes', absent: 0, gaps_open: 0, gaps_unrepairable: 0, gaps_accepted: 0, gaps_repaired: 0, missing: 0 },
  gap_cause: '',
  ...{ recorded_seconds: 3_600, resting: false, connections_lost: 0, compared: 0, equal: 0 },
}
const ADJOINING: NextTrade = { run: 0, id: 111 }
const conditionWith = (change: Partial<HourFacts>, next: NextTrade = ADJOINING) => {
  const { condition, cause } = conditionOf({ ...WHOLE, ...change }, next)
  return `${condition} ${cause}`
}

test('an hour is complete only with dense ids that adjoin on both sides, none missing, whatever else holds', () => {
  fc.assert(
    fc.property(FACTS, NEXT, (facts, next) => {
      const { condition, cause } = conditionOf(facts, next)
      assert.ok(CONDITIONS.includes(condition))
      assert.doesNotMatch(causeText(cause, { ...facts }), /[{}]/)
      if (!COMPLETE.includes(condition)) return
      assert.ok(facts.ids !== '' && idsAreDense(facts.ids))
      assert.equal(facts.gaps_open + facts.gaps_unrepairable + facts.gaps_accepted + facts.absent, 0)
      assert.equal(facts.adjoins, 'yes')
      assert.ok(next && next.run === facts.last_run && next.id <= facts.last_id + 1)
      assert.equal(condition === 'halted', facts.ticks === 0)
      if (facts.ticks > 0) assert.equal(condition === 'repaired', facts.supplied + facts.gaps_repaired > 0)
    }),
    { numRuns: 20_000 },
  )
})

test('ticks whose ids cannot show a loss are never proved, repaired or halted', () => {
  const weak = ID_KINDS.filter(kind => !idsAreDense(kind))
  assert.deepEqual(weak, ['counted', 'sequence', 'rising', 'opaque', 'none'])
  fc.assert(
    fc.property(FACTS, fc.constantFrom<IdKind | ''>('', ...weak), NEXT, (facts, ids, next) => {
      for (const each of [
        { ...facts, ids },
        { ...facts, kind: 'quotes' },
      ])
        assert.ok(['unprovable', 'degraded', 'missing'].includes(conditionOf(each, next).condition))
    }),
  )
})

test('a gap that is not filled is degraded, or missing where nothing was recorded at all', () => {
  fc.assert(
    fc.property(FACTS, NEXT, fc.constantFrom('gaps_open', 'gaps_unrepairable', 'gaps_accepted'), (facts, next, gap) => {
      const { condition } = conditionOf({ ...facts, [gap]: 1 }, next)
      assert.ok(condition === 'degraded' || condition === 'missing')
      if (condition === 'missing') assert.equal(facts.ticks, 0)
    }),
  )
})

test('each cause has its hour', () => {
  const quiet: Partial<HourFacts> = { ticks: 0, first_id: 0 }
  const weak: Partial<HourFacts> = { ids: 'rising' }
  const seen = [
    [conditionWith({}), 'proved ids_dense'],
    [conditionWith({ supplied: 2 }), 'repaired ids_dense_after_repair'],
    [conditionWith({ gaps_repaired: 1 }), 'repaired ids_dense_after_repair'],
    [conditionWith({}, null), 'pending no_later_trade'],
    [conditionWith({}, { run: 0, id: 113 }), 'degraded ids_absent'],
    [conditionWith({}, { run: 1, id: 1 }), 'unprovable ids_restarted'],
    [conditionWith({ adjoins: 'restarted' }), 'unprovable ids_restarted'],
    [conditionWith({ adjoins: 'unknown' }), 'unprovable recording_began'],
    [conditionWith({ absent: 1 }), 'degraded ids_absent'],
    [conditionWith({ gaps_open: 1, gaps_accepted: 1 }), 'degraded gap_open'],
    [conditionWith({ gaps_unrepairable: 1 }), 'degraded gap_unrepairable'],
    [conditionWith({ gaps_accepted: 1 }), 'degraded gap_accepted'],
    [conditionWith({ last_id: 2 ** 53 }), 'unprovable ids_not_followed'],
    [conditionWith(quiet), 'halted no_trade'],
    [conditionWith({ ...quiet, resting: true }), 'halted instrument_halted'],
    [conditionWith({ ...quiet, resting: true }, null), 'pending halted_until_now'],
    [conditionWith({ ...quiet, resting: true, last_id: 0 }, null), 'pending halted_until_now'],
    [conditionWith({ resting: true }, null), 'pending no_later_trade'],
    // Ids prove silence, even where no recorder ran.
    [conditionWith({ ...quiet, recorded_seconds: 0 }), 'halted no_trade'],
    [conditionWith({ ...quiet, recorded_seconds: 0, gaps_open: 1 }), 'missing not_recorded'],
    [conditionWith({ ...quiet, recorded_seconds: 0 }, null), 'missing not_recorded'],
    [conditionWith({ ...quiet, last_id: 0 }, null), 'pending no_later_trade'],
    [conditionWith({ ...quiet, last_id: 0, recorded_seconds: -1 }, null), 'missing no_tick_recorded'],
    [conditionWith(weak), 'unprovable no_ids'],
    [conditionWith({ ...weak, connections_lost: 2 }), 'unprovable connection_lost'],
    [conditionWith({ ...weak, recorded_seconds: 1_200 }), 'unprovable recorder_paused'],
    [conditionWith({ ...weak, ticks: 0 }), 'unprovable no_tick'],
    [conditionWith({ ...weak, ticks: 0, resting: true }), 'unprovable no_tick_halted'],
    [conditionWith({ ...weak, ticks: 0, recorded_seconds: 0 }), 'missing not_recorded'],
    [conditionWith({ kind: 'quotes', ids: '', compared: 60, equal: 60 }), 'unprovable quotes_compared'],
    [conditionWith({ kind: 'quotes', ids: '', compared: 60, equal: 59 }), 'degraded quotes_differ'],
  ] as const
  for (const [found, expected] of seen) assert.equal(found, expected)
  const causes = new Set(seen.map(([, expected]) => expected.split(' ')[1]))
  assert.deepEqual(
    Object.keys(CAUSES).filter(cause => !causes.has(cause)),
    ['not_audited'],
  )
})
