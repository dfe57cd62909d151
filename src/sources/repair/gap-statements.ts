/**
 * What a person states about gaps, as rows in the log: messages from `tickhouse gaps accept` and `tickhouse gaps retry`, by way of any
 * process.
 */
import { nowMicros } from '../../clock.ts'
import { plainLine } from '../../plain-text.ts'
import type { Repair } from '../../tick/repairs/repairs.ts'

const EVERY_MS = 250
const TEXT_LENGTH_MAX = 500
const RETRIED_MAX = 1_000

/** Ids of a run of a symbol. */
interface Ids {
  venue: string
  symbol: string
  run: number
  first: number
  last: number
}

/** Ids that a person accepts as missing. */
export interface Acceptance extends Ids {
  /** Unique. */
  id: string
  reason: string
  by: string
}

/** Ids that a person has requested from their venues again. */
export interface Retry {
  /** Unique. */
  id: string
  gaps: readonly Ids[]
}

export interface GapStatementsOptions {
  /** The latest messages of any process. */
  acceptance(): unknown
  retry(): unknown
  /** Which symbols this recorder repairs now: see owner.ts. */
  ownership(): (venue: string, symbol: string) => boolean
  append(repair: Repair): void
}

type Statement = Ids & Pick<Repair, 'outcome' | 'reason' | 'acceptedBy'>

export class GapStatements {
  readonly #options: GapStatementsOptions
  readonly #timer: NodeJS.Timeout
  /** Of the last message of each kind. */
  readonly #lastIds: (string | undefined)[]

  /** Follows messages from now on: an earlier one was left by someone who no longer waits for it. */
  constructor(options: GapStatementsOptions) {
    this.#options = options
    this.#lastIds = this.#latest().map(message => message?.id)
    this.#timer = setInterval(() => this.#poll(), EVERY_MS)
  }

  close(): void {
    clearInterval(this.#timer)
  }

  #latest() {
    return [acceptanceOf(this.#options.acceptance()), retryOf(this.#options.retry())]
  }

  #poll(): void {
    const { ownership, append } = this.#options
    for (const [at, message] of this.#latest().entries()) {
      if (!message || message.id === this.#lastIds[at]) continue
      this.#lastIds[at] = message.id
      const isOurs = ownership()
      const common = { httpStatus: 0, bodySha256: '', receivedAtMicros: nowMicros() }
      for (const statement of message.statements)
        if (isOurs(statement.venue, statement.symbol)) append({ ...statement, ...common })
    }
  }
}

interface Message {
  id: string
  statements: Statement[]
}

/** Reads an `Acceptance`; undefined for anything else. */
function acceptanceOf(body: unknown): Message | undefined {
  const read = (body ?? {}) as Partial<Acceptance>
  if (![read.id, read.reason, read.by].every(isText) || !isIds(read)) return undefined
  const { id, venue, symbol, run, first, last, reason, by } = read as Acceptance
  const words = { reason: plainLine(reason, TEXT_LENGTH_MAX), acceptedBy: plainLine(by, TEXT_LENGTH_MAX) }
  return { id, statements: [{ venue, symbol, run, first, last, outcome: 'accepted', ...words }] }
}

/** Reads a `Retry`; undefined for anything else. */
function retryOf(body: unknown): Message | undefined {
  const { id, gaps } = (body ?? {}) as Partial<Retry>
  if (!isText(id) || !Array.isArray(gaps) || gaps.length > RETRIED_MAX || !gaps.every(isIds)) return undefined
  const words = { outcome: 'requested' as const, reason: 'requested again', acceptedBy: '' }
  return {
    id: id as string,
    statements: gaps.map(({ venue, symbol, run, first, last }: Ids) => ({ venue, symbol, run, first, last, ...words })),
  }
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== ''

function isIds(value: unknown): value is Ids {
  const { venue, symbol, run, first, last } = (value ?? {}) as Partial<Ids>
  const areNumbers = [run, first, last].every(number => Number.isSafeInteger(number) && number! >= 0)
  return isText(venue) && isText(symbol) && areNumbers && first! <= last!
}
