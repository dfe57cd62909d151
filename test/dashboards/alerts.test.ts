import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import { alertGroups, type Group, printedRules, type Rule } from '../../dashboards/alerts.ts'
import { RULES_FILE } from '../../dashboards/index.ts'
import { definitionOf } from '../../dashboards/metrics.ts'
import { EVENTS } from '../../src/telemetry/events.ts'
import { METRICS, type MetricName } from '../../src/telemetry/metrics.ts'
import { prometheusName } from '../../src/telemetry/prometheus.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RULES = alertGroups().flatMap(({ rules }) => rules)
const NAMES = new Map((Object.keys(METRICS) as MetricName[]).map(name => [prometheusName(name), name]))
const TARGETS = Object.values(METRICS).reduce((sum, { targets = [] }) => sum + targets.length, 0)

test('the rules are what the code prints: run npm run dashboards', () => {
  const held = fs.readFileSync(RULES_FILE, 'utf8')
  assert.equal(held, printedRules())
  assert.deepEqual((parse(held) as { groups: Group[] }).groups, alertGroups())
})

test('every series that a rule names is a metric of ours, with labels that it has', () => {
  for (const { alert, expr, annotations } of RULES) {
    const series = [...expr.matchAll(/\b(tickhouse_\w+)(?:\{([^}]*)\})?/g)]
    assert.ok(series.length > 0, alert)
    for (const [, full, matchers = ''] of series) {
      const name = NAMES.get(full!)
      assert.ok(name, `${alert}: ${full}`)
      for (const [, label] of matchers.matchAll(/(\w+)(?:=~|!=|=)"/g))
        assert.ok(definitionOf(name).labels.includes(label!), `${alert}: ${full} has no label ${label}`)
      for (const [, label] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
        assert.ok(definitionOf(name).labels.includes(label!), `${alert}: ${full} has no label ${label}`)
    }
    for (const [, names] of expr.matchAll(/event=~"([^"]*)"/g))
      for (const event of names!.split('|')) assert.ok(Object.hasOwn(EVENTS, event), `${alert}: ${event}`)
  }
})

test('every target has a rule, and every rule names the next step and a document', () => {
  assert.equal(RULES.filter(({ annotations }) => annotations.summary.includes('should be')).length, TARGETS)
  for (const { alert, annotations } of RULES) {
    assert.ok(annotations.next.length > 20, alert)
    assert.ok(fs.existsSync(path.join(ROOT, annotations.page)), `${alert}: ${annotations.page}`)
  }
})

const missing = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).error && 'promtool not found'
/** In CI it must be there. */
const skip = missing && process.env.CI !== 'true' ? missing : false

describe("by Prometheus' own tool", { skip }, () => {
  test('the rules are accepted', () => {
    execFileSync('promtool', ['check', 'rules', fileURLToPath(RULES_FILE)], { stdio: 'pipe' })
  })

  test('the rule of a target fires once it is missed for the time of its `for`, not before, and not while it is met', t => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-rules-'))
    t.after(() => fs.rmSync(directory, { recursive: true }))
    const file = path.join(directory, 'tests.yaml')
    const tests = RULES.flatMap(testsOf)
    // Two for each target, except counters, whose rule is on their increase.
    assert.ok(tests.length >= 2 * (TARGETS - 1), `${tests.length} tests of ${TARGETS} targets`)
    fs.writeFileSync(file, stringify({ rule_files: [fileURLToPath(RULES_FILE)], evaluation_interval: '15s', tests }))
    execFileSync('promtool', ['test', 'rules', file], { stdio: 'pipe' })
  })

  test('a counter whose first sample is new fires, a constant one does not, and the absence of all metrics does', t => {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-rules-'))
    t.after(() => fs.rmSync(directory, { recursive: true }))
    const file = path.join(directory, 'tests.yaml')
    const alive = [
      { series: 'tickhouse_store_ticks{kind="trades"}', values: '1x60' },
      { series: 'tickhouse_source_connected{venue="kraken",connection="1"}', values: '1x60' },
      { series: 'tickhouse_source_ticks_per_second{venue="kraken",connection="1"}', values: '5x60' },
    ]
    const lost = 'tickhouse_events_total{process="ingest",event="range_lost",level="error"}'
    const refused = 'tickhouse_ingest_refused_ticks_total{reason="symbol_invalid"}'
    const tests = [
      firing([], { TickhouseSilent: 1, TickhouseNothingReceived: 1, TickhouseTicksLost: 0 }),
      firing(alive, { TickhouseSilent: 0, TickhouseNothingReceived: 0 }),
      firing([{ series: lost, values: '_x55 1x5' }], { TickhouseTicksLost: 1 }),
      firing([{ series: lost, values: '1x60' }], { TickhouseTicksLost: 0 }),
      firing([{ series: refused, values: '1x55 3x5' }], { TickhouseTicksRefused: 1 }),
      firing([{ series: refused.replace('symbol_invalid', 'duplicate_id'), values: '1x55 3x5' }], {
        TickhouseTicksRefused: 0,
      }),
    ]
    fs.writeFileSync(file, stringify({ rule_files: [fileURLToPath(RULES_FILE)], evaluation_interval: '1m', tests }))
    execFileSync('promtool', ['test', 'rules', file], { stdio: 'pipe' })
  })
})

