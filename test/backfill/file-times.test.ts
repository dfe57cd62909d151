/** Which trades may be of a file, by id and time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FileTimes } from '../../src/backfill/file-times.ts'
import { FileRows } from '../../src/reconcile/file-rows.ts'

const SECOND = 1_000_000

/** `count` ids from `first` on, a second apart from `from` on, µs. */
function rowsOf(first: number, count: number, from: number): FileRows {
  const rows = new FileRows()
  rows.length = count
  for (let at = 0; at < count; at++) {
    rows.id[at] = first + at
    rows.time[at] = from + at * SECOND
  }
  return rows
}

test('a trade fits by the times of the ids around its own, and an id that the file lacks by those beside it', () => {
  const times = new FileTimes()
  const from = 1e15
  times.add(rowsOf(100, 10_000, from))
  times.add(rowsOf(20_000, 10, from + 20_000 * SECOND))
  const at = (seconds: number) => from + seconds * SECOND
  assert.ok(times.fits(100, at(0)))
  assert.ok(times.fits(10_099, at(9_999)))
  assert.ok(times.fits(20_005, at(20_005)))
  assert.ok(times.fits(15_000, at(15_000)), 'between both parts')
  assert.ok(!times.fits(100, at(9_000)), 'another run: the same id hours later')
  assert.ok(!times.fits(10_099, at(0)))
  assert.ok(!times.fits(20_005, at(19_000)))
  assert.ok(!times.fits(30_000, at(20_009)), 'beyond the file')
  assert.ok(!times.fits(50, at(-5)), 'before the file')
})
