/**
 * All dashboards and the alert rules, by output file, and the Helm chart's copies of them: `npm run dashboards`. Tests
 * compare the files with the code.
 */
import fs from 'node:fs'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { printedRules } from './alerts.ts'
import { archiveAndAudit } from './archive.ts'
import { lab } from './lab.ts'
import { logs } from './logs.ts'
import { market } from './market.ts'
import { pipeline } from './pipeline.ts'

export const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  'market.json': market,
  'pipeline.json': pipeline,
  'logs.json': logs,
  'archive.json': archiveAndAudit,
  'lab.json': lab,
}

export const RULES_FILE: URL = new URL('../deploy/prometheus/tickhouse.rules.yaml', import.meta.url)

/** Copies for the Helm chart, which can read only its own files. */
export const CHART_FILES: URL = new URL('../deploy/helm/tickhouse/files/', import.meta.url)
const CLICKHOUSE_FILE = new URL('../deploy/clickhouse/config.xml', import.meta.url)

/** The content of each of them, by its path below `CHART_FILES`. */
export function chartFiles(): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries(DASHBOARDS).map(([file, make]) => [`dashboards/${file}`, `${JSON.stringify(make())}\n`]),
    ),
    'tickhouse.rules.yaml': printedRules(),
    'clickhouse.xml': fs.readFileSync(CLICKHOUSE_FILE, 'utf8'),
  }
}

/** The content of the file. */
export const printed = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`

if (import.meta.main) {
  for (const [file, make] of Object.entries(DASHBOARDS))
    fs.writeFileSync(new URL(file, import.meta.url), printed(make()))
  fs.writeFileSync(RULES_FILE, printedRules())
  for (const [file, content] of Object.entries(chartFiles())) {
    const target = new URL(file, CHART_FILES)
    fs.mkdirSync(new URL('.', target), { recursive: true })
    fs.writeFileSync(target, content)
  }
}
