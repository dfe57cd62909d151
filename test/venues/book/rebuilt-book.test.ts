import assert from 'node:assert/strict'
import { test } from 'node:test'
import { binanceDepth } from '../../../src/venues/binance/depth.ts'
import type { DepthEvent } from '../../../src/venues/book/depth.ts'
import { RebuiltBook } from '../../../src/venues/book/rebuilt-book.ts'

const event = (first: number, last: number, bids: [string, string][] = []): DepthEvent => ({
  ...{ symbol: 'BTCUSDT', first, last, bids, asks: [] },
})
const SNAPSHOT = { last: 100, bids: [['10', '1'] as const, ['9', '2'] as const], asks: [['11', '1'] as const] }

test('events before a snapshot are kept and applied if newer, and the first must adjoin it', () => {
  const rebuilt = new RebuiltBook()
  const tops: number[] = []
  assert.equal(rebuilt.event(event(90, 99, [['10.5', '1']])), false)
  assert.equal(rebuilt.event(event(100, 101, [['10.2', '4']])), false)
  assert.equal(
    rebuilt.snapshot(SNAPSHOT, () => tops.push(rebuilt.book.bids.bestPrice)),
    true,
  )
  assert.deepEqual(tops, [10.2])
  assert.deepEqual([rebuilt.lowestBid, rebuilt.highestAsk, rebuilt.last], [9, 11, 101])
  const late = new RebuiltBook()
  late.event(event(103, 104))
  assert.equal(late.snapshot(SNAPSHOT), false, 'updates 101 and 102 are missing')
})

test('a missing event ends the book; the next snapshot begins it again with the events since', () => {
  const rebuilt = new RebuiltBook()
  rebuilt.snapshot(SNAPSHOT)
  assert.equal(rebuilt.event(event(101, 102)), true)
  assert.equal(rebuilt.event(event(104, 105)), false)
  assert.equal(rebuilt.last, undefined)
  assert.equal(rebuilt.event(event(106, 107, [['10.9', '1']])), false)
  assert.equal(rebuilt.snapshot({ ...SNAPSHOT, last: 105 }), true)
  assert.deepEqual([rebuilt.last, rebuilt.book.bids.bestPrice], [107, 10.9])
})

test('a snapshot that is fetched while the book goes on replaces it without a gap', () => {
  const rebuilt = new RebuiltBook()
  rebuilt.snapshot(SNAPSHOT)
  rebuilt.expectSnapshot()
  assert.equal(rebuilt.event(event(101, 102)), true)
  assert.equal(rebuilt.event(event(103, 104, [['10.9', '1']])), true)
  assert.equal(rebuilt.snapshot({ ...SNAPSHOT, last: 102 }), true)
  assert.deepEqual([rebuilt.last, rebuilt.book.bids.bestPrice], [104, 10.9])
  assert.equal(rebuilt.event(event(105, 106)), true)
})

test('depth frames and snapshots of another form than the document’s are none', () => {
  const frame = '{"e":"depthUpdate","E":1,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","0"]]}'
  const read = (text: string) => binanceDepth.readEvent(Buffer.from(text))
  assert.deepEqual(read(frame), {
    ...{ symbol: 'BNBBTC', first: 157, last: 160 },
    ...{ bids: [['0.0024', '10']], asks: [['0.0026', '0']] },
  })
  assert.deepEqual(read(`{"stream":"bnbbtc@depth@100ms","data":${frame}}`), read(frame))
  for (const other of ['', '[]', '{"e":"trade"}', frame.replace('"10"', '"-1"'), frame.replace('157', '"157"')])
    assert.equal(read(other), undefined, other)
  const answer = { lastUpdateId: 160, bids: [['0.0024', '10']], asks: [] }
  assert.deepEqual(binanceDepth.readSnapshot(answer), { last: 160, bids: [['0.0024', '10']], asks: [] })
  for (const other of [null, {}, { ...answer, bids: [['x', '1']] }, { code: -1121, msg: 'Invalid symbol.' }])
    assert.equal(binanceDepth.readSnapshot(other), undefined)
})