/** After an hour: how many of each alert fire. */
function firing(input: readonly { series: string; values: string }[], expected: Readonly<Record<string, number>>) {
  return {
    interval: '1m',
    input_series: input,
    promql_expr_test: Object.entries(expected).map(([alert, fires]) => ({
      expr: `count(ALERTS{alertname="${alert}",alertstate="firing"}) or vector(0)`,
      eval_time: '60m',
      exp_samples: [{ labels: '{}', value: fires }],
    })),
  }
}

const minutes = (text: string) => Number(text.replace('m', ''))

/** Of a rule that compares one series with a bound: one test with a value beyond the bound, one with the bound itself. */
function testsOf(rule: Rule): object[] {
  const compared = /^(tickhouse_\w+)(?:\{([^}]*)\})? ([<>]) (\S+)$/.exec(rule.expr)
  if (!compared) return []
  const [, full, matchers = '', sign, boundText] = compared
  const definition = definitionOf(NAMES.get(full!)!)
  const given = Object.fromEntries(
    [...matchers.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label!, value!]),
  )
  const labels = Object.fromEntries(definition.labels.map(label => [label, given[label] ?? 'some']))
  const series = `${full}{${Object.entries(labels)
    .map(([label, value]) => `${label}="${value}"`)
    .join(',')}}`
  const bound = Number(boundText)
  // A time is missed by as little, and with as many digits, as times are.
  const by = full!.endsWith('_seconds') ? 0.0041611620000331 : 1
  const beyond = bound + (sign === '>' ? by : -by)
  const lastsMinutes = minutes(rule.for)
  const at = (minute: number, fires: boolean, value: number) => ({
    eval_time: `${minute}m`,
    alertname: rule.alert,
    exp_alerts: fires
      ? [{ exp_labels: { ...labels, ...rule.labels }, exp_annotations: told(rule, labels, value) }]
      : [],
  })
  const interval = '1m'
  const values = (value: number) => [{ series, values: `${value}x${lastsMinutes + 5}` }]
  const before = lastsMinutes > 0 ? [at(lastsMinutes - 1, false, beyond)] : []
  return [
    { interval, input_series: values(beyond), alert_rule_test: [...before, at(lastsMinutes + 1, true, beyond)] },
    { interval, input_series: values(bound), alert_rule_test: [at(lastsMinutes + 1, false, bound)] },
  ]
}

function told({ annotations }: Rule, labels: Readonly<Record<string, string>>, value: number) {
  const summary = annotations.summary
    .replace(/\{\{ ([^{}]*) \$value \}\}/, (_, written: string) => WRITTEN[written]!(value))
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label]!)
  return { ...annotations, summary }
}

/** Four significant digits, as Go's %.4g prints what is neither tiny nor huge. */
const digits = (value: number) => String(Number(value.toPrecision(4)))

/** What Prometheus' template functions make of a value: of those used, for values as they are met here. */
const WRITTEN: Readonly<Record<string, (value: number) => string>> = {
  humanizeDuration: value => {
    if (value < 1) return `${digits(value * 1000)}ms`
    return value < 60 ? `${digits(value)}s` : `${Math.floor(value / 60)}m ${Math.floor(value % 60)}s`
  },
  humanize1024: value => `${digits(value / 2 ** (value < 2 ** 30 ? 20 : 30))}${value < 2 ** 30 ? 'Mi' : 'Gi'}`,
  humanizePercentage: value => `${digits(value * 100)}%`,
  'printf "%.0f"': value => value.toFixed(0),
}

test('no alert prints a value with all its digits', () => {
  for (const { alert, annotations } of RULES)
    for (const [, written] of annotations.summary.matchAll(/\{\{ (.*?)\$value \}\}/g))
      assert.ok(Object.hasOwn(WRITTEN, written!.trim()), `${alert}: ${written}`)
})
