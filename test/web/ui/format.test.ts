import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  age,
  basisPoints,
  bytes,
  day,
  decimal,
  diskLasts,
  duration,
  percent,
  rate,
  sentence,
  spreadOf,
  timeOfDay,
  timeWithMs,
  volume,
  zoneName,
} from '../../../web/src/ui/format.ts'

test('a price keeps the digits of its instrument, also where they are zeros', () => {
  assert.equal(decimal(67123.4, 2), '67,123.40')
  assert.equal(decimal(0.00001234, 8), '0.00001234')
  assert.equal(decimal(154, 0), '154')
})

test('a change is signed, and none is not', () => {
  assert.equal(percent(101.24, 100), '+1.24')
  assert.equal(percent(98.76, 100), '−1.24')
  assert.equal(percent(100, 100), '0.00')
  assert.equal(percent(100.000001, 100), '0.00')
  assert.equal(percent(5, 0), '–')
})

test('a slow symbol shows a rate above zero', () => {
  assert.equal(rate(0), '0')
  assert.equal(rate(0.2), '0.2')
  assert.equal(rate(19_842.4), '19,842')
})

test('no rounding carries a figure past its unit', () => {
  assert.equal(bytes(999), '999 B')
  assert.equal(bytes(999_600), '1.00 MB')
  assert.equal(bytes(1_240_000_000), '1.24 GB')
  assert.equal(duration(999.6), '1.0 s')
  assert.equal(duration(59_960), '1 m 0 s')
  assert.equal(duration(3_599_900), '1 h 0 m')
  assert.equal(duration(7_500_000), '2 h 5 m')
})

test('a venue whose clock is ahead is shown so, not clamped', () => {
  assert.equal(duration(-3), '−3 ms')
})

test('ages and volumes fit a narrow column', () => {
  assert.deepEqual([0, 12_900, 190_000, 7_300_000, 4 * 86_400_000].map(age), ['<1 s', '12 s', '3 m', '2 h', '4 d'])
  assert.deepEqual([0.00124, 3.4567, 146.72, 12_345, 4_560_000].map(volume), [
    '0.00124',
    '3.457',
    '146.7',
    '12.3k',
    '4.56M',
  ])
})

test('a time is told in the zone that is said beside it', () => {
  const atMs = Date.UTC(2026, 10, 22, 9, 4, 11, 42)
  assert.equal(timeWithMs(atMs, 'utc'), '09:04:11.042')
  assert.equal(day(atMs, 'utc'), '2026-11-22')
  assert.equal(zoneName(atMs, 'utc'), 'UTC')
  const local = new Date(atMs)
  assert.equal(timeOfDay(atMs, 'local', false), local.toTimeString().slice(0, 5))
  assert.match(zoneName(atMs, 'local'), /^UTC[+−]\d{1,2}(:\d{2})?$/)
})

test("another's text becomes a sentence", () => {
  assert.equal(sentence('no feed could be reached'), 'No feed could be reached.')
  assert.equal(sentence('Done.'), 'Done.')
})

test('how long a disk lasts is said in days, in hours when that is close, and not where it is not known', () => {
  const gigabyte = 1e9
  assert.equal(diskLasts(100 * gigabyte, 5 * gigabyte), '20 days at 5.00 GB a day')
  assert.match(diskLasts(5 * gigabyte, 5 * gigabyte), /^24 hours at /)
  assert.match(diskLasts(10_000 * gigabyte, gigabyte), /^years at /)
  assert.equal(diskLasts(100 * gigabyte, -1), 'does not fill')
  assert.equal(diskLasts(100 * gigabyte, null), '–')
  assert.equal(diskLasts(null, 1), '–')
})

test('a spread has at most four digits, in basis points of the middle', () => {
  assert.equal(spreadOf(99, 101), 200)
  assert.deepEqual([0.034, 1.2345, 9.999, 18.72, 240.4].map(basisPoints), ['0.03', '1.23', '10.0', '18.7', '240'])
})
