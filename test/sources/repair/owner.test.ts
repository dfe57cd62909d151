import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Announcement } from '../../../src/log/status-board.ts'
import { RepairOwner } from '../../../src/sources/repair/owner.ts'
import { RECORDERS } from '../../../src/sources/status.ts'

const recorder = (name: string, sources: string, ageMs = 0): Announcement => ({
  ...{ key: `${RECORDERS}${name}`, atMs: Date.now() - ageMs },
  body: { sources, selection: { configured: sources, outcomes: [] }, repairs: [] },
})

/** Who of these repairs a symbol. */
const owners = (all: Announcement[], venue: string, symbol: string): string[] =>
  all
    .filter(({ key }) => new RepairOwner({ announcements: () => all }, key).isOurs()(venue, symbol))
    .map(({ key }) => key.slice(RECORDERS.length))

test('of several recorders of a symbol exactly one repairs it, and each has its own symbols', () => {
  const all = [
    recorder('a', 'binance:BTCUSDT,ETHUSDT'),
    recorder('b', 'binance:BTCUSDT kraken:BTC/USD'),
    recorder('c', 'binance:BTCUSDT kraken:BTC/USD'),
  ]
  assert.deepEqual(owners(all, 'binance', 'BTCUSDT'), ['a'])
  assert.deepEqual(owners(all.slice(1), 'kraken', 'BTC/USD'), ['b'])
  // The first one does not record it: it has no subscription to request trades by.
  assert.deepEqual(owners(all, 'kraken', 'BTC/USD'), ['a', 'b'])
})

test('a recorder that is gone is not waited for, nor is one whose sources cannot be read', () => {
  const all = [
    recorder('a', 'binance:BTCUSDT', 60_000),
    recorder('b', 'binance:BTCUSDT'),
    recorder('c', 'binance:BTCUSDT'),
  ]
  assert.deepEqual(owners(all, 'binance', 'BTCUSDT'), ['a', 'b'])
  const odd = [recorder('a', 'nosuchvenue:X'), recorder('b', 'binance:BTCUSDT')]
  assert.deepEqual(owners(odd, 'binance', 'BTCUSDT'), ['a', 'b'])
})
