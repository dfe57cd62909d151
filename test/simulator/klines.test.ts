import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bars } from '../../src/simulator/klines.ts'
import { emptyOrder, Market } from '../../src/simulator/market/market.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { decoded } from '../support/judges/collecting-sink.ts'

const MINUTE = 60_000_000

interface Kline {
  s: string
  k: { t: number; f: number; L: number; n: number; x: boolean; o: string; h: string; l: string; c: string; v: string }
}

test('bars state the trades of each minute as Binance does, also the last of a minute that is over', () => {
  const options = { symbols: ['BTCUSDT'], seed: 4, ratePerSecond: 100 }
  const market = new Market(options)
  const bars = new Bars(market.instruments)
  const order = emptyOrder()
  const start = 29_000_000 * MINUTE
  let last = market.nextId(0) - 1
  const eventsAt = (micros: number) => bars.events(0, micros, true) as Kline[]
  const empty = eventsAt(start + 1)
  assert.deepEqual([empty.length, empty[0]!.k.f, empty[0]!.k.L, empty[0]!.k.n], [1, -1, -1, 0])
  for (let minute = 0; minute < 3; minute++) {
    const first = last + 1
    for (let step = 0; step < 50; step++) {
      market.next(order)
      bars.record(order, start + minute * MINUTE + step * 1_000_000)
      last = order.firstId + order.fills - 1
    }
    const current = eventsAt(start + minute * MINUTE + 55_000_000).at(-1)!
    assert.deepEqual([current.k.f, current.k.L, current.k.n, current.k.x], [first, last, last - first + 1, false])
    assert.ok(Number(current.k.l) <= Number(current.k.o) && Number(current.k.h) >= Number(current.k.c))
  }
  const [closed, next] = eventsAt(start + 3 * MINUTE + 5)
  assert.deepEqual([closed!.k.L, closed!.k.x], [last, true])
  assert.deepEqual([next!.k.f, next!.k.n, next!.k.t], [-1, 0, start + 3 * MINUTE])
  for (const event of [closed, next]) {
    const { controls, refusals } = decoded(binance.decoder(), JSON.stringify(event))
    assert.deepEqual([controls.map(({ kind }) => kind), refusals], [['witness'], []])
  }
})
