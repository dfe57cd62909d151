/** Free space on the disks that tickhouse writes to. It deletes nothing to make room. */
import fs from 'node:fs'
import { TickhouseError } from './errors.ts'

/**
 * Creates a data directory and its missing parents, accessible to this user only, whatever the umask: recorded data is
 * private unless its owner opens it (`chmod`). An existing directory stays as it is. Returns the topmost created
 * directory, if any.
 */
export function makeDataDirectory(directory: string): string | undefined {
  return fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
}

/** Free bytes on the disk of a directory. */
export function freeBytes(directory: string): number {
  const { bavail, bsize } = fs.statfsSync(directory)
  return bavail * bsize
}

/**
 * Throws `disk_full` (retryable) if less is free on the disk of a directory. `doing` completes the message: `stored`.
 */
export function checkRoom(directory: string, freeBytesMin: number, doing: string): void {
  const free = freeBytes(directory)
  if (free >= freeBytesMin) return
  throw new TickhouseError(
    'disk_full',
    `only ${Math.floor(free / 2 ** 20)} MiB are free on the disk of ${directory}: nothing more is ${doing}`,
    'Free disk space: tickhouse then resumes, and deletes nothing itself.',
    { retryable: true },
  )
}
