/** Measurements in the text format of Prometheus. */
import { Counter, Gauge, Registry } from 'prom-client'
import { METRICS, type Measurement, type MetricName } from './metrics.ts'

const PREFIX = 'tickhouse_'

/** The name of a metric in Prometheus. */
export const prometheusName = (name: MetricName): string => `${PREFIX}${name}`

/** `text/plain; version=0.0.4` */
export const PROMETHEUS_CONTENT_TYPE: string = Registry.PROMETHEUS_CONTENT_TYPE

/** The text of a scrape: the given measurements, and the targets of all metrics. */
export async function toPrometheus(measurements: readonly Measurement[]): Promise<string> {
  const registry = new Registry()
  for (const [name, measured] of Map.groupBy(measurements, measurement => measurement.name)) {
    const { kind, help, labels } = METRICS[name]
    const settings = { name: prometheusName(name), help, labelNames: [...labels], registers: [registry] }
    if (kind === 'gauge') {
      const gauge = new Gauge(settings)
      for (const { labels, value } of measured) gauge.set(labels, value)
    } else {
      const counter = new Counter(settings)
      for (const { labels, value } of measured) counter.inc(labels, value)
    }
  }
  addTargets(registry)
  return registry.metrics()
}

/** Each target is a series, so that graphs and rules can compare a metric with it. */
function addTargets(registry: Registry): void {
  const gauge = new Gauge({
    name: `${PREFIX}target`,
    help: 'Bound that a metric should keep: at most or at least',
    labelNames: ['metric', 'bound', 'quantile'],
    registers: [registry],
  })
  for (const [name, { targets = [] }] of Object.entries(METRICS)) {
    const metric = prometheusName(name as MetricName)
    for (const { labels = {}, atMost, atLeast } of targets) {
      if (atMost !== undefined) gauge.set({ metric, bound: 'at_most', ...labels }, atMost)
      if (atLeast !== undefined) gauge.set({ metric, bound: 'at_least', ...labels }, atLeast)
    }
  }
}
