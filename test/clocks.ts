/**
 * Runs test files under other clocks, with Debian's `faketime`: no test and no part of the product may depend on the day it was written.
 * `npm run test:clocks`, or with files: `npm run test:clocks -- test/watch/*.test.ts`. Timers and elapsed time stay real.
 */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'

/** A month and a year from now, a leap day, and the last half minute of a year: ms since 1970 UTC. */
const MOMENTS: Readonly<Record<string, () => number>> = {
  'in a month': () => Date.now() + 31 * 86_400_000,
  'in a year': () => Date.now() + 365 * 86_400_000,
  'on 29 February 2028': () => Date.UTC(2028, 1, 29, 12),
  'half a minute before a new year': () => Date.UTC(new Date().getUTCFullYear(), 11, 31, 23, 59, 30),
}
/** Those that are quick; the engine is not under a clock that is not the kernel's, and its files are given by name. */
const FOLDERS = ['tick', 'venues', 'watch', 'web', 'telemetry', 'status', 'sources', 'commands', 'replay']
const FILE_MS_MAX = 300_000

function filesIn(folder: string): string[] {
  const files = fs.globSync(`test/${folder}/**/*.test.ts`)
  if (files.length === 0) throw new Error(`no tests in test/${folder}`)
  return files
}

const given = process.argv.slice(2)
const files = given.length > 0 ? given : FOLDERS.flatMap(filesIn).sort()
let failed = 0
for (const file of files)
  for (const [name, momentMs] of Object.entries(MOMENTS)) {
    const seconds = Math.round((momentMs() - Date.now()) / 1000)
    const offset = `${seconds < 0 ? '' : '+'}${seconds}`
    const { status, stdout, error } = spawnSync(
      'faketime',
      ['-f', offset, process.execPath, '--test', '--test-force-exit', file],
      { env: { ...process.env, FAKETIME_DONT_FAKE_MONOTONIC: '1' }, encoding: 'utf8', timeout: FILE_MS_MAX },
    )
    if (error && 'code' in error && error.code === 'ENOENT')
      throw new Error('faketime is missing: apt-get install faketime')
    if (status === 0) continue
    failed += 1
    console.log(`${file} fails ${name} (faketime -f '${offset}')\n${stdout.slice(stdout.indexOf('failing tests'))}`)
  }
console.log(`${files.length} files under ${Object.keys(MOMENTS).length} clocks: ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0
