/** How many pages are open, of whom: nobody may take all places. */
import type { IncomingHttpHeaders } from 'node:http'

export const PAGES_MAX = 64
/** Behind a proxy everybody has its address: most places, and some are left for others. */
const PAGES_PER_ADDRESS_MAX = 48
const PAGES_PER_CLIENT_MAX = 16

/** A page that may open, until `leave`; or why it may not, with the HTTP status for that. */
export type Place = { leave: () => void } | { status: 429 | 503; why: string }

export class PageLimits {
  #open = 0
  readonly #byAddress = new Map<string, number>()
  readonly #byClient = new Map<string, number>()

  /**
   * `address` is the remote one. A proxy appends whom it speaks for to X-Forwarded-For, whose last entry divides the address into
   * clients. Whoever writes that header themselves still gets no more than an address may.
   */
  enter(address: string, headers: IncomingHttpHeaders): Place {
    const forwardedFor = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)!
      .trim()
    const client = `${address} ${forwardedFor}`
    if (this.#open >= PAGES_MAX) return { status: 503, why: `${PAGES_MAX} pages are open, which is all: close some` }
    const isOver =
      (this.#byAddress.get(address) ?? 0) >= PAGES_PER_ADDRESS_MAX ||
      (this.#byClient.get(client) ?? 0) >= PAGES_PER_CLIENT_MAX
    if (isOver)
      return {
        status: 429,
        why: `${PAGES_PER_CLIENT_MAX} pages of one client and ${PAGES_PER_ADDRESS_MAX} of one address may be open: close some`,
      }
    this.#count(address, client, 1)
    return { leave: () => this.#count(address, client, -1) }
  }

  #count(address: string, client: string, change: 1 | -1): void {
    this.#open += change
    for (const [counts, key] of [
      [this.#byAddress, address],
      [this.#byClient, client],
    ] as const) {
      const count = (counts.get(key) ?? 0) + change
      if (count > 0) counts.set(key, count)
      else counts.delete(key)
    }
  }
}
