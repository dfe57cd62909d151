/** Gaps that a person accepts, as rows in the log: a message from `tickhouse gaps accept`, by way of any process. */
import { nowMicros } from '../../clock.ts'
import { plainLine } from '../../plain-text.ts'
import type { Repair } from '../../tick/repairs/repairs.ts'

const EVERY_MS = 250
const TEXT_LENGTH_MAX = 500

/** Ids of a run that a person accepts as missing. */
export interface Acceptance {
  /** Unique. */
  id: string
  venue: string
  symbol: string
  run: number
  first: number
  last: number
  reason: string
  by: string
}

export interface AcceptancesOptions {
  /** The latest message of any process. */
  latest(): unknown
  /** Which symbols this recorder repairs now: see owner.ts. */
  ownership(): (venue: string, symbol: string) => boolean
  append(repair: Repair): void
}

export class Acceptances {
  readonly #options: AcceptancesOptions
  readonly #timer: NodeJS.Timeout
  #lastId: string | undefined

  /** Follows messages from now on: an earlier one was left by someone who no longer waits for it. */
  constructor(options: AcceptancesOptions) {
    this.#options = options
    this.#lastId = readAcceptance(options.latest())?.id
    this.#timer = setInterval(() => this.#poll(), EVERY_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #poll(): void {
    const { latest, ownership, append } = this.#options
    const acceptance = readAcceptance(latest())
    if (!acceptance || acceptance.id === this.#lastId) return
    this.#lastId = acceptance.id
    const { venue, symbol, run, first, last, reason, by } = acceptance
    if (!ownership()(venue, symbol)) return
    append({
      ...{ venue, symbol, outcome: 'accepted', run, first, last, httpStatus: 0, bodySha256: '' },
      reason: plainLine(reason, TEXT_LENGTH_MAX),
      acceptedBy: plainLine(by, TEXT_LENGTH_MAX),
      receivedAtMicros: nowMicros(),
    })
  }
}

/** Reads such a message; undefined for anything else. */
function readAcceptance(body: unknown): Acceptance | undefined {
  const read = (body ?? {}) as Partial<Acceptance>
  const texts = [read.id, read.venue, read.symbol, read.reason, read.by]
  const numbers = [read.run, read.first, read.last]
  const isOne =
    texts.every(text => typeof text === 'string' && text !== '') &&
    numbers.every(number => Number.isSafeInteger(number) && number! >= 0) &&
    read.first! <= read.last!
  return isOne ? (read as Acceptance) : undefined
}
