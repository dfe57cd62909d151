/** `tickhouse coverage`: how complete what is stored is, by symbol, day or hour, from the running process. */
import type { Config } from '../../config.ts'
import { CONDITIONS, type Condition, causeText, isIncomplete } from '../../coverage/condition.ts'
import { RESOLUTIONS } from '../../coverage/read.ts'
import { TickhouseError } from '../../errors.ts'
import { printable } from '../../plain-text.ts'
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
    format: format === 'table' ? 'json' : format,
  })
  if (flags.from !== undefined) query.set('from', secondsOf(flags.from))
  if (flags.to !== undefined) query.set('to', secondsOf(flags.to))
  const response = await requestPage(config, `/api/coverage?${query}`)
  const text = await response.text()
  if (!response.ok) {
    const { message = text, advice = '' } = JSON.parse(text) as { message?: string; advice?: string }
    throw new TickhouseError('query_failed', message.replace(/\.$/, ''), advice)
  }
  const header = (name: string) => Number(response.headers.get(`tickhouse-${name}`))
  const incomplete = header('incomplete-hours')
  if (format === 'table') {
    const totals = { hours: header('hours'), incomplete, countedBefore: header('counted-before') }
    console.log(describe(JSON.parse(text) as Row[], totals).join('\n'))
  } else process.stdout.write(text)
  return incomplete === 0
}

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
    `${Number(row.ticks).toLocaleString('en-US')} ticks`,
    causeText(row.cause, row),
  ])
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map(line => line[column]!.length)))
  const lines = cells.map(line =>
    printable(
      line
        .map((cell, at) => cell.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    ),
  )
  const until = new Date(totals.countedBefore * 1000).toISOString().replace(':00.000', '')
  const pending = totals.countedBefore > 0 ? `Hours from ${until} on are pending.` : 'Hours are still being counted.'
  return [
    ...lines,
    '',
    `${totals.hours.toLocaleString('en-US')} hours, ${totals.incomplete.toLocaleString('en-US')} of them degraded or missing. ${pending}`,
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
