/**
 * Parses what to record: `binance:BTCUSDT,ETHUSDT@trades,quotes coinbase:BTC-USD simulator:?rate=500&seed=7`. A venue,
 * its symbols, after `@` the kinds of their ticks, after `?` options. `*USDT` are all symbols that end so, `-BUSDUSDT`
 * leaves one out. A venue may appear several times: of a symbol all kinds are recorded that are named for it.
 */
import { TickhouseError } from '../errors.ts'
import { defaultKinds } from '../tick/kinds.ts'
import { findVenue, VENUES } from '../venues/index.ts'
import { NO_LIST } from '../venues/instruments.ts'
import type { Venue } from '../venues/venue.ts'
import { isPattern, type Patterns } from './subscription/pattern.ts'

export interface Selected {
  venue: Venue
  /** Distinct, in the venue's spelling as far as it is known. */
  symbols: readonly string[]
  /** What it selects from the venue's list. */
  patterns?: Patterns
  /** The symbols as the user wrote them; empty where the venue's defaults are recorded. */
  given: readonly string[]
  /** Kinds of their ticks, in the order of `Venue.kinds`. */
  kinds: readonly string[]
  /** Only the simulator takes any. */
  options: Readonly<Record<string, number>>
}

/** Options of the simulator, with bounds. */
const SIMULATOR_OPTIONS: Readonly<Record<string, { min: number; max: number }>> = {
  rate: { min: 1, max: 500_000 },
  seed: { min: 0, max: 2 ** 31 - 1 },
}

/** Hyperliquid's spot pairs begin with `@`. */
const SYMBOL = /^[\p{L}\p{N}@][\p{L}\p{N}._/-]{0,39}$/u
/** Kinds are words: `@142` is a symbol. */
const KINDS_LAST = /@[a-z,]+$/i
const PREFIX = /^[\p{L}\p{N}._-]{1,20}:/u

/**
 * Throws `config_invalid` for a malformed selection, an unknown venue or option. A venue without symbols gets its
 * defaults. Blanks around commas and commas between venues are accepted.
 */
export function parseSources(text: string): Selected[] {
  const parts = sourcesIn(text)
  const selected = parts.map((part, index) => parseOne(part, parts[index - 1]))
  if (selected.length === 0) throw invalid('TICKHOUSE_SOURCES is empty')
  if (selected.filter(({ venue }) => takesOptions(venue)).length > 1)
    throw invalid('the simulator appears twice in TICKHOUSE_SOURCES')
  for (const [{ name, limits }, own] of Map.groupBy(selected, ({ venue }) => venue))
    if (limits.connections !== undefined && new Set(own.map(({ kinds }) => kinds.join())).size > 1)
      throw invalid(`${name} allows one connection, with the same kinds for all symbols`)
  return selected
}

/** Splits the text into sources, each with its venue first. */
function sourcesIn(text: string): string[] {
  const parts: string[] = []
  for (const word of text.replace(/\s*,\s*/g, ',').split(/\s+/)) {
    for (const [at, item] of word.split(',').entries()) {
      const before = parts.at(-1)
      const begins = beginsWithVenue(item) && !isSymbolOf(before, item)
      if (item === '') continue
      if (before === undefined || begins || (at === 0 && !before.endsWith(':'))) parts.push(item)
      else parts[parts.length - 1] = `${before}${before.endsWith(':') ? '' : ','}${item}`
    }
  }
  return parts
}

/** Looked up at each call: venues from outside the tree are added while the program starts. */
function beginsWithVenue(item: string): boolean {
  const [name = ''] = item.split(/[:?@]/)
  return findVenue(name.toLowerCase()) !== undefined
}

/**
 * Of a venue whose symbols have prefixes, a venue's name in capitals is a prefix, not the next venue:
 * `hyperliquid:BTC,BINANCE:ETHUSDT`.
 */
function isSymbolOf(source: string | undefined, item: string): boolean {
  const [, name = '', list = ''] = /^([^:?@]+):([^?]*)$/.exec(source ?? '') ?? []
  const [first = ''] = item.split(':')
  if (KINDS_LAST.test(list)) return false
  return first === first.toUpperCase() && findVenue(name.toLowerCase())?.prefixes === true
}

