/**
 * The state of every symbol and kind of a recorder, in a form that stays small for thousands of symbols: columns,
 * compressed. A recorder announces it through the log when it has changed.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Announcement } from '../../log/status-board.ts'
import type { SubscriptionState } from '../connection/status.ts'

/** The keys of these announcements begin so; the rest is the key of the recorder. */
export const SYMBOL_STATES = 'symbols of '

export interface SymbolState {
  venue: string
  symbol: string
  kind: string
  state: SubscriptionState
  /** Why it is not live, by the venue's text or ours; empty if that is known by the state. */
  detail: string
  /** Since when it is in this state, ms since 1970 UTC. */
  sinceMs: number
  /** When its first tick arrived in this run of the recorder, ms since 1970 UTC; null if none did. */
  firstTickMs: number | null
}

interface Column {
  venue: string
  kind: string
  symbols: string[]
  states: SubscriptionState[]
  since: number[]
  /** 0 for none. */
  first: number[]
  /** By index of the symbol. */
  details: Record<string, string>
}

/** What is announced: JSON, compressed. */
interface Body {
  instance: string
  deflated: string
}

export function packSymbolStates(instance: string, all: readonly SymbolState[]): Body {
  const columns = [...Map.groupBy(all, ({ venue, kind }) => `${venue} ${kind}`).values()].map(
    (rows): Column => ({
      venue: rows[0]!.venue,
      kind: rows[0]!.kind,
      symbols: rows.map(({ symbol }) => symbol),
      states: rows.map(({ state }) => state),
      since: rows.map(({ sinceMs }) => Math.round(sinceMs)),
      first: rows.map(({ firstTickMs }) => Math.round(firstTickMs ?? 0)),
      details: Object.fromEntries(rows.flatMap(({ detail }, index) => (detail === '' ? [] : [[index, detail]]))),
    }),
  )
  return { instance, deflated: deflateRawSync(JSON.stringify(columns)).toString('base64') }
}

/** The states that recorders announced, by the instance of the recorder. Those that cannot be read are left out. */
export function symbolStatesIn(announcements: readonly Announcement[]): Map<string, SymbolState[]> {
  return new Map(
    announcements
      .filter(({ key }) => key.startsWith(SYMBOL_STATES))
      .flatMap(({ body }) => {
        const { instance, deflated } = (body ?? {}) as Partial<Body>
        if (typeof instance !== 'string' || typeof deflated !== 'string') return []
        return [[instance, unpack(deflated)] as const]
      }),
  )
}

function unpack(deflated: string): SymbolState[] {
  try {
    const columns = JSON.parse(inflateRawSync(Buffer.from(deflated, 'base64')).toString()) as Column[]
    return columns.flatMap(({ venue, kind, symbols, states, since, first, details }) =>
      symbols.map((symbol, index) => ({
        ...{ venue, symbol, kind, state: states[index]!, detail: details[index] ?? '', sinceMs: since[index]! },
        firstTickMs: first[index] || null,
      })),
    )
  } catch {
    return []
  }
}

/** The symbols of each venue among them of which ticks are expected, each once: not those that the venue halted. */
export function symbolsByVenue(states: readonly SymbolState[]): { venue: string; symbols: string[] }[] {
  const expected = states.filter(({ state }) => state !== 'halted')
  return [...Map.groupBy(expected, ({ venue }) => venue)].map(([venue, rows]) => ({
    venue,
    symbols: [...new Set(rows.map(({ symbol }) => symbol))],
  }))
}
