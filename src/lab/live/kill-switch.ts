/** The file that switches a live run off: to create it takes neither the store nor tickhouse. */
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { TickhouseError } from '../../errors.ts'
import type { Portfolio } from '../portfolio/shape.ts'

/** Absolute: `kill_switch` of the portfolio, else `<name>.stop`; both beside the portfolio's file. */
export function killSwitchPath({ name, kill_switch: stated }: Portfolio, portfolioFile: string): string {
  return path.resolve(path.dirname(portfolioFile), stated ?? `${name}.stop`)
}

/** Of anything at the path, also a directory or a link to nothing. Throws `usage` if that cannot be known: then nothing may be traded. */
export async function exists(file: string): Promise<boolean> {
  try {
    await lstat(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw notKnown(file, (error as Error).message)
  }
}

/**
 * Before a run begins or goes on. Throws `usage` if the file is there, unless it has switched off this run before, which then goes on without
 * trading, and if its directory is missing, where nobody could create it.
 */
export async function refuseKilled(file: string, portfolio: string, wasKilled: boolean): Promise<void> {
  if (!(await exists(path.dirname(file)))) throw notKnown(file, 'its directory does not exist')
  if (wasKilled || !(await exists(file))) return
  throw new TickhouseError(
    'usage',
    `the file ${file} is there: it is the kill switch of portfolio ${portfolio}`,
    'Remove it when the portfolio may trade again.',
  )
}

function notKnown(file: string, why: string): TickhouseError {
  return new TickhouseError(
    'usage',
    `cannot see whether the kill switch ${file} is there: ${why}`,
    'Make its directory readable, or state another file: kill_switch in the portfolio.',
  )
}
