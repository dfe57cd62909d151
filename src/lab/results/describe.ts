/** A run in words, for the terminal. */

import type { ReadPortfolio } from '../portfolio/read.ts'
import type { Completeness } from '../stored/proved.ts'
import type { Recorded } from './recorded.ts'

const PAPER = 'Paper only: no order was sent to a venue.'

export interface Described {
  run: string
  portfolio: ReadPortfolio
  recorded: readonly Recorded[]
  firstMicros: number
  lastMicros: number
  trades: number
  quotes: number
  completeness: Completeness
  isStopped: boolean
}

/** Lines. */
export function describeRun(result: Described): string[] {
  const { run, portfolio, recorded, completeness, isStopped } = result
  const { currency } = portfolio.portfolio
  const span = `${clock(result.firstMicros)} to ${clock(result.lastMicros)} UTC`
  const lines = [
    `run ${run}${isStopped ? ' (stopped before the end)' : ''}`,
    `${whole(result.trades)} trades and ${whole(result.quotes)} quotes, ${span}. ${PAPER}`,
    '',
  ]
  for (const [at, { entry, kind }] of portfolio.strategies.entries())
    lines.push(...describeStrategy(`${entry.name} (${kind.name})`, entry.capital, currency, recorded[at]!), '')
  lines.push(...describeCompleteness(completeness))
  const venues = [...new Set(portfolio.strategies.flatMap(({ entry }) => entry.symbols.map(venueOf)))]
  const assumed = venues.filter(venue => !portfolio.portfolio.fees[venue] && !portfolio.portfolio.fees.default)
  if (assumed.length > 0) lines.push(`No fees are stated of ${assumed.join(', ')}: 0.1 % of each fill was taken.`)
  return lines
}

function describeStrategy(title: string, capital: number, currency: string, recorded: Recorded): string[] {
  const { lastMark, equity, fills, makerFills, largeFills, orders, breaches, roundTrips, fillsHash } = recorded
  const end = lastMark ? Number(lastMark.equity) / 1e8 : capital
  const won = roundTrips.filter(({ profit }) => profit > 0n).length
  const fees = Number(lastMark?.fees ?? 0n) / 1e8
  const lines = [
    `${title}: ${money(capital)} → ${money(end)} ${currency} (${percent(end / capital - 1)}), fees ${money(fees)}`,
    `  ${whole(fills)} fills (${whole(makerFills)} as maker), ${whole(roundTrips.length)} round trips, ${whole(won)} of them won; deepest fall ${percent(deepestFall(equity))}`,
  ]
  const ended = Object.entries(orders).map(([state, count]) => `${whole(count)} ${state}`)
  if (ended.length > 0) lines.push(`  orders: ${ended.join(', ')}`)
  const reached = Object.entries(breaches).map(([limit, count]) => `${limit} ${whole(count)} times`)
  if (reached.length > 0) lines.push(`  limits reached: ${reached.join(', ')}`)
  if (largeFills > 0)
    lines.push(`  ${whole(largeFills)} fills are of orders too large for the market: their prices are too good`)
  lines.push(`  SHA-256 of its fills: ${fillsHash}`)
  return lines
}

function describeCompleteness({ hours, proved, unproved }: Completeness): string[] {
  if (hours === 0) return ['The completeness of this time has not been counted yet: tickhouse coverage']
  if (proved === hours) return [`Completeness: all ${whole(hours)} hours of trades are proved.`]
  return [
    `Completeness: ${whole(proved)} of ${whole(hours)} hours of trades are proved. Not proved:`,
    ...unproved.map(
      each => `  ${each.name} ${each.condition}, ${whole(each.hours)} h from ${each.first}: ${each.cause}`,
    ),
  ]
}

/** Share of the highest value before it. */
function deepestFall(equity: readonly number[]): number {
  let highest = Number.NEGATIVE_INFINITY
  let deepest = 0
  for (const value of equity) {
    highest = Math.max(highest, value)
    deepest = Math.min(deepest, value / highest - 1)
  }
  return deepest
}

const venueOf = (name: string) => name.slice(0, name.indexOf(':'))
const whole = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 })
const money = (value: number) => value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
const percent = (share: number) => `${(share * 100).toFixed(2)} %`
const clock = (micros: number) => new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ')
