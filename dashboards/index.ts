/**
 * All dashboards and the alert rules, by output file: `npm run dashboards`. A test compares the files with the code.
 */
import fs from 'node:fs'
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { printedRules } from './alerts.ts'
import { archiveAndAudit } from './archive.ts'
import { logs } from './logs.ts'
import { market } from './market.ts'
import { pipeline } from './pipeline.ts'

export const DASHBOARDS: Readonly<Record<string, () => Dashboard>> = {
  'market.json': market,
  'pipeline.json': pipeline,
  'logs.json': logs,
  'archive.json': archiveAndAudit,
}

export const RULES_FILE: URL = new URL('../deploy/prometheus/tickhouse.rules.yaml', import.meta.url)

/** The content of the file. */
export const printed = (dashboard: Dashboard): string => `${JSON.stringify(dashboard, null, 2)}\n`

if (import.meta.main) {
  for (const [file, make] of Object.entries(DASHBOARDS))
    fs.writeFileSync(new URL(file, import.meta.url), printed(make()))
  fs.writeFileSync(RULES_FILE, printedRules())
}
