/** The file that switches a live run off: to create it takes neither the store nor tickhouse. */
import { lstat } from 'node:fs/promises'
import path from 'node:path'
import { TickhouseError } from '../../errors.ts'
import type { Portfolio } from '../portfolio/shape.ts'

/** Absolute: `kill_switch` of the portfolio, else `<name>.stop`; both beside the portfolio's file. */
export function killSwitchPath({ name, kill_switch: stated }: Portfolio, portfolioFile: string): string {
  return path.resolve(path.dirname(portfolioFile), stated ?? `${name}.stop`)
}

/**
 * When anything at the path was set there, also a directory or a link to nothing, µs since 1970 UTC: its last change, which no program can set to another time. 0 if nothing
 * is there. Throws `usage` if that cannot be known: then nothing may be traded.
 */
export async function setAtMicros(file: string): Promise<number> {
  try {
    const { ctimeMs } = await lstat(file)
    return Math.max(1, Math.round(ctimeMs * 1000))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw notKnown(file, (error as Error).message)
  }
}

/**
 * Before a run begins or goes on. Throws `usage` if its directory is missing, where nobody could create it, and if the file is there when a
 * run begins. One that goes on is switched off by it.
 */
export async function refuseKilled(file: string, portfolio: string, goesOn: boolean): Promise<void> {
  if ((await setAtMicros(path.dirname(file))) === 0) throw notKnown(file, 'its directory does not exist')
  if (goesOn || (await setAtMicros(file)) === 0) return
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
