/** Python with packages, in an environment of its own that is made once and kept in node_modules/.cache. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const CACHE = join(import.meta.dirname, '../../node_modules/.cache')
const INSTALL_MS_MAX = 300_000

const run = promisify(execFile)

/** How to run it: `PYTHONPATH` goes into its environment. */
export interface Python {
  command: 'python3'
  path: string
}

/** Why there is no Python here, undefined if there is. */
export async function pythonMissing(): Promise<string | undefined> {
  const found = await run('python3', ['-m', 'pip', '--version']).catch(() => undefined)
  return found ? undefined : 'no python3 with pip'
}

/** Installs packages, named as pip takes them. Several test files may ask at once: each installs for itself, the first is kept. */
export async function pythonWith(...packages: string[]): Promise<Python> {
  const path = join(CACHE, `tickhouse-python-${packages.join('-').replaceAll(/[^\w.-]/g, '')}`)
  if (!existsSync(path)) {
    await mkdir(CACHE, { recursive: true })
    const directory = await mkdtemp(join(CACHE, 'python-'))
    try {
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target', directory]
      await run('python3', [...install, ...packages], { timeout: INSTALL_MS_MAX })
      await rename(directory, path).catch(error => {
        if (!existsSync(path)) throw error
      })
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  }
  return { command: 'python3', path }
}
