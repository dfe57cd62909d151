/**
 * `tickhouse quarantine`: refused ticks by reason or row by row, and their reprocessing, through the running process.
 */
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import type { QuarantineEntry, ReasonSummary } from '../ingest/reprocess/quarantine.ts'
import type { ReprocessReport } from '../ingest/reprocess/reprocess.ts'
import { printable } from '../plain-text.ts'
import { requestPage } from './running/instance-request.ts'

/** Flags as given. Times are RFC 3339 or a date; `at` is partition/offset/index. */
export interface QuarantineFlags {
  reason?: string
  venue?: string
  symbol?: string
  since?: string
  until?: string
  at?: string
  limit?: string
  raw?: boolean
  json?: boolean
  reprocess?: boolean
  dryRun?: boolean
}

const LIMIT = '20'
/** Payload bytes shown in a list; `--raw` prints all. */
const SHOWN_BYTES_MAX = 512
const RAW_BYTES_MAX = 64 * 2 ** 20
const HEX_BYTES_A_LINE = 16

/**
 * Prints reasons, rows or the result of reprocessing. Throws `process_unreachable` if nothing listens, `query_failed`
 * if the request fails.
 */
export async function quarantine(config: Config, flags: QuarantineFlags): Promise<void> {
  const filter = filterOf(flags)
  const print = (value: unknown, lines: string[]) => console.log(flags.json ? JSON.stringify(value) : lines.join('\n'))
  if (flags.raw) {
    if (!flags.at) throw mistake('--raw prints the payload of one row: name it with --at')
    const [row] = (await request(config, '', { ...filter, rows: '1', raw: String(RAW_BYTES_MAX) })) as QuarantineEntry[]
    if (!row) throw mistake(`no row in quarantine at ${flags.at}`)
    process.stdout.write(Buffer.from(row.raw, 'base64'))
  } else if (flags.reprocess) {
    const dryRun = String(flags.dryRun ?? false)
    const report = (await request(config, '/reingest', { ...filter, dryRun }, 'POST')) as ReprocessReport
    print(report, describeReport(report, flags.dryRun ?? false))
  } else if (Object.keys(filter).length > 0 || flags.limit !== undefined) {
    const query = { ...filter, rows: flags.limit ?? LIMIT, raw: String(SHOWN_BYTES_MAX) }
    const rows = (await request(config, '', query)) as QuarantineEntry[]
    print(rows, rows.length > 0 ? rows.flatMap(describeRow) : ['No such row in quarantine.'])
  } else {
    const reasons = (await request(config, '', {})) as ReasonSummary[]
    print(reasons, reasons.length > 0 ? reasons.flatMap(describeReason) : ['Quarantine is empty.'])
  }
}

function filterOf({ reason, venue, symbol, since, until, at }: QuarantineFlags): Record<string, string> {
  const given = { reason, venue, symbol, at, since: timeOf('--since', since), until: timeOf('--until', until) }
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function timeOf(flag: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const ms = Date.parse(text)
  if (!/^\d{4}-/.test(text) || Number.isNaN(ms)) throw mistake(`${flag} must be a time, not "${text}"`)
  return String(ms)
}

async function request(
  config: Config,
  target: string,
  query: Record<string, string>,
  method = 'GET',
): Promise<unknown> {
  const response = await requestPage(config, `/api/quarantine${target}?${new URLSearchParams(query)}`, { method })
  const answer = await response.json<object | { message: string; advice: string }>()
  if ('message' in answer) throw new TickhouseError('query_failed', answer.message.replace(/\.$/, ''), answer.advice)
  return answer
}

const timeText = (ms: number): string => new Date(ms).toISOString().replace('.000', '')

function describeReason({ reason, ticks, records, firstMs, lastMs, venues, example }: ReasonSummary): string[] {
  const from = venues.length > 0 ? ` from ${venues.join(', ')}` : ''
  return [
    `${reason}: ${ticks} ticks in ${records} records${from}`,
    `  ${timeText(firstMs)} to ${timeText(lastMs)}, for example: ${printable(example)}`,
  ]
}

function describeRow(row: QuarantineEntry): string[] {
  const { partition, offset, index, ticks, reason, detail, venue, symbol, loggedAtMs, rawBytes, receivedBytes } = row
  const what = [venue, symbol, ticks === 1 ? '' : `${ticks} ticks`].filter(Boolean).join(' ')
  return [
    `${partition}/${offset}/${index}  ${timeText(loggedAtMs)}  ${reason}  ${printable(what)}`,
    `  ${printable(detail)}`,
    ...showRaw(Buffer.from(row.raw, 'base64'), rawBytes).map(line => `  | ${line}`),
    ...(receivedBytes > rawBytes ? [`  cut: ${rawBytes} of ${receivedBytes} bytes received were kept`] : []),
  ]
}

/** Readable text as text, else a hex dump. */
function showRaw(raw: Buffer, bytes: number): string[] {
  const more = bytes > raw.length ? [`… ${bytes} bytes in total: use --raw`] : []
  const text = raw.toString()
  // The cut may be inside a character.
  const cut = more.length > 0 ? text.replace(/\ufffd$/, '') : text
  if (!cut.includes('\ufffd') && printable(cut, '\n') === cut) return [...cut.split('\n'), ...more]
  const lines: string[] = [`${bytes} bytes`]
  for (let at = 0; at < raw.length; at += HEX_BYTES_A_LINE) {
    const part = raw.subarray(at, at + HEX_BYTES_A_LINE)
    const hex = part
      .toString('hex')
      .replace(/../g, '$& ')
      .padEnd(HEX_BYTES_A_LINE * 3)
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex} ${part.toString('latin1').replace(/[^ -~]/g, '.')}`)
  }
  return [...lines, ...more]
}

function describeReport({ looked, moved, still, elsewhere }: ReprocessReport, dryRun: boolean): string[] {
  const lines = [
    dryRun
      ? `${moved} of ${looked} ticks would be moved to trades. Nothing was changed.`
      : `${moved} of ${looked} ticks were moved from quarantine to trades.`,
  ]
  for (const { reason, today, detail, ticks } of still) {
    const now = today === reason ? 'still' : `now ${today}`
    lines.push(`  ${ticks} stay: ${reason}, ${now}: ${printable(detail)}`)
  }
  if (elsewhere.length > 0)
    lines.push(`  not processed: partitions ${elsewhere.join(', ')}, which another process stores`)
  return lines
}

function mistake(message: string): TickhouseError {
  return new TickhouseError('usage', message, 'See: tickhouse quarantine --help')
}
