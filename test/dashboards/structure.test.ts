/** The rules of Grafana's dashboard linter that do not concern PromQL, and that the files are what the code prints. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import type { GridPos, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { SOURCE } from '../../dashboards/clickhouse.ts'
import { DASHBOARDS, printed } from '../../dashboards/index.ts'
import { targetText } from '../../dashboards/metrics.ts'
import { METRICS, type MetricDefinition, type MetricName } from '../../src/telemetry/metrics.ts'
import { panelsOf, rowsOf, statementsOf, targetsOf } from '../support/judges/dashboard-statements.ts'

/** Of Grafana's units those that are used. */
const UNITS = new Set([
  ...['none', 'short', 'string', 'locale', 'percentunit', 'bytes', 's', 'ms'],
  ...['suffix:/s', 'suffix:×', 'suffix: bp', 'time:YYYY-MM-DD HH:mm:ss', 'time:HH:mm:ss.SSS'],
])
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

  test(`${file}: panels have ids of their own, and each row is filled from edge to edge, without a hole or a step`, () => {
    const rows = rowsOf(dashboard)
    const ids = rows.flatMap(({ heading, panels }) => [heading.id, ...panels.map(({ id }) => id!)])
    assert.equal(new Set(ids).size, ids.length)
    let y = 0
    for (const { heading, panels } of rows) {
      assert.deepEqual(heading.gridPos, { x: 0, y, w: 24, h: 1 }, heading.title)
      const bottom = Math.max(...panels.map(({ gridPos }) => gridPos!.y + gridPos!.h))
      for (let line = y + 1; line < bottom; line++)
        for (let column = 0; column < 24; column++)
          assert.equal(
            panels.filter(panel => covers(panel.gridPos!, column, line)).length,
            1,
            `${heading.title}: ${column}, ${line}`,
          )
      y = heading.collapsed ? y + 1 : bottom
    }
  })

  test(`${file}: the first row is open, and what is below it is closed where it is only looked at now and then`, () => {
    const [first, ...others] = rowsOf(dashboard)
    assert.equal(first!.heading.collapsed, false)
    for (const { heading, panels } of others) {
      assert.equal(heading.panels.length > 0, heading.collapsed, heading.title)
      if (panels.length > 3 || file === 'pipeline.json')
        assert.ok(heading.collapsed || file === 'archive.json', heading.title)
    }
  })

  test(`${file}: every panel has a text for an empty result, counts are whole numbers, and bars do not fill a panel`, () => {
    for (const panel of panelsOf(dashboard)) {
      const { defaults } = panel.fieldConfig!
      assert.ok(defaults.noValue, panel.title)
      if (panel.type !== 'timeseries') continue
      assert.equal(defaults.custom.axisSoftMin, 0, panel.title)
      if (['short', 'suffix:/s'].includes(defaults.unit!)) assert.ok(defaults.custom.axisSoftMax >= 5, panel.title)
      if (defaults.custom.drawStyle === 'bars') assert.ok(defaults.custom.barMaxWidth <= 40, panel.title)
    }
  })

  test(`${file}: a table writes what is text, or has no unit of its own, to all its digits`, () => {
    for (const panel of panelsOf(dashboard).filter(({ type }) => type === 'table'))
      assert.equal(panel.fieldConfig!.defaults.unit, 'string', panel.title)
  })

  test(`${file}: no column of a table is written with three significant digits, and times and states are no wider than they are`, () => {
    for (const panel of panelsOf(dashboard).filter(({ type }) => type === 'table')) {
      const looks = new Map(
        panel.fieldConfig!.overrides.map(({ matcher, properties }) => [
          matcher.options as string,
          new Map(properties.map(({ id, value }) => [id, value])),
        ]),
      )
      for (const [column, properties] of looks) {
        const unit: string = properties.get('unit') ?? 'text'
        assert.ok(
          unit.startsWith('time:') || ['text', 'string'].includes(unit) || properties.has('decimals'),
          `${panel.title}: ${column}`,
        )
        if (unit.startsWith('time:') || (properties.has('mappings') && panel.title !== 'All symbols'))
          assert.ok(properties.get('custom.width') <= 170, `${panel.title}: ${column}`)
      }
    }
  })

  test(`${file}: every metric that a statement names exists`, () => {
    for (const { sql } of statementsOf(dashboard)) {
      if (!/\bFROM metrics\b/.test(sql)) continue
      const [, one, several = ''] = /name (?:= '(\w+)'|IN \(([^)]*)\))/.exec(sql) ?? []
      for (const name of one ? [one] : several.split(', ').map(quoted => quoted.slice(1, -1)))
        if (name) assert.ok(Object.hasOwn(METRICS, name), name)
    }
  })
}

