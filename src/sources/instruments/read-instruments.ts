/** Reads a venue's list of instruments by REST. */
import { type Instrument, readList } from '../../venues/instruments.ts'
import type { Credentials, Venue } from '../../venues/venue.ts'
import type { RestHosts } from '../rest/hosts.ts'

export interface ReadOptions {
  hosts: RestHosts
  signal?: AbortSignal
  /** For each request, ms. */
  timeoutMs: number
  /** The user's secrets at a venue with accounts, as they are now. */
  credentials?: (() => Credentials) | undefined
}

/**
 * Every instrument that a venue lists. `rest` is its REST address or a configured one, without a trailing slash.
 * Rejects with RestRefused for an HTTP error, and with an error whose message is the reason for anything else.
 */
export async function readInstruments(
  venue: Pick<Venue, 'instruments' | 'account'>,
  rest: string,
  { hosts, credentials, ...options }: ReadOptions,
): Promise<Instrument[]> {
  const headers = credentials ? venue.account?.headers?.(credentials()) : undefined
  return await readList(venue.instruments, async ({ path, body }) => {
    const answer = await hosts.send(rest, path, { ...options, headers, body })
    return JSON.parse(answer.body)
  })
}
