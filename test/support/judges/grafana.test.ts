/**
 * The stand-in for Grafana's expansion of statements, compared with the examples in the data source's documentation.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expand } from './grafana.ts'

const RANGE = { fromMs: 1_415_792_726_123, toMs: 1_447_328_726_456, intervalMs: 20_000 }
const expanded = (sql: string, variables = {}) => expand(sql, RANGE, variables)

test('macros become what the documentation of the data source shows', () => {
  for (const [macro, shown] of Object.entries({
    '$__timeFilter(time)': 'time >= toDateTime(1415792726) AND time <= toDateTime(1447328726)',
    '$__timeFilter_ms(time)':
      'time >= fromUnixTimestamp64Milli(1415792726123) AND time <= fromUnixTimestamp64Milli(1447328726456)',
    '$__dateFilter(date)': "date >= toDate('2014-11-12') AND date <= toDate('2015-11-12')",
    $__fromTime: 'toDateTime(1415792726)',
    $__toTime: 'toDateTime(1447328726)',
    $__fromTime_ms: 'fromUnixTimestamp64Milli(1415792726123)',
    $__toTime_ms: 'fromUnixTimestamp64Milli(1447328726456)',
    $__interval_s: '20',
    '$__timeInterval(column)': 'toStartOfInterval(toDateTime(column), INTERVAL 20 second)',
    '$__timeInterval_ms(column)': 'toStartOfInterval(toDateTime64(column, 3), INTERVAL 20000 millisecond)',
  }))
    assert.equal(expanded(macro), shown)
})

test('a condition falls away where all is chosen, and takes quoted values else, brackets and commas within it', () => {
  const sql = "$__conditionalAll(concat(a, ',') IN ($" + '{v:singlequote}), $v) AND b'
  assert.equal(expanded(sql, { v: '$__all' }), '1=1 AND b')
  assert.equal(expanded(sql, { v: ["it's", 'two'] }), "concat(a, ',') IN ('it\\'s','two') AND b")
})

test('percent-encoding leaves nothing that could end a text', () => {
  const text = "it's (100%) \\ *!"
  const sent = expanded("'$" + "{t:percentencode}'", { t: text })
  assert.match(sent, /^'[\w.~%-]*'$/)
  assert.equal(decodeURIComponent(sent.slice(1, -1)), text)
})

test('what is not known is refused, not passed over', () => {
  assert.throws(() => expanded('$__timeGroup(a)'), /there is no macro/)
  assert.throws(() => expanded('SELECT $other'), /there is no variable/)
  assert.throws(() => expanded('$__timeFilter(a, b)'), /2 arguments/)
})
