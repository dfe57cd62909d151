/** What to record, as a user says it: `binance:BTCUSDT,ETHUSDT coinbase:BTC-USD simulator:?rate=500&seed=7`. */
import { TickhouseError } from '../errors.ts'
import { findVenue, VENUES } from './index.ts'
import type { Venue } from './venue.ts'

export interface Selected {
  venue: Venue
  symbols: readonly string[]
  /** Only the simulator takes any. */
  options: Readonly<Record<string, number>>
}

/** What the simulator is told beside its symbols, with bounds. */
const SIMULATOR_OPTIONS: Readonly<Record<string, { min: number; max: number }>> = {
  rate: { min: 1, max: 500_000 },
  seed: { min: 0, max: 2 ** 31 - 1 },
}

/** Throws `config_invalid` for what is no selection, an unknown venue or option. A venue without symbols gets its own default. */
export function parseSources(text: string): Selected[] {
  const selected = text.split(/\s+/).filter(Boolean).map(parseOne)
  if (selected.length === 0) throw invalid('TICKHOUSE_SOURCES is empty')
  const names = selected.map(({ venue }) => venue.name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice) throw invalid(`venue ${twice} stands twice in TICKHOUSE_SOURCES`)
  return selected
}

function parseOne(text: string): Selected {
  const [, name, list = '', query = ''] = /^([^:?]+)(?::([^?]*))?(?:\?(.*))?$/.exec(text) ?? []
  if (!name) throw invalid(`not a source: ${text}`)
  const venue = findVenue(name)
  if (!venue) throw invalid(`unknown venue ${name}; known are ${VENUES.map(known => known.name).join(', ')}`)
  const symbols = [...new Set(list.split(',').filter(Boolean))]
  const options: Record<string, number> = {}
  for (const [key, value] of new URLSearchParams(query)) {
    const bounds = venue.name === 'simulator' ? SIMULATOR_OPTIONS[key] : undefined
    if (!bounds) throw invalid(`source ${name} takes no option ${key}`)
    const number = Number(value)
    if (!Number.isInteger(number) || number < bounds.min || number > bounds.max) {
      throw invalid(`${name} ${key} must be a whole number from ${bounds.min} to ${bounds.max}, not ${value}`)
    }
    options[key] = number
  }
  return { venue, symbols: symbols.length > 0 ? symbols : venue.defaultSymbols, options }
}

/** The selection as text again, for a child process. */
export function formatSources(selected: readonly Selected[]): string {
  return selected
    .map(({ venue, symbols, options }) => {
      const query = Object.entries(options)
        .map(([key, value]) => `${key}=${value}`)
        .join('&')
      return `${venue.name}:${symbols.join(',')}${query ? `?${query}` : ''}`
    })
    .join(' ')
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'config_invalid',
    message,
    'Example: TICKHOUSE_SOURCES="binance:BTCUSDT,ETHUSDT coinbase:BTC-USD"',
  )
}
