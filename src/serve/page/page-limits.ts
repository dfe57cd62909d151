/** Limits the open pages in total, by address and by client, so that no client can use all of them. */
import type { IncomingHttpHeaders } from 'node:http'

export const PAGES_MAX = 64
/** All clients behind a proxy share its address, which gets most of the pages but not all. */
const PAGES_PER_ADDRESS_MAX = 48
const PAGES_PER_CLIENT_MAX = 16

/** Admission of a page until `leave` is called, or the HTTP status and reason of a refusal. */
export type Admission = { leave: () => void } | { status: 429 | 503; why: string }

export class PageLimits {
  #open = 0
  readonly #byAddress = new Map<string, number>()
  readonly #byClient = new Map<string, number>()

  /**
   * `address` is the remote address. A proxy appends its client to X-Forwarded-For, so the last entry separates the
   * clients of one address. A client that forges the header still gets no more than the limit of its address.
   */
  enter(address: string, headers: IncomingHttpHeaders): Admission {
    const forwardedFor = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .at(-1)!
      .trim()
    const client = `${address} ${forwardedFor}`
    if (this.#open >= PAGES_MAX) return { status: 503, why: `all ${PAGES_MAX} pages are in use: close some` }
    const isOver =
      (this.#byAddress.get(address) ?? 0) >= PAGES_PER_ADDRESS_MAX ||
      (this.#byClient.get(client) ?? 0) >= PAGES_PER_CLIENT_MAX
    if (isOver)
      return {
        status: 429,
        why: `at most ${PAGES_PER_CLIENT_MAX} pages per client and ${PAGES_PER_ADDRESS_MAX} per address: close some`,
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
