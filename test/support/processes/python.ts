/** Python with packages, apart from those of the machine. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { fetched, fetching } from '../data/fetched.ts'

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

/** Installs packages, named as pip takes them. */
export async function pythonWith(...packages: string[]): Promise<Python> {
  const name = `python-${packages.join('-').replaceAll(/[^\w.-]/g, '')}`
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--target']
  return {
    command: 'python3',
    path: await fetched(name, directory => fetching('python3', [...install, directory, ...packages])),
  }
}
