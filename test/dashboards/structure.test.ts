/** What Grafana's own dashboard linter asks of a dashboard, as far as it is not about PromQL, and that the files are what the code prints. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import type { GridPos, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { SOURCE } from '../../dashboards/clickhouse.ts'
import { targetText } from '../../dashboards/figures.ts'
import { DASHBOARDS, printed } from '../../dashboards/index.ts'
import { METRICS, type MetricDefinition, type MetricName } from '../../src/observe/metrics.ts'
import { panelsOf, statementsOf, targetsOf } from '../support/dashboard-statements.ts'

/** Of Grafana's units those that are used. */
const UNITS = new Set(['none', 'short', 'percentunit', 'bytes', 's', 'ms', 'cps'])
const ALL = Object.entries(DASHBOARDS).map(([file, make]) => ({ file, dashboard: make() }))

for (const { file, dashboard } of ALL) {
  test(`${file} is what the code prints: run npm run dashboards`, () => {
    const held = fs.readFileSync(new URL(`../../dashboards/${file}`, import.meta.url), 'utf8')
    assert.equal(held, printed(dashboard))
  })

  test(`${file}: a dashboard of the first schema, not editable where it is provisioned, refreshed, with a data source to choose`, () => {
    assert.ok(dashboard.uid?.startsWith('tickhouse-') && dashboard.title && dashboard.description)
    assert.ok(dashboard.schemaVersion >= 36 && Array.isArray(dashboard.panels))
    assert.equal(dashboard.editable, false)
    assert.ok(dashboard.refresh && dashboard.time)
    const [datasource] = dashboard.templating.list!
    assert.deepEqual([datasource!.name, datasource!.type, datasource!.query], ['datasource', 'datasource', SOURCE.type])
    for (const variable of dashboard.templating.list!.slice(1)) {
      assert.ok(variable.label, variable.name)
      if (variable.type === 'query') assert.deepEqual(variable.datasource, SOURCE, variable.name)
    }
    for (const mark of dashboard.annotations.list ?? []) assert.deepEqual(mark.datasource, SOURCE, mark.name)
  })

  test(`${file}: every panel has a title, a description, a unit, one statement and the chosen data source`, () => {
    for (const panel of panelsOf(dashboard)) {
      assert.ok(panel.title && panel.description, JSON.stringify(panel.gridPos))
      assert.deepEqual(panel.datasource, SOURCE, panel.title)
      const targets = targetsOf(panel)
      assert.equal(targets.length, 1, panel.title)
      for (const { datasource, rawSql } of targets) {
        assert.deepEqual(datasource, SOURCE, panel.title)
        assert.ok(rawSql.startsWith('SELECT'), panel.title)
      }
      if (panel.type !== 'logs') assert.ok(UNITS.has(panel.fieldConfig?.defaults.unit ?? ''), panel.title)
      for (const { properties } of panel.fieldConfig?.overrides ?? [])
        for (const { id, value } of properties) if (id === 'unit') assert.ok(UNITS.has(value), panel.title)
    }
  })

  test(`${file}: panels have ids and titles of their own and lie beside each other`, () => {
    const panels = dashboard.panels!
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    const titles = panelsOf(dashboard).map(({ title }) => title)
    assert.deepEqual(titles, [...new Set(titles)])
    for (const [index, { gridPos }] of panels.entries()) {
      assert.ok(gridPos && gridPos.x >= 0 && gridPos.x + gridPos.w <= 24, `panel ${index}`)
      for (const other of panels.slice(index + 1))
        assert.ok(!overlap(gridPos, other.gridPos!), `${other.title} lies on ${panels[index]!.title}`)
    }
  })

  test(`${file}: every statement over figures names figures that there are`, () => {
    for (const { sql } of statementsOf(dashboard)) {
      if (!/\bFROM metrics\b/.test(sql)) continue
      const [, one, several = ''] = /name (?:= '(\w+)'|IN \(([^)]*)\))/.exec(sql) ?? []
      for (const name of one ? [one] : several.split(', ').map(quoted => quoted.slice(1, -1)))
        if (name) assert.ok(Object.hasOwn(METRICS, name), name)
    }
  })
}

function overlap(a: GridPos, b: GridPos): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

test('dashboards are told apart by their uid', () => {
  assert.equal(new Set(ALL.map(({ dashboard }) => dashboard.uid)).size, ALL.length)
})

const drawn = (name: string): Panel[] =>
  panelsOf(DASHBOARDS['pipeline.json']!()).filter(panel =>
    targetsOf(panel).some(({ rawSql }) => rawSql.includes(`'${name}'`)),
  )

test('the pipeline shows every figure, with its targets in words, and as thresholds where they are amounts', () => {
  for (const [name, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
    // The watcher shares no tables with the house: its figures are Prometheus' alone.
    if (definition.station === 'watch') continue
    const [panel, another] = drawn(name)
    assert.ok(panel && !another, name)
    assert.ok(panel.description!.includes(definition.help), name)
    for (const target of definition.targets ?? []) {
      assert.ok(panel.description!.includes(targetText(name, target)), name)
      if (panel.type !== 'timeseries') continue
      const bound = target.atLeast ?? target.atMost!
      const steps = panel.fieldConfig!.defaults.thresholds!.steps.map(({ value }) => value)
      assert.ok(steps.includes(bound === 0 ? 1 : bound), `${name}: ${bound} is not among ${steps}`)
      assert.equal(panel.fieldConfig!.defaults.custom.thresholdsStyle.mode, 'dashed', name)
    }
  }
})
