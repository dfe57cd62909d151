import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latency } from '../../src/sources/latency.ts'

test('quantiles cover the last seconds, negative latencies included', () => {
  const latency = new Latency(1000)
  assert.equal(latency.quantiles(10_000), null)
  for (let i = 1; i <= 100; i++) latency.add(i - 50, 10_000 + i)
  assert.deepEqual(latency.quantiles(10_200), { p50: 1, p99: 50, max: 50 })
  latency.add(-7, 11_500)
  assert.equal(latency.quantiles(11_500)?.max, 50)
  assert.deepEqual(latency.quantiles(12_600), { p50: -7, p99: -7, max: -7 })
  assert.equal(latency.quantiles(20_000), null)
})

test('the maximum is exact for any number of trades, and the median is unbiased', () => {
  const latency = new Latency(1000)
  for (let i = 0; i < 50_000; i++) latency.add(i === 40_001 ? 999 : i % 100, 10_000)
  const { p50, max } = latency.quantiles(10_000)!
  assert.equal(max, 999)
  assert.ok(p50 > 35 && p50 < 65, String(p50))
})