const covers = ({ x, y, w, h }: GridPos, column: number, line: number) =>
  column >= x && column < x + w && line >= y && line < y + h

test('no two panels of any dashboards have one title', () => {
  const titles = ALL.flatMap(({ dashboard }) => panelsOf(dashboard).map(({ title }) => title!))
  assert.deepEqual(titles.toSorted(), [...new Set(titles)].sort())
})

test('candles and the volume below them have as many steps and as wide an axis, in one pair of colours', () => {
  const panels = panelsOf(DASHBOARDS['market.json']!())
  const candles = panels.filter(({ type }) => type === 'candlestick')
  const volume = panels.find(({ title }) => title === '$symbol: volume by side')!
  assert.equal(candles.length, 3)
  for (const panel of [...candles, volume]) {
    assert.ok(panel.maxDataPoints! <= 200, panel.title)
    assert.equal(panel.maxDataPoints, volume.maxDataPoints, panel.title)
    assert.ok(panel.fieldConfig!.defaults.custom.axisWidth > 0)
    assert.equal(panel.fieldConfig!.defaults.custom.axisWidth, volume.fieldConfig!.defaults.custom.axisWidth)
  }
  const colours = volume.fieldConfig!.overrides.map(({ properties }) => properties[0]!.value.fixedColor)
  assert.deepEqual(colours, [candles[0]!.options.colors.up, candles[0]!.options.colors.down])
})

test('every dashboard leads to the others', () => {
  for (const { file, dashboard } of ALL) {
    const [link] = dashboard.links!
    assert.deepEqual([link!.type, link!.asDropdown, link!.keepTime], ['dashboards', false, true], file)
    assert.deepEqual(link!.tags, dashboard.tags, file)
  }
})

test('every dashboard has a uid of its own', () => {
  assert.equal(new Set(ALL.map(({ dashboard }) => dashboard.uid)).size, ALL.length)
})

const drawn = (name: string): Panel[] =>
  panelsOf(DASHBOARDS['pipeline.json']!()).filter(panel =>
    targetsOf(panel).some(({ rawSql }) => rawSql.includes(`'${name}'`)),
  )

test('the pipeline shows every metric over time once, with its targets in words, and as lines if they are amounts', () => {
  for (const [name, definition] of Object.entries(METRICS) as [MetricName, MetricDefinition][]) {
    // The watcher writes no tables: its metrics are only at /metrics.
    if (definition.station === 'watch') continue
    const [panel, another] = drawn(name).filter(({ type }) => type !== 'stat')
    assert.ok(panel && !another, name)
    assert.ok(panel.description!.includes(definition.help), name)
    for (const target of definition.targets ?? []) {
      assert.ok(panel.description!.includes(targetText(name, target)), name)
      if (panel.type !== 'timeseries') continue
      const bound = target.atLeast ?? target.atMost!
      const steps = panel.fieldConfig!.defaults.thresholds!.steps.map(({ value }) => value)
      assert.ok(steps.includes(bound === 0 ? 1 : bound), `${name}: ${bound} is not among ${steps}`)
      // A named line for each bound: the legend shows which belongs to which series.
      if (bound > 0)
        assert.ok(
          targetsOf(panel)[0]!.rawSql.includes(`'target ${targetText(name, target)}' AS series, toFloat64(${bound}) `),
          name,
        )
    }
  }
})

test('the pipeline begins with six metrics and their targets, coloured by them', () => {
  const [first] = rowsOf(DASHBOARDS['pipeline.json']!())
  const tiles = first!.panels.filter(({ type }) => type === 'stat')
  assert.deepEqual(
    tiles.map(({ title }) => title),
    [
      'Received',
      'Stored',
      'Freshness, p99: at most 1 s',
      'Lag: at most 5 s',
      'Open gaps: none',
      'Free disk space: at least 1 GiB',
    ],
  )
  assert.deepEqual(
    tiles.map(({ gridPos, fieldConfig }) => [
      gridPos!.y,
      fieldConfig!.defaults.thresholds!.steps.map(({ value }) => value),
    ]),
    [
      [1, [null, 0.001]],
      [1, [null, 0.001]],
      [1, [null, 1]],
      [1, [null, 5]],
      [1, [null, 1]],
      [1, [null, 2 ** 30]],
    ],
  )
})
