import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Gap } from '../../../src/ingest/gaps/gap.ts'
import { listOf } from '../../../src/ingest/gaps/gap-announcer.ts'
import { readOpenGaps } from '../../../src/tick/repairs/open-gaps.ts'

const gapOf = (at: number, ranges = 1): Gap => ({
  ...{ venue: 'binance', symbol: 'BTCUSDT', run: 0, first: 1_000 * at, last: 1_000 * at + 2 * ranges, recorded: true },
  missing: Array.from({ length: ranges }, (_, index) => ({
    first: 1_000 * at + 2 * index,
    last: 1_000 * at + 2 * index,
  })),
  ...{ foundAtMicros: 1e15 + at, afterMicros: Number.NEGATIVE_INFINITY, beforeMicros: 1e15 },
})

test('a list of gaps is read back as it was written, without those that no table has yet', () => {
  const listed = listOf([gapOf(1), gapOf(2), { ...gapOf(3), recorded: false }])
  assert.deepEqual(readOpenGaps(JSON.parse(JSON.stringify(listed))), listed)
  assert.deepEqual(
    listed.gaps.map(({ missing, afterMicros }) => [missing, afterMicros]),
    [
      [[[1_000, 1_000]], null],
      [[[2_000, 2_000]], null],
    ],
  )
  assert.deepEqual([listed.open, listed.missing], [3, 3])
})

test('of any number of gaps the newest and the oldest are listed, in a message that Kafka takes', () => {
  const many = listOf(Array.from({ length: 5_000 }, (_, at) => gapOf(at)))
  assert.equal(many.gaps.length, 1_000)
  assert.deepEqual([many.gaps[0]!.missing[0]![0], many.gaps.at(-1)!.missing[0]![0]], [0, 4_999_000])
  assert.equal(many.open, 5_000)
  const wide = listOf(Array.from({ length: 1_000 }, (_, at) => gapOf(at, 499)))
  assert.ok(wide.gaps.length > 10)
  assert.equal(wide.gaps.at(-1)!.missing.length, 499, 'the newest first')
  for (const list of [many, wide]) assert.ok(JSON.stringify(list).length < 500_000)
})

test('anything else than such a list is none', () => {
  for (const body of [
    undefined,
    null,
    7,
    'x',
    {},
    { gaps: 1, open: 0, missing: 0 },
    { gaps: [], open: -1, missing: 0 },
  ])
    assert.equal(readOpenGaps(body), undefined)
  const odd = [null, {}, { venue: 'binance' }, { ...listOf([gapOf(1)]).gaps[0], missing: [[5, 4]] }]
  assert.deepEqual(readOpenGaps({ gaps: odd, open: 1, missing: 1 })!.gaps, [])
})