function parseOne(text: string, before: string | undefined): Selected {
  const [, name, rest = '', query = ''] = /^([^:?@]+)([^?]*)(?:\?(.*))?$/.exec(text) ?? []
  // Kinds are words: `@142` is a symbol.
  const [, list = '', wanted] = /^(?::(.*?))?(?:@([a-z,]*))?$/i.exec(rest) ?? [undefined, rest]
  if (!name) throw invalid(`not a source: ${text}`)
  const venue = findVenue(name.toLowerCase())
  if (!venue) throw unknownVenue(name, text, before)
  const items = list.split(',').filter(Boolean)
  const patterns = parsePatterns(venue, items)
  const given = items.filter(item => !item.startsWith('-') && !item.includes('*'))
  const wrong = given.find(symbol => !isSymbol(venue, symbol))
  if (wrong !== undefined) throw invalid(`not a symbol of ${venue.name}: ${wrong}`)
  const symbols = [...new Set(given.map(symbol => (venue.spelling === 'capitals' ? symbol.toUpperCase() : symbol)))]
  const kinds = parseKinds(venue, wanted)
  const options: Record<string, number> = {}
  for (const [key, value] of new URLSearchParams(query)) {
    const isKnown = takesOptions(venue) && Object.hasOwn(SIMULATOR_OPTIONS, key)
    const bounds = isKnown ? SIMULATOR_OPTIONS[key] : undefined
    if (!bounds) throw invalid(`source ${name} takes no option ${key}`)
    const number = Number(value)
    if (!Number.isInteger(number) || number < bounds.min || number > bounds.max) {
      throw invalid(`${name} ${key} must be a whole number from ${bounds.min} to ${bounds.max}, not ${value}`)
    }
    options[key] = number
  }
  if (patterns) return { venue, symbols, patterns, given, kinds, options }
  return { venue, symbols: symbols.length > 0 ? symbols : venue.defaultSymbols, given, kinds, options }
}

/** Whether the user named a venue alone: its defaults are then what it selects. */
export function namesNothing({ given, patterns }: Selected): boolean {
  return given.length === 0 && patterns === undefined
}

const takesOptions = (venue: Venue): boolean => venue.name === 'simulator'

/** The patterns among the items of a list, and those with a minus; undefined if there are none. */
function parsePatterns(venue: Venue, items: readonly string[]): Patterns | undefined {
  const spell = (item: string) => (venue.spelling === 'capitals' ? item.toUpperCase() : item)
  const patterns = items.filter(item => item.includes('*') && !item.startsWith('-')).map(spell)
  const except = items.filter(item => item.startsWith('-')).map(item => spell(item.slice(1)))
  const wrong = [...patterns, ...except].find(item => !isPattern(item) && !isSymbol(venue, item))
  if (wrong !== undefined) throw invalid(`not a pattern of symbols of ${venue.name}: ${wrong}`)
  if (patterns.length === 0 && except.length === 0) return undefined
  if (patterns.length === 0)
    throw invalid(`-${except[0]} leaves a symbol out, but no pattern of ${venue.name} selects it`)
  if (venue.instruments === NO_LIST)
    throw invalid(`${venue.name} has no public list of symbols, so ${patterns[0]} matches none: name each symbol`)
  return { patterns: [...new Set(patterns)], except: [...new Set(except)] }
}

function isSymbol(venue: Venue, text: string): boolean {
  return SYMBOL.test(venue.prefixes ? text.replace(PREFIX, '') : text)
}

/** The kinds of ticks after `@`; where there are none, all that the venue sends but those recorded on request. */
function parseKinds(venue: Venue, wanted: string | undefined): readonly string[] {
  const known = venue.kinds.flat()
  if (wanted === undefined) return defaultKinds(known)
  const named = wanted.toLowerCase().split(',').filter(Boolean)
  const wrong = named.find(kind => !known.includes(kind))
  if (wrong !== undefined) throw invalid(`${venue.name} has no ${wrong}: it sends ${known.join(' and ')}`)
  if (named.length === 0) throw invalid(`no kind of ticks after @ for ${venue.name}: it sends ${known.join(' and ')}`)
  return known.filter(kind => named.includes(kind))
}

/** The selection as text again, for a child process. */
export function formatSources(selected: readonly Omit<Selected, 'given'>[]): string {
  return selected
    .map(({ venue, symbols, patterns, kinds, options }) => {
      const except = patterns?.except.map(item => `-${item}`) ?? []
      const items = [...symbols, ...(patterns?.patterns ?? []), ...except]
      const query = Object.entries(options)
        .map(([key, value]) => `${key}=${value}`)
        .join('&')
      const usual = defaultKinds(venue.kinds.flat()).join() === kinds.join()
      return `${venue.name}:${items.join(',')}${usual ? '' : `@${kinds.join(',')}`}${query ? `?${query}` : ''}`
    })
    .join(' ')
}

function unknownVenue(name: string, text: string, before: string | undefined): TickhouseError {
  // More likely a symbol after a blank instead of a comma.
  if (before?.includes(':') && text === name && /[A-Z/-]/.test(name))
    return invalid(`${name} is not a source: separate the symbols of a venue by commas, ${before},${name}`)
  return invalid(`unknown venue ${name}; known: ${VENUES.map(known => known.name).join(', ')}`)
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'config_invalid',
    message,
    'Example: TICKHOUSE_SOURCES="binance:BTCUSDT,ETHUSDT@trades,quotes coinbase:BTC-USD"',
  )
}
