/** `tickhouse gaps`: trades that are missing, and the acceptance of some by a person. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine } from '../../plain-text.ts'
import { literal } from '../../store/sql.ts'
import { requestPage } from './instance-request.ts'

const LINE_LENGTH_MAX = 500
const LISTED_MAX = 1_000
/** An acceptance passes the log before it is stored. */
const ACCEPT_MS_MAX = 15_000
const POLL_MS = 250

export interface GapsFlags {
  /** Also those that are repaired or accepted. */
  all?: true
}

export interface AcceptFlags {
  reason: string
  by: string
}

/** A row of table `gaps`. Ids are texts: they may be beyond 2^53. */
export interface GapLine {
  venue: string
  symbol: string
  first: string
  last: string
  missing: string
  state: string
  reason: string
  run: number
  found: string
  /** The venue's time of the trade before, or empty. */
  after: string
  /** Ids of it that reached the log and are in quarantine. */
  refused: string
  /** What caused it, in words; empty if not known. */
  detail: string
}

/** Prints missing trades, the newest last. Throws `process_unreachable`. */
export async function listGaps(config: Config, { all }: GapsFlags): Promise<void> {
  const gaps = await query(config, all ? '1' : "state IN ('open', 'unrepairable')")
  const lines = describeGaps(gaps)
  console.log(lines.map(line => plainLine(line, LINE_LENGTH_MAX)).join('\n'))
}

export function describeGaps(gaps: readonly GapLine[]): string[] {
  if (gaps.length === 0) return ['No trades are known to be missing.']
  const lines = gaps.map(({ venue, symbol, first, last, missing, state, reason, found, after, ...line }) => {
    const why = state === 'open' || state === 'repaired' ? '' : `: ${reason}`
    const cause = line.detail === '' ? '' : `  ${line.detail}`
    return `${venue}:${symbol} ${first}-${last}  ${missing} missing  ${state}${why}  ${after || `found ${found}`}${cause}`
  })
  return gaps.length < LISTED_MAX ? lines : [...lines, `The newest ${LISTED_MAX}: all are in table gaps.`]
}

/**
 * Accepts what is missing of `symbol`, as `<venue>:<symbol>`, from id to id. Resolves when it is stored. Throws `usage` if
 * nothing is missing there, `process_unreachable` if no recorder executes it.
 */
export async function acceptGaps(config: Config, symbol: string, ids: string, flags: AcceptFlags): Promise<void> {
  const [, venue, name] = /^([a-z0-9]+):(.+)$/.exec(symbol) ?? []
  const [, first, last] = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(ids) ?? []
  if (!venue || !first) throw mistake(`not a symbol and a range of ids: ${symbol} ${ids}`)
  const range = { first: Number(first), last: Number(last ?? first) }
  const where =
    `venue = ${literal(venue)} AND symbol = ${literal(name)} AND state IN ('open', 'unrepairable')` +
    ` AND first_id >= ${range.first} AND last_id <= ${range.last}`
  const before = await query(config, where)
  if (before.length === 0) throw mistake(`no gap of ${symbol} lies within ids ${range.first} to ${range.last}`)
  for (const run of new Set(before.map(gap => Number(gap.run)))) {
    const body = JSON.stringify({ venue, symbol: name, run, ...range, reason: flags.reason, by: flags.by })
    const response = await requestPage(config, '/api/gaps/accept', { method: 'POST', body })
    if (!response.ok) {
      const { message, advice } = (await response.json()) as { message: string; advice: string }
      throw new TickhouseError('process_unreachable', message, advice)
    }
    await stored(config, `${where} AND id_run = ${run}`)
  }
  console.log(`${before.length} gaps of ${symbol} are accepted.`)
}

/** Resolves when no gap is left. */
async function stored(config: Config, where: string): Promise<void> {
  const endMs = performance.now() + ACCEPT_MS_MAX
  while ((await query(config, where)).length > 0) {
    if (performance.now() > endMs)
      throw new TickhouseError(
        'process_unreachable',
        `no recorder has executed it within ${ACCEPT_MS_MAX / 1000} s`,
        'Start a recorder of this log. It may still be executed: see tickhouse gaps.',
      )
    await sleep(POLL_MS)
  }
}

async function query(config: Config, where: string): Promise<GapLine[]> {
  const statement = `SELECT venue, symbol, toString(first_id) AS first, toString(last_id) AS last, toString(missing) AS missing,
      toString(state) AS state, reason, detail, toString(refused) AS refused, toUInt32(id_run) AS run, toString(found_at) AS found,
      if(toUnixTimestamp(after_at) = 0, '', toString(after_at)) AS after
    FROM (SELECT * FROM gaps_final WHERE ${where} ORDER BY found_at DESC LIMIT ${LISTED_MAX}) ORDER BY found_at, first_id
    FORMAT JSONEachRow`
  const response = await requestPage(config, '/api/query', { method: 'POST', body: statement })
  const text = await response.text()
  if (!response.ok) throw new TickhouseError('query_failed', text, '')
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as GapLine)
}

const mistake = (message: string): TickhouseError =>
  new TickhouseError('usage', message, 'tickhouse gaps lists what is missing.')
