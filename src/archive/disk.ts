import fs from 'node:fs'
import { TickhouseError } from '../errors.ts'

/** Throws `disk_full` (retryable) if a directory's disk has less room than that: before anything is written, nothing is deleted. */
export async function checkRoom(directory: string, freeBytesMin: number): Promise<void> {
  const { bavail, bsize } = await fs.promises.statfs(directory)
  if (bavail * bsize >= freeBytesMin) return
  throw new TickhouseError(
    'disk_full',
    `only ${Math.round((bavail * bsize) / 2 ** 20)} MiB are left on the disk of ${directory}: nothing more is archived`,
    'Make room: archiving goes on by itself, and nothing is deleted to make any.',
    { retryable: true },
  )
}
