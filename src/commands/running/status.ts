/** `tickhouse status`: the state of each stage of a running tickhouse, and of its symbols. */
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine, tableLines } from '../../plain-text.ts'
import type { HealthAnswer } from '../../status/health.ts'
import type { SymbolStateRow } from '../../status/model.ts'
import { formatDuration } from '../../watch/format-duration.ts'
import { requestInstance } from './instance-request.ts'

const LINE_LENGTH_MAX = 500
const STATES_SHOWN: readonly string[] = [
  ...['live', 'quiet', 'acknowledged', 'requested', 'halted'],
  ...['silent', 'refused', 'ended', 'unanswered', 'delisted'],
]

export interface StatusFlags {
  all?: true
}

/** Prints the state. True if no stage is in trouble. Throws `process_unreachable`. */
export async function status(config: Config, { all }: StatusFlags): Promise<boolean> {
  const health = (await answerOf(config, '/health')) as HealthAnswer
  if (!health.stations)
    throw new TickhouseError('process_unreachable', `${config.LISTEN} requires a token`, 'Set TICKHOUSE_TOKEN.')
  const symbols = all ? ((await answerOf(config, '/api/symbols')) as SymbolStateRow[]) : []
  console.log([...describeStages(health), ...describeCounts(health), ...describeSymbols(symbols)].join('\n'))
  return health.state !== 'trouble'
}

async function answerOf(config: Config, path: string): Promise<unknown> {
  const response = await requestInstance(config, path)
  if (!response.ok)
    throw response.unreachable(`the process at ${config.LISTEN} does not answer ${path}: HTTP ${response.status}`)
  return response.json()
}

function describeStages({ stations }: HealthAnswer): string[] {
  return Object.entries(stations).map(([name, { state, advice }]) =>
    plainLine(`${name.padEnd(10)}${state.padEnd(9)}${advice}`, LINE_LENGTH_MAX),
  )
}

/** A row for each venue and kind: the number of symbols in each state that any has, and those that are down below. */
export function describeCounts({ symbols, symbolsDown }: Pick<HealthAnswer, 'symbols' | 'symbolsDown'>): string[] {
  if (symbols.length === 0) return []
  const states = STATES_SHOWN.filter(state => symbols.some(row => (row.states as Record<string, number>)[state]))
  const rows = symbols.map(({ venue, kind, states: counts }) => [
    ...[venue, kind],
    ...states.map(state => String((counts as Record<string, number>)[state] ?? 0)),
  ])
  const down = symbolsDown.map(({ venue, symbol, kind, state, detail, forMs }) =>
    plainLine(
      `down      ${venue} ${symbol} ${kind}: ${state} for ${formatDuration(forMs)}: ${detail}`,
      LINE_LENGTH_MAX,
    ),
  )
  return ['', ...table(['venue', 'kind', ...states], rows), ...(down.length > 0 ? ['', ...down] : [])]
}

/** A row for each symbol and kind, those that are down first. */
export function describeSymbols(symbols: readonly SymbolStateRow[]): string[] {
  if (symbols.length === 0) return []
  const rank = ({ state }: SymbolStateRow) => STATES_SHOWN.indexOf(state)
  const rows = [...symbols]
    .sort(
      (a, b) => rank(b) - rank(a) || compare(`${a.venue} ${a.symbol} ${a.kind}`, `${b.venue} ${b.symbol} ${b.kind}`),
    )
    .map(({ venue, symbol, kind, state, sinceMs, firstTickMs, detail }) => [
      ...[venue, symbol, kind, state, utc(sinceMs), firstTickMs === null ? '-' : utc(firstTickMs)],
      detail,
    ])
  return ['', ...table(['venue', 'symbol', 'kind', 'state', 'since (UTC)', 'first tick (UTC)', ''], rows)]
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return tableLines([head, ...rows]).map(line => plainLine(line, LINE_LENGTH_MAX))
}

function utc(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}
