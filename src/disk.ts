/** Room on the disks that the house writes to. Nothing is deleted to make any. */
import fs from 'node:fs'
import { TickhouseError } from './errors.ts'

/**
 * Makes a directory for data and those above it that are not there, open to this user alone, whatever the umask: what is recorded is
 * nobody else's business unless its owner says so (`chmod`). One that exists stays as it is. Returns the topmost one made, if any.
 */
export function makeDataDirectory(directory: string): string | undefined {
  return fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
}

/** Bytes free on the disk of a directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = fs.statfsSync(directory)
  return bavail * bsize
}

/** Throws `disk_full` (retryable) if a directory's disk has less room than that: before anything is written. `doing` as in `stored`. */
export function checkRoom(directory: string, freeBytesMin: number, doing: string): void {
  const free = freeBytes(directory)
  if (free >= freeBytesMin) return
  throw new TickhouseError(
    'disk_full',
    `only ${Math.floor(free / 2 ** 20)} MiB are left on the disk of ${directory}: nothing more is ${doing}`,
    'Make room: it goes on by itself, and nothing is deleted to make any.',
    { retryable: true },
  )
}
