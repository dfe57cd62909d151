/** `tickhouse query`: sends a statement to the running process and prints the result. */
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { printable } from '../plain-text.ts'
import { requestPage } from './running/instance-request.ts'

/** Flags as given. */
export interface QueryFlags {
  asOf?: string
}

/** A statement over the rows under a checkpoint, as the body of its request. */
async function selected(config: Config, sql: string, asOf: string): Promise<string> {
  const { namedState } = await import('./proof/datasets.ts')
  const { tables } = await namedState(config, asOf)
  return JSON.stringify({
    query: sql,
    only: Object.fromEntries(tables.map(({ table, positions }) => [table, positions])),
  })
}

/**
 * Prints the result of a statement. Throws `process_unreachable` if no page answers, `query_failed` with the engine's
 * message.
 */
export async function query(config: Config, sql: string, { asOf }: QueryFlags = {}): Promise<void> {
  const body = asOf === undefined ? sql : await selected(config, sql, asOf)
  const json = asOf !== undefined
  const response = await requestPage(config, '/api/query', { method: 'POST', body, json })
  if (!response.ok) {
    const { message, advice } = await response.failure()
    throw new TickhouseError('query_failed', message, advice)
  }
  const answer = Buffer.from(await response.bytes())
  // A pipe gets the exact bytes; on a terminal, control characters from a venue are escaped.
  process.stdout.write(process.stdout.isTTY ? printable(answer.toString(), '\n\t') : answer)
}
