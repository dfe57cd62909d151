/** `tickhouse dashboards`: copies the Grafana dashboards and the Prometheus rules of this version into a directory. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { TickhouseError } from '../errors.ts'

/** Of the repository or of the package. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const DASHBOARDS = 'dashboards'
const RULES = 'deploy/prometheus/tickhouse.rules.yaml'

/**
 * Copies them, over those of another version, and prints the path of each. Creates the directory. Throws
 * `data_unwritable`.
 */
export function copyDashboards(directory: string): void {
  const files = fs
    .readdirSync(path.join(ROOT, DASHBOARDS))
    .filter(file => file.endsWith('.json'))
    .map(file => path.join(DASHBOARDS, file))
  try {
    fs.mkdirSync(directory, { recursive: true })
    for (const file of [...files, RULES]) {
      const copy = path.join(directory, path.basename(file))
      fs.copyFileSync(path.join(ROOT, file), copy)
      console.log(copy)
    }
  } catch (error) {
    throw new TickhouseError(
      'data_unwritable',
      `cannot write the dashboards to ${directory}: ${(error as Error).message}`,
      'Give this user write permission, or name another directory.',
      { cause: error },
    )
  }
}
