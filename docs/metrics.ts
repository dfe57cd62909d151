/** Prints docs/metrics.md from the definitions: `npm run docs`. A test compares the two. */
import { targetText } from '../dashboards/metrics.ts'
import { type Stage, stageName } from '../src/telemetry/definitions/event.ts'
import { METRICS, type MetricDefinition, type MetricName } from '../src/telemetry/metrics.ts'

export function metricsPage(): string {
  const byStage = Map.groupBy(Object.entries(METRICS) as [MetricName, MetricDefinition][], ([, { station }]) => station)
  return `# Metrics

Tickhouse samples its metrics every 5 seconds. They are available in two places:

- Table \`metrics\`, by the name below: \`SELECT at, value FROM metrics WHERE name = 'ingest_lag_seconds' ORDER BY at DESC LIMIT 10\`.
  \`labels\` is a map; \`process\` and \`instance\` identify the process. Rows are kept for \`TICKHOUSE_DIAGNOSTICS_KEEP_DAYS\`.
- \`/metrics\` for Prometheus, with the prefix \`tickhouse_\`. \`tickhouse_target\` has the targets, by \`metric\` and \`bound\`.

A counter only rises while a process runs, and starts at 0 in the next run; \`instance\` distinguishes the runs. Quantiles are p50, p99 and
max of the last few hundred values. No label is a symbol: query the ticks for values by symbol.

A target is the bound that a metric should keep. The [dashboards](grafana.md) draw it, and an alert rule in
\`deploy/prometheus/tickhouse.rules.yaml\` fires when it is missed.
${[...byStage].map(([stage, metrics]) => section(stage, metrics)).join('')}
This page is printed from \`src/telemetry/metrics.ts\` by \`npm run docs\`.
`
}

function section(stage: Stage, metrics: readonly (readonly [MetricName, MetricDefinition])[]): string {
  const name = stageName(stage)
  const rows = metrics.map(([metric, { kind, help, labels, targets = [] }]) => {
    const target = targets.map(each => targetText(metric, each)).join('; ')
    const labelled = labels.map(label => `\`${label}\``).join(', ')
    return `| \`${metric}\` | ${kind} | ${help} | ${labelled || '–'} | ${target || '–'} |`
  })
  return `
## ${name[0]!.toUpperCase()}${name.slice(1)}

| metric | kind | meaning | labels | target |
|---|---|---|---|---|
${rows.join('\n')}
`
}

if (import.meta.main) process.stdout.write(metricsPage())
