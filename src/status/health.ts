/** The answers of `/health` and `/ready`, for supervisors and for `tickhouse watch`. */

import { symbolsByVenue } from '../sources/subscription/symbol-states.ts'
import { instanceName } from '../telemetry/instance.ts'
import { VENUES } from '../venues/index.ts'
import { VERSION } from '../version.ts'
import type { Evaluation } from './evaluation.ts'
import type { StageState, SymbolCounts, SymbolDown } from './model.ts'
import type { StatusReport } from './report.ts'
import { symbolCounts, symbolsDown, venueStates } from './source-faults.ts'

export type StageName = 'sources' | 'log' | 'ingest' | 'store' | 'archive'

/** `GET /health`: 200 whenever the process answers; its condition is in `state`. */
export interface HealthAnswer {
  state: 'ok' | 'behind' | 'trouble'
  version: string
  /** The name of the process: ingest, record, archive, … */
  process: string
  /** A name unique to this run: see `instanceName`. */
  instance: string
  startedAtMs: number
  /** This machine's clock. */
  atMs: number
  /** The stages this process knows of. */
  stations: Partial<Record<StageName, { state: StageState; advice: string; lagMs: number }>>
  audit: { atMs: number; passed: boolean; detail: string } | null
  diskFreeBytes: number | null
  /** Less free space is trouble. */
  diskFreeBytesMin: number
  /** The recorded symbols, of all recorders, without those that the venue halted. */
  following: readonly Followed[]
  /** Venues that this version can record. */
  builtInVenues: readonly string[]
  /** How many symbols of each venue and kind are in which state, without zeros. */
  symbols: readonly SymbolCounts[]
  /** Followed symbols that are not received, and why. */
  symbolsDown: readonly SymbolDown[]
  /** Venues that report a state other than normal trading, or announce maintenance. */
  venues: readonly { venue: string; state: string; upcoming: string }[]
  /** Time since the oldest segment ended that could be archived and is not; null if this process does not archive. */
  archiveBehindMs: number | null
}

/** Symbols of one venue that are recorded. */
export interface Followed {
  venue: string
  symbols: readonly string[]
}

/** Venues that this version can record. Ticks of other venues come from other programs. */
export const BUILT_IN_VENUES: readonly string[] = VENUES.map(({ name }) => name)

/** The kind of trade ids of each built-in venue. */
export const ID_KINDS: ReadonlyMap<string, string> = new Map(VENUES.map(({ name, ids }) => [name, ids]))

/** The identity of a process. */
export interface Self {
  version: string
  process: string
  instance: string
  startedAtMs: number
}

/** The identity of this process, by the name of its mode. */
export function selfOf(process: string): Self {
  const startedAtMs = Date.now()
  return { version: VERSION, process, instance: instanceName(startedAtMs), startedAtMs }
}

/** The worst of the states. */
export function worstState(states: readonly StageState[]): HealthAnswer['state'] {
  if (states.includes('trouble')) return 'trouble'
  return states.includes('behind') ? 'behind' : 'ok'
}

/** The health of a process that knows all stages. */
export async function healthOf(self: Self, report: StatusReport): Promise<HealthAnswer> {
  const following = symbolsByVenue(report.symbolStates())
  const { atMs, sources, log, ingest, store, archive } = await report.report()
  const short = ({ state, advice, lagMs }: { state: StageState; advice: string; lagMs: number }) => ({
    state,
    advice,
    lagMs,
  })
  return {
    ...self,
    state: worstState([sources, log, ingest, store, archive].map(({ state }) => state)),
    atMs,
    stations: {
      sources: short(sources),
      log: short(log),
      ingest: short(ingest),
      store: short(store),
      archive: short(archive),
    },
    audit: store.audit,
    diskFreeBytes: store.diskFreeBytes,
    diskFreeBytesMin: store.diskFreeBytesMin,
    following,
    builtInVenues: BUILT_IN_VENUES,
    symbols: symbolCounts(sources.connections),
    symbolsDown: symbolsDown(sources.connections),
    venues: venueStates(sources.connections),
    archiveBehindMs: archive.verified ? archive.lagMs : null,
  }
}

/** The health of a process that knows only these stages. */
export function healthAlone(
  self: Self,
  evaluations: Partial<Record<'sources' | 'log' | 'archive', Evaluation>>,
  archiveBehindMs: number | null,
): HealthAnswer {
  return {
    ...self,
    state: worstState(Object.values(evaluations).map(([state]) => state)),
    atMs: Date.now(),
    stations: Object.fromEntries(
      Object.entries(evaluations).map(([name, [state, advice]]) => [name, { state, advice, lagMs: 0 }]),
    ),
    audit: null,
    diskFreeBytes: null,
    diskFreeBytesMin: 0,
    following: [],
    builtInVenues: BUILT_IN_VENUES,
    symbols: [],
    symbolsDown: [],
    venues: [],
    archiveBehindMs,
  }
}

/** What a recorder follows, from `sources` as `formatSources` writes it. A recorder of another version may follow unknown venues. */
export function followedIn(sources: string): Followed[] {
  return sources
    .split(' ')
    .filter(Boolean)
    .map(source => {
      const [, venue, symbols = ''] = /^([^:?@]+):?([^?@]*)/.exec(source)!
      return { venue: venue!, symbols: symbols.split(',').filter(Boolean) }
    })
}
