import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bar } from '../../../src/serve/page/protocol.ts'
import { BARS_MAX, type BarChange, BarHistory } from '../../../web/src/chart/bars.ts'

const bar = (timeMs: number, close = 1): Bar => [timeMs, 1, 2, 0, close, 1, 1]
const times = (history: BarHistory): number[] => history.bars.map(held => held[0])

function loaded(...timesMs: number[]): { history: BarHistory; changes: BarChange[] } {
  const history = new BarHistory()
  history.replace(timesMs.map(timeMs => bar(timeMs)))
  const changes: BarChange[] = []
  history.subscribe(change => changes.push(change))
  return { history, changes }
}

test('a live bar replaces the one of its time or follows the last, and only it is drawn', () => {
  const { history, changes } = loaded(10, 20)
  history.update([bar(20, 5), bar(30)])
  assert.deepEqual(times(history), [10, 20, 30])
  assert.equal(history.bars[1]![4], 5)
  assert.deepEqual(changes, [{ bars: [bar(20, 5), bar(30)], spreads: [] }])
})

test('spreads come with their bars, change with them, and go with the view', () => {
  const { history, changes } = loaded(10, 20)
  history.replace([bar(10), bar(20)], [[20, 1.5]])
  history.prepend([bar(5)], [[5, 0.5]])
  history.update([], [[20, 2]])
  assert.deepEqual(
    [...history.spreads],
    [
      [20, 2],
      [5, 0.5],
    ],
  )
  assert.deepEqual(changes, ['all', 'all', { bars: [], spreads: [[20, 2]] }])
  history.clear()
  assert.equal(history.spreads.size, 0)
})

test('a late bar falls into its place', () => {
  const { history } = loaded(10, 30)
  history.update([bar(20)])
  assert.deepEqual(times(history), [10, 20, 30])
})

test('a bar before all that is shown is left to scrolling back', () => {
  const { history, changes } = loaded(10, 20)
  history.update([bar(5)])
  assert.deepEqual(times(history), [10, 20])
  assert.deepEqual(changes, [])
})

test('nothing is drawn before the history of a view has come', () => {
  const { history } = loaded(10)
  history.clear()
  history.update([bar(20)])
  assert.deepEqual(times(history), [])
})

test('scrolled-back bars stay when the history is sent anew', () => {
  const { history } = loaded(30, 40)
  history.prepend([bar(10), bar(20), bar(30)])
  history.replace([bar(30, 7), bar(40), bar(50)])
  assert.deepEqual(times(history), [10, 20, 30, 40, 50])
  assert.equal(history.bars[2]![4], 7)
})

test('bars from before a long absence go: the chart hides no hole', () => {
  const { history } = loaded(10, 20)
  history.replace([bar(100), bar(110)])
  assert.deepEqual(times(history), [100, 110])
})

test('an answer without older bars ends the asking', () => {
  const { history } = loaded(10)
  history.prepend([bar(10)])
  assert.equal(history.complete, true)
  assert.deepEqual(times(history), [10])
})

test('live bars push out the oldest above the bound', () => {
  const { history } = loaded(...Array.from({ length: BARS_MAX }, (_, index) => index))
  for (let timeMs = BARS_MAX; timeMs < BARS_MAX + 5_000; timeMs++) history.update([bar(timeMs)])
  assert.ok(history.bars.length <= BARS_MAX + 2_000)
  assert.equal(history.bars.at(-1)![0], BARS_MAX + 4_999)
})
