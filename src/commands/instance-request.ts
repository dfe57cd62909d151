import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'

/** Asks the tickhouse that runs at `TICKHOUSE_LISTEN`, with its token. Rejects as `fetch` does if nothing listens there. */
export function requestInstance(
  config: Config,
  target: string,
  request: { method?: string; body?: string } = {},
): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'text/plain' }
  if (config.TOKEN) headers.authorization = `Bearer ${config.TOKEN}`
  return fetch(`http://${config.LISTEN}${target}`, { ...request, headers })
}

/** The same, of a page and its queries. Throws `process_unreachable` where nothing listens, or a process that has none. */
export async function requestPage(
  config: Config,
  target: string,
  request: { method?: string; body?: string } = {},
): Promise<Response> {
  const unreachable = (why: string, cause?: unknown) =>
    new TickhouseError(
      'process_unreachable',
      why,
      'Start it with tickhouse start, or say where it is with TICKHOUSE_LISTEN.',
      { cause },
    )
  const response = await requestInstance(config, target, request).catch(error => {
    throw unreachable(`no tickhouse answers at ${config.LISTEN}`, error)
  })
  if (response.status === 404)
    throw unreachable(
      `the process at ${config.LISTEN} has no page and no queries: it only records, archives or watches`,
    )
  return response
}
