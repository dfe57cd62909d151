/** Plays one strategy of a portfolio to ticks, and notes what it decided. */
import { QuoteColumns } from '../../tick/quotes/quotes.ts'
import { nameOf } from '../market/instrument.ts'
import type { ReadPortfolio, ReadStrategy } from '../portfolio/read.ts'
import type { Row } from '../results/rows.ts'
import { setUp } from '../run/set-up.ts'
import { type Change, type TickSource, timeOf } from './source.ts'
import { type Log, watched } from './watched.ts'

export interface PlayOptions {
  source: TickSource
  portfolio: ReadPortfolio
  strategy: ReadStrategy
  /** Ticks before are left out, µs. */
  fromMicros?: number
  /** The tape ends here, exclusive, µs. */
  untilMicros?: number
  change?: Change
}

export interface Played extends Log {
  /** Rows of `lab_fills`. */
  fills: readonly Row[]
}

/** Throws what the strategy throws. */
export async function playOnce(options: PlayOptions): Promise<Played> {
  const { source, portfolio, strategy, change = () => {} } = options
  const { fromMicros = source.firstMicros, untilMicros = source.endMicros } = options
  const log: Log = { decisions: [], samples: [] }
  const fills: Row[] = []
  const { kind } = strategy
  const watching = { ...kind, make: (...of: Parameters<typeof kind.make>) => watched(kind.make(...of), log) }
  const byVenueTime = portfolio.portfolio.clock === 'venue'
  const names = new Set(strategy.entry.symbols)
  const ofIt = source.instruments.filter(each => names.has(nameOf(each)))
  const places = new Map(ofIt.map((each, index) => [each.index, index]))
  const instruments = ofIt.map((each, index) => ({ ...each, index }))
  const alone = { ...portfolio, strategies: [{ ...strategy, kind: watching }] }
  const { engine } = setUp('leaks', alone, instruments, source.quoted, (table, row) => {
    if (table === 'lab_fills') fills.push(row)
  })
  engine.addTapeChanges(
    source.tapeChanges.flatMap(each => {
      const at = places.get(each.at)
      return at === undefined || each.timeMicros >= untilMicros ? [] : [{ ...each, at }]
    }),
  )
  engine.start(fromMicros)
  for await (const rows of source.open(change, untilMicros)) {
    const { ticks } = rows
    let { start, end } = rows
    while (start < end && timeOf(ticks, start, byVenueTime) < fromMicros) start++
    const isLast = end > start && timeOf(ticks, end - 1, byVenueTime) >= untilMicros
    while (end > start && timeOf(ticks, end - 1, byVenueTime) >= untilMicros) end--
    if (ticks instanceof QuoteColumns) engine.playQuotes(ticks, start, end)
    else engine.playTrades(ticks, start, end)
    if (isLast) break
  }
  engine.advance(untilMicros - 1)
  return { ...log, fills }
}
