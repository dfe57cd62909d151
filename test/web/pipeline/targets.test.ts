import assert from 'node:assert/strict'
import { test } from 'node:test'
import { METRICS } from '../../../src/telemetry/metrics.ts'
import { atLeast, targetOf } from '../../../web/src/pipeline/targets.ts'

test('a target is the declared one, in the words of the page, and kept up to its bound', () => {
  const [declared] = METRICS.ingest_lag_seconds.targets!
  const boundMs = declared!.atMost! * 1000
  assert.equal(targetOf('ingest_lag_seconds', boundMs)?.kept, true)
  assert.equal(targetOf('ingest_lag_seconds', boundMs + 1)?.kept, false)
  assert.match(targetOf('ingest_lag_seconds', 0)!.text, /^≤ \d.* s$/)
})

test('of quantiles each has its own', () => {
  const texts = (['p50', 'p99'] as const).map(quantile => targetOf('store_freshness_seconds', 0, quantile)?.text)
  assert.notEqual(texts[0], texts[1])
  assert.equal(targetOf('store_freshness_seconds', 0), undefined)
})

test('what is not known is neither kept nor missed, and where nothing is declared there is no target', () => {
  assert.equal(targetOf('ingest_lag_seconds', null)?.kept, null)
  assert.equal(targetOf('store_ticks', 1), undefined)
  assert.deepEqual(targetOf('ingest_open_gaps', 1), { text: 'should be none', kept: false })
  assert.deepEqual(atLeast(5, 4, String), { text: '≥ 5', kept: false })
})
