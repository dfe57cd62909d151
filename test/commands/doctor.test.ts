import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Diagnosis, PartitionDiagnosis } from '../../src/audit/diagnosis.ts'
import { describeDiagnosis, describeSources } from '../../src/commands/doctor.ts'
import type { HealthAnswer } from '../../src/status/health.ts'

const PARTITION: PartitionDiagnosis = {
  partition: 0,
  first: 0,
  below: 0,
  passed: true,
  ticks: 0,
  distinct: 0,
  expected: 0,
  leftRecords: 0,
  diverged: '',
  detail: '',
  tookMs: 1,
  lagRecords: 0,
  lagTicks: 0,
}

const linesOf = (partition: Partial<PartitionDiagnosis>, rest: Partial<Diagnosis> = {}) =>
  describeDiagnosis({
    sameLog: true,
    partitions: [{ ...PARTITION, ...partition }],
    unproven: [],
    openGaps: [],
    quarantined: [],
    lostRanges: 0,
    unusedPartitions: 0,
    disk: null,
    ...rest,
  })

test('a log without stored records has none to compare, and names none', () => {
  assert.deepEqual(linesOf({}), ['ok      partition 0: no stored records to compare (1 ms)', 'Log and store agree.'])
  assert.match(linesOf({ first: 7, below: 7, lagRecords: 2, lagTicks: 9 })[0]!, /^ok .* no stored records to compare/)
})

test('the compared range is named by its first and last record', () => {
  assert.match(linesOf({ first: 3, below: 5, ticks: 12 })[0]!, /12 ticks of records 3 to 4 stored once each \(1 ms\)$/)
})

test('symbols that are not received have one line each with the venue’s reason, and so have venues that are not online', () => {
  const health = {
    stations: { sources: { state: 'behind', advice: 'the advice', lagMs: 0 } },
    symbolsDown: [
      {
        venue: 'kraken',
        symbol: 'ETH/USD',
        kind: 'trades',
        state: 'refused',
        detail: 'Exceeded\u001b[31m\nmsg rate',
        forMs: 61_000,
      },
    ],
    venues: [{ venue: 'kraken', state: 'maintenance', upcoming: 'an upgrade' }],
  } as unknown as HealthAnswer
  assert.deepEqual(describeSources(health), [
    'down    kraken ETH/USD trades: refused for 61 s: Exceeded [31m msg rate. The recorder keeps subscribing',
    'venue   kraken: maintenance; announced: an upgrade',
  ])
  assert.deepEqual(describeSources({ ...health, symbolsDown: [], venues: [] }), ['sources the advice'])
})

test('venues whose ids show no missing trade are named, with their repeats, whatever the result is', () => {
  const unproven = [
    { venue: 'bitstamp', hasIds: true, trades: 9, repeats: 0 },
    { venue: 'finnhub', hasIds: false, trades: 300, repeats: 200 },
    { venue: 'mine', hasIds: false, trades: 3, repeats: 0 },
  ]
  assert.deepEqual(linesOf({}, { unproven }).slice(1), [
    'ids     bitstamp: its trade ids have holes of their own, so that completeness cannot be proved',
    'no ids  finnhub: its trades have no ids, so that completeness cannot be proved; 200 of 300 trades of the last hour repeat another one',
    'no ids  mine: its trades have no ids, so that completeness cannot be proved',
    'Log and store agree.',
  ])
})

test('partitions added to the log are named, and are not a difference', () => {
  const lines = linesOf({}, { unusedPartitions: 2 })
  assert.match(lines.at(-2)!, /^unused {2}2 partitions were added .* not stored/)
  assert.equal(lines.at(-1), 'Log and store agree.')
})
