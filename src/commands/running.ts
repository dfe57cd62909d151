import type { Config } from '../config.ts'

/** Asks the tickhouse that runs at `TICKHOUSE_LISTEN`, with its token. Rejects as `fetch` does if nothing listens there. */
export function askRunning(
  config: Config,
  target: string,
  request: { method?: string; body?: string } = {},
): Promise<Response> {
  const headers: Record<string, string> = { 'content-type': 'text/plain' }
  if (config.TOKEN) headers.authorization = `Bearer ${config.TOKEN}`
  return fetch(`http://${config.LISTEN}${target}`, { ...request, headers })
}
