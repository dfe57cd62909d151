/** `tickhouse gaps`: trades that are missing; a person accepts some, or has them requested again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine } from '../../plain-text.ts'
import { literal } from '../../store/sql.ts'
import { type Answer, requestPage } from './instance-request.ts'

const LINE_LENGTH_MAX = 500
const LISTED_MAX = 1_000
/** An acceptance passes the log before it is stored. */
const ACCEPT_MS_MAX = 15_000
const POLL_MS = 250
/** Gaps that one command has requested again, and that one message names. */
const RETRIED_MAX = 10_000
const GAPS_PER_MESSAGE = 500

export interface GapsFlags {
  /** Also those that are repaired or accepted. */
  all?: true
}

export interface AcceptFlags {
  reason: string
  by: string
}

export interface RetryFlags {
  /** Of all venues, what was refused by address or region. */
  allRefused?: true
}

/** A row of view `gaps_final`. Ids are texts: they may be beyond 2^53. */
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
  changed: string
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
    await checkLeft(response)
    await stored(async () => (await query(config, `${where} AND id_run = ${run}`)).length === 0)
  }
  console.log(`${before.length} gaps of ${symbol} are accepted.`)
}

/**
 * Has the recorders request again what venues did not supply, and what is older than their reach: of `pattern`, a venue, or a venue, a colon and symbols, or with `allRefused`
 * what they refused by address or region. Resolves when that is stored: the gaps are open again, and are requested by and by. Nothing
 * to request is no error. Throws `usage`, and `process_unreachable` if no recorder executes it.
 */
export async function retryGaps(
  config: Config,
  pattern: string | undefined,
  { allRefused }: RetryFlags,
): Promise<void> {
  if ((pattern === undefined) !== (allRefused === true))
    throw mistake('give a venue with its symbols, or --all-refused, and not both')
  const which = pattern === undefined ? REFUSED : ofPattern(pattern)
  const gaps = await query(config, `state IN ('open', 'unrepairable') AND ${which}`, RETRIED_MAX)
  const named = pattern ?? 'any venue that refused'
  if (gaps.length === 0) {
    console.log(`No gap of ${named} is open or unrepairable: nothing is requested again.`)
    return
  }
  for (let start = 0; start < gaps.length; start += GAPS_PER_MESSAGE) {
    const part = gaps.slice(start, start + GAPS_PER_MESSAGE)
    const ranges = part.map(({ venue, symbol, run, first, last }) => ({
      ...{ venue, symbol, run: Number(run), first: Number(first), last: Number(last) },
    }))
    const body = JSON.stringify({ gaps: ranges })
    await checkLeft(await requestPage(config, '/api/gaps/retry', { method: 'POST', body }))
    // A gap that is open again may soon be closed again: it has changed.
    const keys = part.map(gap => `(${literal(gap.venue)},${literal(gap.symbol)},${gap.first},${gap.last},${gap.run})`)
    const before = new Set(part.map(keyOf))
    await stored(async () => {
      const now = await query(config, `(venue, symbol, first_id, last_id, id_run) IN (${keys.join(',')})`)
      return !now.some(gap => before.has(keyOf(gap)))
    })
  }
  const more = gaps.length < RETRIED_MAX ? '' : ` They are the newest ${RETRIED_MAX}: repeat it for the others.`
  console.log(`${gaps.length} gaps of ${named} are requested again: tickhouse gaps shows what becomes of them.${more}`)
}

/** Of a gap in one state. */
const keyOf = ({ venue, symbol, first, last, run, changed }: GapLine) =>
  [venue, symbol, first, last, run, changed].join(' ')

/** What `refusalWords` of the recorder begins with. */
const REFUSED = `(startsWith(reason, 'HTTP 403') OR startsWith(reason, 'HTTP 451'))`

/** A venue, or a venue, a colon and symbols, as a condition. */
function ofPattern(pattern: string): string {
  const [, venue, symbols] = /^([a-z0-9]+)(?::(.+))?$/.exec(pattern) ?? []
  if (!venue) throw mistake(`not a venue and its symbols: ${pattern}`)
  const names = (symbols ?? '').split(',').filter(Boolean)
  const some = names.map(name => `symbol LIKE ${literal(name.replace(/[\\%_]/g, '\\$&').replaceAll('*', '%'))}`)
  return `venue = ${literal(venue)}${some.length > 0 ? ` AND (${some.join(' OR ')})` : ''}`
}

/** Throws `process_unreachable` if the message could not be left for the recorders. */
async function checkLeft(response: Answer): Promise<void> {
  if (response.ok) return
  const { message, advice } = await response.json<{ message: string; advice: string }>()
  throw new TickhouseError('process_unreachable', message, advice)
}

/** Resolves when it is. */
async function stored(isStored: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + ACCEPT_MS_MAX
  while (!(await isStored())) {
    if (performance.now() > endMs)
      throw new TickhouseError(
        'process_unreachable',
        `no recorder has executed it within ${ACCEPT_MS_MAX / 1000} s`,
        'Start a recorder of this log. It may still be executed: see tickhouse gaps.',
      )
    await sleep(POLL_MS)
  }
}

async function query(config: Config, where: string, limit = LISTED_MAX): Promise<GapLine[]> {
  const statement = `SELECT venue, symbol, toString(first_id) AS first, toString(last_id) AS last, toString(missing) AS missing,
      toString(state) AS state, reason, detail, toString(refused) AS refused, toString(changed_at) AS changed, toUInt32(id_run) AS run, toString(found_at) AS found,
      if(toUnixTimestamp(after_at) = 0, '', toString(after_at)) AS after
    FROM (SELECT * FROM gaps_final WHERE ${where} ORDER BY found_at DESC LIMIT ${limit}) ORDER BY found_at, first_id
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
