/** What can be recorded and what is, for the page: venues, the instruments of their lists, the parts of a selection. */
import type { StatusBoard } from '../../log/status-board.ts'
import { defaultKinds } from '../../tick/kinds.ts'
import { VENUES } from '../../venues/index.ts'
import { NO_LIST } from '../../venues/instruments.ts'
import { LIST_KEYS } from '../instruments/instrument-changes.ts'
import { type KnownList, readKeptList } from '../instruments/known-list.ts'
import { searchInstruments } from '../instruments/search.ts'
import { parseSources } from '../selection.ts'

/** A part of a selection: symbols of a venue, in kinds. */
export interface SelectedSource {
  venue: string
  symbols: readonly string[]
  patterns: readonly string[]
  /** What the patterns leave out. */
  except: readonly string[]
  kinds: readonly string[]
}

export interface VenueChoice {
  name: string
  kinds: readonly string[]
  /** Those that are recorded where none is named. */
  defaultKinds: readonly string[]
  /** Recorded where no symbol is named; examples of its spelling. */
  symbols: readonly string[]
  /** It has a public list of its symbols, so that patterns can be matched. */
  hasList: boolean
  /** Settings with a user's secrets that it requires. */
  requires: readonly string[]
}

export interface InstrumentChoice {
  symbol: string
  kind: string
  /** `trading`, or the venue's word for a state without trading. */
  status: string
}

/** Instruments of a venue that match a text, the best first. */
export interface InstrumentMatches {
  /** When the venue's list was read, ms since 1970 UTC; null if it was never read: it is, once the venue is recorded. */
  readMs: number | null
  /** Instruments in the list. */
  listed: number
  /** How many match; `instruments` are the first of them. */
  count: number
  instruments: InstrumentChoice[]
}

export interface Choices {
  venues(): VenueChoice[]
  /** The parts of a selection; empty if it has a venue that this process does not know. */
  selected(sources: string): SelectedSource[]
  instruments(venue: string, text: string): InstrumentMatches
}

const MATCHES_MAX = 50

/** Reads the lists that the recorders of a log have kept on its board. */
export function openChoices(board: StatusBoard): Choices {
  const read = new Map<string, KnownList>()
  const listOf = (venue: string): KnownList | undefined => {
    const key = LIST_KEYS + venue
    const body = board.announcements(key).find(each => each.key === key)?.body
    const before = read.get(venue)
    // Thousands of instruments: unpacked once, not at each letter that is typed.
    if (before && (body as { readMs?: unknown } | undefined)?.readMs === before.readMs) return before
    const list = readKeptList(body)
    if (list) read.set(venue, list)
    return list
  }
  return {
    venues: () =>
      VENUES.map(({ name, kinds, defaultSymbols, instruments, account }) => ({
        ...{ name, kinds: kinds.flat(), defaultKinds: defaultKinds(kinds.flat()) },
        ...{ symbols: defaultSymbols, hasList: instruments !== NO_LIST },
        requires: (account?.secrets ?? []).map(each => `TICKHOUSE_${account!.name}_${each}`.toUpperCase()),
      })),
    selected: sources => {
      try {
        return parseSources(sources).map(({ venue, symbols, patterns, kinds }) => ({
          ...{ venue: venue.name, symbols, kinds },
          patterns: patterns?.patterns ?? [],
          except: patterns?.except ?? [],
        }))
      } catch {
        return []
      }
    },
    instruments: (venue, text) => {
      const known = VENUES.some(({ name }) => name === venue) ? listOf(venue) : undefined
      if (!known) return { readMs: null, listed: 0, count: 0, instruments: [] }
      const listed = [...known.bySymbol.values()].map(({ instrument }) => instrument)
      const { count, instruments } = searchInstruments(listed, text, MATCHES_MAX)
      return {
        ...{ readMs: known.readMs, listed: listed.length, count },
        instruments: instruments.map(({ symbol, kind, status }) => ({ symbol, kind, status })),
      }
    },
  }
}
