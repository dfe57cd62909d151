/** Prints docs/metrics.md from the definitions: `npm run docs`. A test holds the two together. */
import { targetText } from '../dashboards/figures.ts'
import { METRICS, type MetricDefinition, type MetricName } from '../src/telemetry/metrics.ts'

export function metricsPage(): string {
  const stations = Map.groupBy(
    Object.entries(METRICS) as [MetricName, MetricDefinition][],
    ([, { station }]) => station,
  )
  return `# Figures

What the house says of itself in numbers, every five seconds. Each figure is there twice:

- in table \`metrics\`, by the name below: \`SELECT at, value FROM metrics WHERE name = 'ingest_lag_seconds' ORDER BY at DESC LIMIT 10\`.
  \`labels\` is a map, \`process\` and \`instance\` say whose figure it is. Rows stay for \`TICKHOUSE_DIAGNOSTICS_KEEP_DAYS\`.
- at \`/metrics\` for Prometheus, with \`tickhouse_\` before its name. \`tickhouse_target\` has the targets, by \`metric\` and \`bound\`.

A counter only rises while a process runs and begins at 0 with the next: \`instance\` tells the runs apart. Quantiles are p50, p99 and max of
the last few hundred. No label is ever a symbol: what is known by symbol is asked of the ticks.

A target is what the figure should be. The [dashboards](grafana.md) draw it, and an alert rule in \`deploy/prometheus/tickhouse.rules.yaml\`
watches it.
${[...stations].map(([station, figures]) => section(station, figures)).join('')}
This page is printed from \`src/telemetry/metrics.ts\` by \`npm run docs\`.
`
}

function section(station: string, figures: readonly (readonly [MetricName, MetricDefinition])[]): string {
  const rows = figures.map(([name, { kind, help, labels, targets = [] }]) => {
    const target = targets.map(each => targetText(name, each)).join('; ')
    const divided = labels.map(label => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${kind} | ${help} | ${divided || '–'} | ${target || '–'} |`
  })
  return `
## ${station[0]!.toUpperCase()}${station.slice(1)}

| figure | kind | what it says | labels | target |
|---|---|---|---|---|
${rows.join('\n')}
`
}

if (import.meta.main) process.stdout.write(metricsPage())
