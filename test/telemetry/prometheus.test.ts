import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS, type Measurement } from '../../src/telemetry/metrics.ts'
import { toPrometheus } from '../../src/telemetry/prometheus.ts'

const MEASURED: Measurement[] = [
  { name: 'ingest_lag_ticks', labels: { partition: '0' }, value: 7 },
  { name: 'ingest_lag_ticks', labels: { partition: '1' }, value: 0 },
  { name: 'ingest_stored_ticks_total', labels: {}, value: 12_000 },
]

test('metrics have help, kind and labels, and their targets beside them', async () => {
  const lines = (await toPrometheus(MEASURED)).split('\n')
  assert.ok(lines.includes('# TYPE tickhouse_ingest_lag_ticks gauge'))
  assert.ok(lines.includes('tickhouse_ingest_lag_ticks{partition="0"} 7'))
  assert.ok(lines.includes('tickhouse_ingest_lag_ticks{partition="1"} 0'))
  assert.ok(lines.includes('# TYPE tickhouse_ingest_stored_ticks_total counter'))
  assert.ok(lines.includes('tickhouse_ingest_stored_ticks_total 12000'))
  assert.ok(
    lines.includes('tickhouse_target{metric="tickhouse_store_freshness_seconds",bound="at_most",quantile="p99"} 1'),
  )
})

test('a label that a metric does not define is refused', async () => {
  await assert.rejects(toPrometheus([{ name: 'log_bytes', labels: { symbol: 'BTCUSDT' }, value: 1 }]))
})

test('names follow the rules of Prometheus: units spelled out, counters end in total', () => {
  for (const [name, { kind, labels, targets = [] }] of Object.entries(METRICS)) {
    assert.match(name, /^[a-z]+(_[a-z]+)+$/)
    assert.equal(name.endsWith('_total'), kind === 'counter', name)
    assert.ok(!labels.includes('symbol'), `${name} would grow with the market`)
    for (const target of targets) {
      assert.ok(target.atMost !== undefined || target.atLeast !== undefined, `${name} has a target without a bound`)
      for (const label of Object.keys(target.labels ?? {})) assert.ok(labels.includes(label), `${name} ${label}`)
    }
  }
})
