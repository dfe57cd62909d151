import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'

export interface PageRequest {
  method?: string
  body?: string
  /** Whether the body is JSON. */
  json?: boolean
}

/**
 * Sends a request to the tickhouse at `TICKHOUSE_LISTEN`, with its token. Rejects as `fetch` does if nothing listens
 * there.
 */
export function requestInstance(config: Config, target: string, request: PageRequest = {}): Promise<Response> {
  const { json = false, ...options } = request
  const headers: Record<string, string> = { 'content-type': json ? 'application/json' : 'text/plain' }
  if (config.TOKEN) headers.authorization = `Bearer ${config.TOKEN}`
  return fetch(`http://${config.LISTEN}${target}`, { ...options, headers })
}

/**
 * The same for a process with a page. Throws `process_unreachable` if nothing listens there, or a process without a
 * page.
 */
export async function requestPage(config: Config, target: string, request: PageRequest = {}): Promise<Response> {
  const response = await requestInstance(config, target, request).catch(error => {
    throw unreachable(`no tickhouse answers at ${config.LISTEN}`, error)
  })
  if (response.status === 404)
    throw unreachable(
      `the process at ${config.LISTEN} has neither page nor queries: it only records, archives or watches`,
    )
  return response
}

/** The body of an answer, as it is read. Throws `process_unreachable` if the process ends within it. */
export function bodyOf<T>(config: Config, reading: Promise<T>): Promise<T> {
  return reading.catch(error => {
    throw unreachable(`the tickhouse at ${config.LISTEN} ended before it had answered`, error)
  })
}

function unreachable(why: string, cause?: unknown): TickhouseError {
  return new TickhouseError(
    'process_unreachable',
    why,
    'Start it with tickhouse start, or set TICKHOUSE_LISTEN to its address.',
    { cause },
  )
}
