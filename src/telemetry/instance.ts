import { hostname } from 'node:os'

/** Tells one run of a process from all others: its machine, its id there, and when it began. */
export function instanceName(startedAtMs: number): string {
  return `${hostname()}:${process.pid} ${new Date(startedAtMs).toISOString()}`
}
