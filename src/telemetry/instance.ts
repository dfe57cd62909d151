import { hostname } from 'node:os'

/** A name unique to one run of a process: its machine, its process id there, and its start time. */
export function instanceName(startedAtMs: number): string {
  return `${hostname()}:${process.pid} ${new Date(startedAtMs).toISOString()}`
}
