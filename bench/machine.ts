import fs from 'node:fs'
import os from 'node:os'
import { VERSION } from '../src/version.ts'

/** Hardware and versions of a measurement. */
export interface Machine {
  cpu: string
  cores: number
  memoryGiB: number
  os: string
  node: string
  tickhouse: string
  /** The embedded engine: its npm package and ClickHouse version. */
  engine: string
  /** One-minute load average at the start of the bench. */
  loadAverage: number
}

export async function describeMachine(): Promise<Machine> {
  const manifest = new URL('../node_modules/chdb/package.json', import.meta.url)
  const { version } = JSON.parse(fs.readFileSync(manifest, 'utf8')) as { version: string }
  const { query } = await import('chdb')
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    tickhouse: VERSION,
    engine: `chdb ${version} (ClickHouse ${query('SELECT version()', 'TSV').trim()})`,
    loadAverage: os.loadavg()[0]!,
  }
}
