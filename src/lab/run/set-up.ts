/** From a portfolio to an engine that is ready to play. */
import { Random } from '../../simulator/random.ts'
import { Engine } from '../engine/engine.ts'
import { moneyOf, type TraderOptions } from '../engine/trader.ts'
import { RATE_DECIMALS } from '../execution/rules.ts'
import { VenueFees } from '../execution/venue-fees.ts'
import { type Instrument, nameOf, unitsOf } from '../market/instrument.ts'
import { tiersOf } from '../portfolio/fees.ts'
import type { ReadPortfolio, ReadStrategy } from '../portfolio/read.ts'
import type { Portfolio, StrategyEntry } from '../portfolio/shape.ts'
import { type AddRow, Recorded } from '../results/recorded.ts'
import type { Limits } from '../risk/limits.ts'

export interface SetUp {
  engine: Engine
  /** The results of each strategy, in the order of the portfolio. */
  recorded: readonly Recorded[]
}

/** All instruments of the strategies that are on, `venue:symbol`, each once. */
export function symbolsOf({ strategies }: Pick<ReadPortfolio, 'strategies'>): string[] {
  return [...new Set(strategies.flatMap(({ entry }) => entry.symbols))]
}

/** `quoted`: the instruments whose quotes are recorded. Throws `usage` for amounts that are not whole units. */
export function setUp(
  run: string,
  { portfolio, strategies }: ReadPortfolio,
  instruments: readonly Instrument[],
  quoted: ReadonlySet<string>,
  add: AddRow,
  keepsFeatures = false,
): SetUp {
  const byName = new Map(instruments.map(each => [nameOf(each), each]))
  const isQuoted = (instrument: Instrument) => quoted.has(nameOf(instrument))
  const recorded = strategies.map(({ entry }) => new Recorded({ run, strategy: entry.name }, add, keepsFeatures))
  const traders = strategies.map((strategy, at) => ({
    ...traderOf(strategy, portfolio, recorded[at]!),
    instruments: strategy.entry.symbols.map(name => byName.get(name)!),
    isQuoted,
  }))
  const { mark_seconds: markSeconds, stale_seconds: staleSeconds, clock_apart_seconds: apartSeconds, clock } = portfolio
  const engine = new Engine({
    instruments,
    traders,
    limits: limitsOf(portfolio.limits),
    markSeconds,
    staleSeconds,
    apartSeconds,
    isQuoted,
    byVenueTime: clock === 'venue',
  })
  return { engine, recorded }
}

function traderOf(
  { entry, kind, parameters, files }: ReadStrategy,
  portfolio: Portfolio,
  results: Recorded,
): Omit<TraderOptions, 'instruments' | 'isQuoted'> {
  const { fills, order_latency_ms: latency, seed } = portfolio
  const own = new Random(seed, entry.name)
  const ways = new Random(seed, `${entry.name} latency`)
  const [least, most] = typeof latency === 'number' ? [latency, latency] : latency
  const fees = new Map<string, VenueFees>()
  return {
    name: entry.name,
    strategy: kind.make(parameters, files),
    capital: moneyOf(entry.capital),
    limits: limitsOf(entry.limits),
    rules: {
      ...{ rest: fills.rest, limits: fills.limits, consumes: fills.consumes },
      ...{ slippageTicks: fills.slippage_ticks, participation: fills.participation },
    },
    fees: ({ venue }, notional, timeMicros) => {
      const known = fees.get(venue) ?? feesOf(portfolio, venue)
      fees.set(venue, known)
      return known.take(notional, timeMicros)
    },
    latencyMicros: () => Math.round((least === most ? least : least + (most - least) * ways.uniform()) * 1000),
    random: () => own.uniform(),
    results,
  }
}

function feesOf({ fees }: Portfolio, venue: string): VenueFees {
  const { tiers, volume } = tiersOf(fees, venue)
  const units = (share: number) => unitsOf(share, RATE_DECIMALS, 'the fee')
  const inUnits = tiers.map(({ from, maker, taker }) => ({
    from: moneyOf(from),
    rates: { maker: units(maker), taker: units(taker) },
  }))
  return new VenueFees(inUnits, moneyOf(volume))
}

function limitsOf({ position, gross, order, daily_loss: dailyLoss, drawdown }: StrategyEntry['limits']): Limits {
  return {
    ...(position === undefined ? {} : { position: moneyOf(position) }),
    ...(gross === undefined ? {} : { gross: moneyOf(gross) }),
    ...(order === undefined ? {} : { order: moneyOf(order) }),
    ...(dailyLoss === undefined ? {} : { dailyLoss: moneyOf(dailyLoss) }),
    ...(drawdown === undefined ? {} : { drawdown }),
  }
}
