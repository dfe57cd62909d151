/** `tickhouse coverage`: how complete what is stored is, by symbol, day or hour, from the running process. */
import type { Config } from '../../config.ts'
import { CONDITIONS, type Condition, causeText, isIncomplete } from '../../coverage/condition.ts'
import { RESOLUTIONS } from '../../coverage/read.ts'
import { TickhouseError } from '../../errors.ts'
import { printable, tableLines } from '../../plain-text.ts'
import { parseTime } from '../parse-time.ts'
import { requestPage } from './instance-request.ts'

/** Flags as given. */
export interface CoverageFlags {
  from?: string
  to?: string
  kind?: string
  by?: string
  format?: string
}

/** One for all rows: making one takes longer than formatting. */
const NUMBER = new Intl.NumberFormat('en-US')

interface Row extends Record<string, unknown> {
  kind: string
  venue: string
  symbol: string
  start?: string
  condition: Condition
  cause: string
  ticks: string | number
}

/** Prints the conditions. True if nothing of it is degraded or missing. Throws `process_unreachable`, `usage`, `query_failed`. */
export async function coverage(config: Config, sources: readonly string[], flags: CoverageFlags): Promise<boolean> {
  const { by = 'symbol', format = 'table', kind = '' } = flags
  oneOf('--by', by, RESOLUTIONS)
  oneOf('--format', format, ['table', 'json', 'csv'])
  const query = new URLSearchParams({
    sources: sources.join(' '),
    kind,
    by,
    // A quarter of the bytes of JSON, which repeats the names of columns in each row.
    format: format === 'table' ? 'csv' : format,
  })
  if (flags.from !== undefined) query.set('from', secondsOf(flags.from))
  if (flags.to !== undefined) query.set('to', secondsOf(flags.to))
  const response = await requestPage(config, `/api/coverage?${query}`)
  if (!response.ok) {
    const { message, advice } = await response.failure()
    throw new TickhouseError('query_failed', message, advice)
  }
  const text = await response.text()
  const header = (name: string) => Number(response.header(`tickhouse-${name}`))
  const incomplete = header('incomplete-hours')
  if (format === 'table') {
    const totals = { hours: header('hours'), incomplete, countedBefore: header('counted-before') }
    console.log(describe(rowsOf(text), totals).join('\n'))
  } else process.stdout.write(text)
  return incomplete === 0
}

/** Rows of a CSV with a line of names, as the engine writes it: text is quoted, numbers are not, and no text has a line break. */
export function rowsOf(csv: string): Row[] {
  const [names = '', ...lines] = csv.split('\n')
  const columns = cellsOf(names)
  return lines.filter(Boolean).map(line => {
    const row: Record<string, string> = {}
    for (const [at, cell] of cellsOf(line).entries()) row[columns[at]!] = cell
    return row as unknown as Row
  })
}

function cellsOf(line: string): string[] {
  const cells = line.split(',')
  for (const [at, cell] of cells.entries()) {
    if (!cell.startsWith('"')) continue
    const text = cell.slice(1, -1)
    // A symbol with a comma or a quote in it.
    if (cell.length === 1 || !cell.endsWith('"') || text.includes('"')) return quotedCellsOf(line)
    cells[at] = text
  }
  return cells
}

const quotedCellsOf = (line: string): string[] =>
  Array.from(line.matchAll(/(?<=^|,)(?:"((?:[^"]|"")*)"|([^,]*))(?=,|$)/g), ([, quoted, plain = '']) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  )

/** The table: a line for each row, and the totals. */
export function describe(
  rows: readonly Row[],
  totals: { hours: number; incomplete: number; countedBefore: number },
): string[] {
  if (rows.length === 0) return ['No hour of this has been counted yet: each is, once it is over and audited.']
  const cells = rows.map(row => [
    ...(row.start === undefined ? [] : [row.start]),
    ...[row.venue, row.symbol, row.kind, row.condition],
    hoursText(row),
    `${NUMBER.format(Number(row.ticks))} ticks`,
    causeText(row.cause, row),
  ])
  const lines = tableLines(cells).map(line => printable(line))
  const until = new Date(totals.countedBefore * 1000).toISOString().replace(':00.000', '')
  const pending = totals.countedBefore > 0 ? `Hours from ${until} on are pending.` : 'Hours are still being counted.'
  return [
    ...lines,
    '',
    `${NUMBER.format(totals.hours)} hours, ${NUMBER.format(totals.incomplete)} of them degraded or missing. ${pending}`,
  ]
}

/** As in `720 proved, 2 degraded`, of a row of several hours. */
function hoursText(row: Row): string {
  const found = CONDITIONS.toReversed().flatMap(name => {
    const hours = Number(row[`hours_${name}`] ?? 0)
    return hours > 0 ? [`${hours} h${isIncomplete(name) || row.condition !== name ? ` ${name}` : ''}`] : []
  })
  return found.join(', ')
}

const secondsOf = (text: string): string => String(parseTime(text) / 1_000_000_000n)

function oneOf(flag: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value))
    throw new TickhouseError(
      'usage',
      `${flag} must be one of ${choices.join(', ')}, not "${value}"`,
      'See: tickhouse coverage --help',
    )
}
