/** What a strategy computes of the market: equal in training and in play. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { schemaOf } from '../../../src/lab/features/schema.ts'
import { CLASSIFIER } from '../../../src/lab/strategies/classifier.ts'
import { BTC, ETH, LAB_START_MICROS, play, randomTicks, runOf, type Tick } from '../../support/data/lab-market.ts'

type FeatureRow = { at: string; symbol: string; price: number; values: (number | 'nan')[] }

function featuresOf(ticks: readonly Tick[], parameters = { every_seconds: 1, window: 5 }): FeatureRow[] {
  const { engine, rows } = runOf(CLASSIFIER.make({ ...CLASSIFIER.parameters, ...parameters }), {
    instruments: [BTC, ETH],
    keepsFeatures: true,
  })
  play(engine, ticks, 50)
  return (rows.lab_features ?? []) as unknown as FeatureRow[]
}

const NAMES = schemaOf(1, 5, '1,3,10,30').names
const featureOf = ({ values }: FeatureRow, name: string) => values[NAMES.indexOf(name)]

test('features are those of a calculation by hand', () => {
  const ticks: Tick[] = []
  for (let second = 0; second < 32; second++) {
    const bid = 100 + second
    ticks.push({ atMs: second * 1000 + 100, bid, bidSize: 3, ask: bid + 2, askSize: 1 })
    ticks.push({ atMs: second * 1000 + 500, price: bid, volume: second === 30 ? 3 : 1, side: 'sell' })
    if (second % 2 === 0) ticks.push({ atMs: second * 1000 + 600, price: bid + 2, volume: 1, side: 'buy' })
  }
  const [first, ...later] = featuresOf(ticks)
  assert.equal(later.length, 0, 'a row for each sample after 31 of them, and none before')
  assert.equal(first!.at, '2026-11-22 12:00:31.000000')
  assert.equal(first!.price, 131)
  assert.equal(featureOf(first!, 'return_1'), Math.log(131 / 130))
  assert.equal(featureOf(first!, 'return_30'), Math.log(131 / 101))
  assert.equal(featureOf(first!, 'flow_1'), (1 - 3) / 4)
  // Seconds 26 to 30: sold 1 + 1 + 1 + 1 + 3, bought 1 in each even one.
  assert.equal(featureOf(first!, 'flow'), (3 - 7) / 10)
  assert.equal(featureOf(first!, 'quote_imbalance'), 0.5)
  assert.equal(featureOf(first!, 'spread_bps'), (2 / 131) * 10_000)
  assert.equal(featureOf(first!, 'trades_per_second'), 8 / 5)
  assert.equal(featureOf(first!, 'volume_ratio'), (4 * 5) / 10)
  const squares = [127, 128, 129, 130, 131].map(price => Math.log(price / (price - 1)) ** 2)
  const volatility = Math.sqrt(squares.reduce((a, b) => a + b) / 5) * 10_000
  assert.ok(Math.abs(Number(featureOf(first!, 'volatility_bps')) - volatility) < 1e-9)
})

test('features are equal to the last bit wherever the run began', () => {
  const ticks = randomTicks(3, 1_500)
  const whole = new Map(featuresOf(ticks).map(row => [`${row.at} ${row.symbol}`, row]))
  for (const from of [100, 555]) {
    const later = featuresOf(ticks.slice(from))
    assert.ok(later.length > 100)
    // Before its first quote an instrument is marked by its last trade.
    for (const row of later.slice(20)) assert.deepEqual(row, whole.get(`${row.at} ${row.symbol}`))
  }
  assert.ok(Date.parse(`${[...whole.values()][0]!.at.slice(0, 23)}Z`) * 1000 > LAB_START_MICROS)
})

test('without quotes, what is of quotes is not known, and the price is that of the last trade', () => {
  const ticks = Array.from({ length: 33 }, (_, second): Tick => ({ atMs: second * 1000 + 1, price: 100 + second }))
  const [row] = featuresOf(ticks)
  assert.deepEqual([row!.price, featureOf(row!, 'quote_imbalance'), featureOf(row!, 'spread_bps')], [130, 'nan', 'nan'])
})

test('another period, window or meaning is another schema', () => {
  const hashes = [
    schemaOf(1, 5, '1,3,10,30'),
    schemaOf(2, 5, '1,3,10,30'),
    schemaOf(1, 6, '1,3,10,30'),
    schemaOf(1, 5, '1,3'),
  ].map(({ hash }) => hash)
  assert.equal(new Set(hashes).size, 4)
  assert.throws(() => schemaOf(0.5, 5, '1'), { code: 'config_invalid', message: /0\.5 is not a whole number/ })
})
