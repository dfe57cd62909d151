/** What is wrong with the sources of an instance, from its health: pure. */

import { plainLine } from '../../plain-text.ts'
import type { HealthAnswer } from '../../status/health.ts'
import { formatDuration } from '../format-duration.ts'
import { type Draft, NAME_LENGTH_MAX } from './draft.ts'

/** Conditions that follow where nothing is received. */
export const SOURCES_FOLLOW = [
  'stale',
  'no_ticks',
  'symbols_down',
  'venue_not_online',
  'sources_degraded',
  'station_down',
]
/** Symbols named in a message. */
const NAMED_MAX = 10
/** The watcher finds these by their ticks, as `stale`. */
const SILENT = 'silent'
const ONLINE = 'online'

/** The name of a symbol in alerts. */
export function nameOfSymbol({ venue, symbol }: { venue: string; symbol: string }): string {
  return plainLine(`${venue} ${symbol}`, NAME_LENGTH_MAX)
}

export function ofSources({ stations: { sources }, symbolsDown, venues }: HealthAnswer): Draft[] {
  const advice = sources?.advice ?? ''
  const drafts: Draft[] = []
  const notOnline = venues.filter(each => each.state !== ONLINE)
  const down = symbolsDown.filter(({ state }) => state !== SILENT)
  if (sources?.state === 'trouble')
    drafts.push({
      name: 'sources_trouble',
      severity: 'critical',
      title: 'Nothing is received from the venues',
      what: advice,
      next: "Read the recorder's log lines: they show what it tries and why that fails.",
      explains: SOURCES_FOLLOW,
    })
  if (down.length > 0) drafts.push(symbolsAreDown(down))
  for (const { venue, state } of notOnline.slice(0, 1))
    drafts.push({
      name: 'venue_not_online',
      severity: 'warning',
      title: `${venue} is in state ${state}`,
      what: `${notOnline.map(each => `${each.venue} reports state ${each.state}.`).join(' ')} Fewer trades arrive, or none, until it is online again.`,
      next: "See the venue's status page. Recording returns to normal by itself.",
      affected: notOnline.map(each => each.venue),
      explains: ['sources_degraded'],
    })
  if (sources?.state === 'behind')
    drafts.push({
      name: 'sources_degraded',
      severity: 'warning',
      title: 'Some sources are not received',
      what: advice,
      next: 'The page lists them under sources. The recorder retries by itself.',
      probes: 6,
    })
  return drafts
}

function symbolsAreDown(down: HealthAnswer['symbolsDown']): Draft {
  // A symbol is one, whatever kinds of it are down.
  const bySymbol = [...Map.groupBy(down, nameOfSymbol)]
  const named = bySymbol.slice(0, NAMED_MAX).map(([name, rows]) => `${name}: ${describeKinds(rows)}.`)
  const more = bySymbol.length > NAMED_MAX ? ` And ${bySymbol.length - NAMED_MAX} more.` : ''
  return {
    name: 'symbols_down',
    severity: 'critical',
    title: bySymbol.length === 1 ? `${bySymbol[0]![0]} is not received` : `${bySymbol.length} symbols are not received`,
    what: named.join(' ') + more,
    next: 'The recorder keeps subscribing. Remove symbols that the venue does not list (tickhouse sources remove), or correct their spelling in TICKHOUSE_SOURCES.',
    affected: bySymbol.map(([name]) => name),
    probes: 6,
    explains: ['no_ticks', 'sources_degraded'],
  }
}

/** `trades and quotes are refused for 5 min: the words`, for each state and text. */
function describeKinds(rows: HealthAnswer['symbolsDown']): string {
  return [...Map.groupBy(rows, ({ state, detail }) => `${state} ${detail}`).values()]
    .map(same => {
      const kinds = same.map(({ kind }) => kind).join(' and ')
      const forMs = Math.max(...same.map(each => each.forMs))
      return `${kinds} are ${same[0]!.state} for ${formatDuration(forMs)}: ${same[0]!.detail}`
    })
    .join('; ')
}
