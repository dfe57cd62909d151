/**
 * How a process that only reads a SQLite log asks the one that writes it to drop records: a small file beside the log, replaced
 * whole, of which the writer takes notice now and then. It says how far stations are, never what to delete: a floor only rises.
 */
import fs from 'node:fs'
import path from 'node:path'
import type { TrimFloor } from '../retention.ts'

interface FloorsFile {
  /** Of the log: offsets mean nothing to another. */
  identity: string
  floors: Record<string, TrimFloor>
}

/** Asks for a partition's records below a floor to be dropped; resolves when the request would survive a loss of power. */
export async function requestTrim(
  directory: string,
  identity: string,
  partition: number,
  floor: TrimFloor,
): Promise<void> {
  const floors = { ...Object.fromEntries(requestedFloors(directory, identity)), [partition]: floor }
  const file = fileOf(directory)
  const text = JSON.stringify({ identity, floors } satisfies FloorsFile)
  await fs.promises.writeFile(`${file}.next`, text, { flush: true })
  await fs.promises.rename(`${file}.next`, file)
}

/** What was asked of this log, by partition. A file that cannot be read asks for nothing. */
export function requestedFloors(directory: string, identity: string): Map<number, TrimFloor> {
  try {
    const said = JSON.parse(fs.readFileSync(fileOf(directory), 'utf8')) as FloorsFile
    if (said.identity !== identity) return new Map()
    return new Map(Object.entries(said.floors).map(([partition, floor]) => [Number(partition), floor]))
  } catch {
    return new Map()
  }
}

const fileOf = (directory: string): string => path.join(directory, 'trim.json')
