/** Numbers of a report as text. What is not defined is "–". */
import { partsOf } from '../market/instrument.ts'
import type { Portfolio } from '../portfolio/shape.ts'
import type { Completeness } from '../stored/proved.ts'
import { inWords } from '../stored/verifications.ts'
import type { Evaluation } from './evaluate.ts'
import type { Outcome } from './outcome.ts'
import type { Report } from './report.ts'

export const PAPER = 'Paper only: no order was sent to a venue.'
/** With less, an amount's first two decimals show little. */
const CAPITAL_OF_COINS = 1_000
/** The annual numbers of a shorter run are noted as extrapolated. */
const DAYS_SHORT = 30

const known = (value: number, text: (value: number) => string) => (Number.isFinite(value) ? text(value) : '–')
const decimals = (value: number, count: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: count, maximumFractionDigits: count })

export const whole = (value: number): string => known(value, each => decimals(each, 0))
/** Of a strategy with this capital: coins, of which it has few, with more decimals. */
export const money = (value: number, capital: number): string =>
  known(value, each => decimals(each, capital < CAPITAL_OF_COINS ? 6 : 2))
export const ratio = (value: number): string => known(value, each => decimals(each, 2))
export const probability = (value: number): string => known(value, each => decimals(each, 3))
export const percent = (share: number): string => known(share, each => `${decimals(each * 100, 2)} %`)
export const quantity = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 12 })
export const clock = (micros: number): string => new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ')

/** A time of so many periods: `5 h 3 min`. */
export function duration(periods: number, seconds: number): string {
  if (!Number.isFinite(periods)) return '–'
  const total = Math.round(periods * seconds)
  const parts: [number, string][] = [
    [Math.floor(total / 86_400), 'd'],
    [Math.floor((total % 86_400) / 3_600), 'h'],
    [Math.floor((total % 3_600) / 60), 'min'],
    [total % 60, 's'],
  ]
  const first = parts.findIndex(([count]) => count > 0)
  if (first < 0) return '0'
  const shown = parts.slice(first, first + 2).filter(([count]) => count > 0)
  return shown.map(([count, unit]) => `${count} ${unit}`).join(' ')
}

/** By name: a run and its tables count in different orders. */
export const sortedEntries = (counts: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))

export const times = (count: number): string => `${whole(count)} ${count === 1 ? 'time' : 'times'}`
/** `by minute (1,440)` */
export const periodTitle = ({ period, statistics }: Evaluation): string => `by ${period} (${whole(statistics.periods)})`

/** What one must know to read the numbers: one sentence each. */
export function cautions({ fromMicros, untilMicros, isSaved, portfolio, strategies, state }: Report): string[] {
  const lines: string[] = []
  if (state !== 'ended')
    lines.push(state === 'stopped' ? 'The run was stopped before the end.' : `The run is ${state}.`)
  const seconds = (untilMicros - fromMicros) / 1e6
  if (seconds < DAYS_SHORT * 86_400)
    lines.push(`The run is ${duration(1, seconds)} long: its annual numbers are extrapolated.`)
  for (const { outcome } of strategies)
    if (stageOf(outcome) === 'shadow')
      lines.push(`${outcome.strategy} is in shadow: its model predicts, and no order is sent. tickhouse lab models`)
  if (!isSaved)
    lines.push('The run was not saved: it is no trial of later runs, which makes their results look better.')
  const symbols = new Set(strategies.flatMap(({ outcome }) => outcome.symbols))
  const assumed = venuesWithoutFees(portfolio, symbols)
  if (assumed.length > 0) lines.push(`No fees are stated of ${assumed.join(', ')}: 0.1 % of each fill was taken.`)
  return lines
}

/** Of a strategy with a model. */
const stageOf = ({ parameters }: Pick<Outcome, 'parameters'>) =>
  (JSON.parse(parameters) as Record<string, unknown>).stage

function venuesWithoutFees({ fees }: Portfolio, symbols: ReadonlySet<string>): string[] {
  const venues = new Set([...symbols].map(name => partsOf(name).venue))
  return [...venues].filter(venue => !fees[venue] && !fees.default)
}

/** Whether a saved run equals its replay. */
export const verificationLines = ({ isSaved, verification }: Report): string[] =>
  isSaved ? [inWords(verification)] : []

/** How many hours are proved; then what is not. */
export function completenessLines({ completeness, dataset }: Report): string[] {
  const lines = provedLines(completeness)
  return dataset ? [`Dataset: ${dataset}. Ticks that came later were not played.`, ...lines] : lines
}

function provedLines({ hours, proved, unproved }: Completeness): string[] {
  if (hours === 0)
    return ['Completeness: not measured yet. tickhouse counts each hour when it is over: tickhouse coverage']
  if (proved === hours) return [`Completeness: all ${whole(hours)} hours of trades are proved.`]
  return [
    `Completeness: ${whole(proved)} of ${whole(hours)} hours of trades are proved. Not proved:`,
    ...unproved.map(
      each => `  ${each.name} ${each.condition}, ${whole(each.hours)} h from ${each.first}: ${each.cause}`,
    ),
  ]
}
