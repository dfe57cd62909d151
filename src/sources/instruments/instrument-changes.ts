/**
 * Records how the instruments of venues change: each change is a row in the log, and listings, delistings and halts are
 * events. The list that was read last is kept on the log's status board.
 */

import type { StatusBoard } from '../../log/status-board.ts'
import { someOf } from '../../plain-text.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { Instrument } from '../../venues/instruments.ts'
import {
  type ChangeType,
  compareLists,
  type InstrumentChange,
  isCut,
  type KnownList,
  keepList,
  readKeptList,
} from './known-list.ts'

/** The keys of kept lists begin so; the rest is the venue. */
export const LIST_KEYS = 'instruments '

export interface InstrumentChangesOptions {
  board: StatusBoard
  /** Appends changes to the log; resolves when they are durable. */
  append(venue: string, changes: readonly InstrumentChange[], nowMs: number): Promise<void>
  emit: Emit
  nowMs?: () => number
}

/** A list compared with the one before. */
export interface ComparedList {
  venue: string
  changes: readonly InstrumentChange[]
  before: KnownList | undefined
  now: KnownList
}

export class InstrumentChanges {
  readonly #options: InstrumentChangesOptions
  readonly #nowMs: () => number
  /** What the board has, or would have if it could be written. */
  readonly #last = new Map<string, KnownList>()
  /** Venues whose last list was not believed. */
  readonly #doubted = new Set<string>()

  constructor(options: InstrumentChangesOptions) {
    this.#options = options
    this.#nowMs = options.nowMs ?? Date.now
  }

  /** Compares a list; undefined if it looks cut, until it comes once more. */
  compare(venue: string, listed: readonly Instrument[]): ComparedList | undefined {
    const before = this.#lastOf(venue)
    const nowMs = Math.max(this.#nowMs(), before?.readMs ?? 0)
    const { changes, now } = compareLists(before, listed, nowMs)
    if (isCut(before, changes, nowMs) && !this.#doubted.has(venue)) {
      this.#doubted.add(venue)
      const why = `it has ${listed.length} instruments, the last one had ${before!.bySymbol.size}`
      this.#options.emit('symbols_unchecked', { venue, why })
      return undefined
    }
    this.#doubted.delete(venue)
    return { venue, changes, before, now }
  }

  /**
   * Appends the changes to the log, then keeps the list: a process that is killed in between appends them once more at
   * its next start, with the same content. Resolves with false if the log did not take them: nothing was kept then.
   */
  async record({ venue, changes, before, now }: ComparedList): Promise<boolean> {
    const { append, board, emit } = this.#options
    try {
      if (changes.length > 0) await append(venue, changes, now.readMs)
    } catch (error) {
      emit('instruments_unstored', { venue, why: (error as Error).message })
      return false
    }
    this.#last.set(venue, now)
    await board.announce(LIST_KEYS + venue, keepList(now)).catch((error: Error) => {
      emit('instruments_unkept', { venue, why: error.message })
    })
    this.#report(venue, changes, before, now)
    return true
  }

  /** The later one of the board's list, which another recorder may have written, and our own. */
  #lastOf(venue: string): KnownList | undefined {
    const key = LIST_KEYS + venue
    const kept = this.#options.board.announcements(key).find(announcement => announcement.key === key)
    const own = this.#last.get(venue)
    const written = readKeptList(kept?.body)
    return own && own.readMs >= (written?.readMs ?? 0) ? own : written
  }

  #report(venue: string, changes: readonly InstrumentChange[], before: KnownList | undefined, now: KnownList): void {
    const { emit } = this.#options
    const count = now.bySymbol.size
    if (before) emit('instruments_read', { venue, count, changes: changes.length })
    else emit('instruments_found', { venue, count })
    const report = (
      event: 'instrument_listed' | 'instrument_delisted' | 'instrument_halted' | 'instrument_resumed',
      type: ChangeType,
      nameOf: (instrument: Instrument) => string,
    ) => {
      const names = changes.filter(({ change }) => change === type).map(({ instrument }) => nameOf(instrument))
      if (names.length > 0) emit(event, { venue, count: names.length, symbols: someOf(names) })
    }
    const symbol = (instrument: Instrument) => instrument.symbol
    report('instrument_listed', 'listed', symbol)
    report('instrument_delisted', 'delisted', symbol)
    report('instrument_halted', 'halted', ({ symbol, status }) => `${symbol} (${status})`)
    report('instrument_resumed', 'resumed', symbol)
  }
}
