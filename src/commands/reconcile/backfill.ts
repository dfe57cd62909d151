/** `tickhouse backfill`: brings trades from a venue's files of days into the log, joined by id with what was recorded live. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { backfillDay, type DayResult } from '../../backfill/day.ts'
import { download, NotPublished } from '../../backfill/download.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import type { OpenLog } from '../../log/log.ts'
import { openLog } from '../../log/open.ts'
import { plainLine } from '../../plain-text.ts'
import { rangesText } from '../../reconcile/id-ranges.ts'
import { isDay, queryRows, StoredTrades } from '../../reconcile/stored.ts'
import { TRADES } from '../../tick/kinds.ts'
import { findVenue, VENUES } from '../../venues/index.ts'
import type { DayFile } from '../../venues/venue.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { count, Progress } from '../progress.ts'

export interface BackfillFlags {
  from?: string
  to?: string
  url?: string
  files?: string
  keep?: true
}

const DAY_MS = 86_400_000
/** Where downloads are, until they are stored. */
const DIRECTORY = 'data/backfill'
/** Ingest that stores nothing for so long does not run. */
const STALLED_MS_MAX = 60_000
/** Records of an earlier run that was killed are stored within this time, or are refused as repeats. */
const SETTLED_MS_MAX = 30_000
const LINE_LENGTH_MAX = 300

interface Wanted {
  venue: string
  symbol: string
  dayFile: DayFile
  /** Newest first: what is stored stays one range of ids. */
  days: string[]
}

interface Running extends Wanted {
  access: StoreAccess
  log: OpenLog
  flags: BackfillFlags
  stopping: AbortSignal
}

/** Prints a line for each day. True if all of each day's file is stored. Throws TickhouseErrors. */
export async function backfill(
  config: Config,
  source: string,
  flags: BackfillFlags,
  stopping: AbortSignal,
): Promise<boolean> {
  const wanted = readWanted(source, flags)
  const access = await openStoreAccess(config)
  try {
    await requireKept(access, wanted.days.at(-1)!)
    const log = await openLog(config.LOG, 'beside')
    try {
      await settled(access, log, stopping)
      return await allDays({ ...wanted, access, log, flags, stopping })
    } finally {
      await log.close()
    }
  } catch (error) {
    if (!stopping.aborted) throw error
    console.log('stopped: run it again to go on; what is stored is skipped')
    return false
  } finally {
    await access.close()
  }
}

function readWanted(source: string, flags: BackfillFlags): Wanted {
  const [, name = '', symbol = ''] = /^([^:]+):([\w-]+)$/.exec(source) ?? []
  const venue = findVenue(name)
  if (!venue) throw usage(name === '' ? `not <venue>:<symbol>: ${source}` : `there is no venue ${name}`)
  const { dayFile } = venue
  if (!dayFile?.url) {
    const published = VENUES.filter(each => each.dayFile?.url).map(each => each.name)
    throw usage(`${name} publishes no file of a day that can be read: only ${published.join(', ')}`)
  }
  const today = Math.floor(Date.now() / DAY_MS) * DAY_MS
  const timeOf = (flag: string, day: string) => {
    if (!isDay(day)) throw usage(`${flag} takes a UTC day, not ${day}`)
    return Date.parse(day)
  }
  if (flags.from === undefined) throw usage('--from is missing')
  const from = timeOf('--from', flags.from)
  const until = flags.to === undefined ? today : timeOf('--to', flags.to)
  if (until > today) throw usage(`the days before ${flags.to} are not all over`)
  if (until <= from) throw usage(`no day that is over is from ${flags.from} on and before ${dayText(until)}`)
  if (flags.url !== undefined && !URL.canParse(flags.url)) throw usage(`not an address: ${flags.url}`)
  if (flags.files !== undefined && !fs.existsSync(flags.files)) throw usage(`there is no directory ${flags.files}`)
  const days = Array.from({ length: (until - from) / DAY_MS }, (_, at) => dayText(until - (at + 1) * DAY_MS))
  return { venue: name, symbol, dayFile, days }
}

const dayText = (ms: number) => new Date(ms).toISOString().slice(0, 10)

async function allDays(running: Running): Promise<boolean> {
  const totals = { trades: 0, appended: 0, days: 0 }
  let nextFirst: number | undefined
  for (const day of running.days) {
    running.stopping.throwIfAborted()
    const result = await oneDay(running, day)
    if (typeof result === 'string') {
      console.log(plainLine(`${day}  ${result}`, LINE_LENGTH_MAX))
      nextFirst = undefined
      continue
    }
    const { lines, whole } = describeDay(day, result, running.access.store !== null, nextFirst)
    for (const line of lines) console.log(plainLine(line, LINE_LENGTH_MAX))
    totals.trades += result.refused === null ? result.facts.rows : 0
    totals.appended += result.appended
    nextFirst = result.refused === null ? result.facts.first : undefined
    if (whole) totals.days++
  }
  const { days, venue, symbol } = running
  console.log(
    `${venue} ${symbol}: ${totals.days} of ${days.length} days whole, ${count(totals.trades)} trades, ${count(totals.appended)} of them new`,
  )
  return totals.days === days.length
}

/** The result of a day, or why there is no file of it. */
async function oneDay(running: Running, day: string): Promise<DayResult | string> {
  const { venue, symbol, dayFile, access, log, flags, stopping } = running
  const url = new URL(dayFile.url!(symbol, day))
  const name = path.basename(url.pathname)
  if (flags.url !== undefined) url.href = flags.url.replace(/\/$/, '') + url.pathname
  let shown: { step: string; progress: Progress } | undefined
  const show = (step: string, unit: string, done: number, total: number) => {
    if (shown?.step !== step) shown = { step, progress: new Progress(unit, total) }
    shown.progress.show(done, `${day} ${step}: `)
  }
  try {
    const file =
      flags.files === undefined
        ? await download(url.href, DIRECTORY, {
            signal: stopping,
            progress: (bytes, total) => show('downloaded', 'bytes', bytes, total),
          })
        : path.join(flags.files, name)
    if (!fs.existsSync(file)) return `there is no file ${file}`
    const result = await backfillDay({
      stored: new StoredTrades(access.query, { venue, symbol, day }),
      log,
      file,
      unit: day < dayFile.microsFrom ? 'ms' : 'µs',
      signal: stopping,
      progress: (step, rows, total) => show(step, TRADES.name, rows, total),
      stalledMsMax: access.store === null ? STALLED_MS_MAX : 0,
    })
    // A file that is refused is kept for a look at it, and downloaded again once it is removed.
    if (flags.files === undefined && !flags.keep && result.refused === null && result.stored === result.appended)
      for (const each of [file, `${file}.CHECKSUM`]) fs.rmSync(each, { force: true })
    return result
  } catch (error) {
    if (!(error instanceof NotPublished)) throw error
    return `not published at ${error.message}: a day is on the day after, and only of symbols that are traded`
  } finally {
    shown?.progress.end()
  }
}

/**
 * Lines about a day, and whether all ids of its file are stored and reach to the next day's first, which is undefined where it is not known: a
 * file that ends too early may have a matching checksum.
 */
export function describeDay(
  day: string,
  { checksum, facts, refused, appended, stored }: DayResult,
  nobodyStores: boolean,
  nextFirst?: number,
): { lines: string[]; whole: boolean } {
  if (refused !== null)
    return { lines: [`${day}  nothing was taken from its file: ${refused}. Remove it and run it again.`], whole: false }
  const { rows, first, last, fileMissing } = facts
  const lines = [
    `${day}  ${count(rows)} trades, ids ${first} to ${last}: ${appended === 0 ? 'all stored before' : `${count(appended)} new`}`,
  ]
  const note = (text: string) => lines.push(`            ${text}`)
  if (checksum === 'absent') note('no .CHECKSUM is beside the file')
  if (fileMissing.ids > 0) note(`the file lacks ${count(fileMissing.ids)} ids between them: ${rangesText(fileMissing)}`)
  const cut = nextFirst === undefined ? 0 : nextFirst - last - 1
  const until = new Date(Math.floor(facts.lastMicros / 1000)).toISOString().slice(11, 19)
  if (cut !== 0) note(`the file does not reach to the next day's first id, ${nextFirst}: it ends at ${until}`)
  if (nextFirst === undefined) note(`its last trade is at ${until}; no later file shows whether more followed`)
  if (stored < appended)
    note(
      nobodyStores
        ? 'no tickhouse runs: they are in the log, and stored once tickhouse start or ingest runs'
        : `${count(appended - stored)} of them are not stored yet: they are in the log. Is ingest running? See tickhouse status`,
    )
  return { lines, whole: fileMissing.ids === 0 && cut === 0 && stored === appended }
}

/** Throws `usage` if trades of a day would be refused: those of the days around it have left the tables. */
async function requireKept({ query }: StoreAccess, day: string): Promise<void> {
  const [row] = await queryRows<{ day: string }>(
    query,
    `SELECT toString(max(toDate(slice_start))) AS day FROM archive_ledger FINAL
     WHERE state >= 'dropping' AND kind = '${TRADES.table}' HAVING count() > 0`,
  )
  if (row && day <= row.day)
    throw usage(
      `trades of days up to ${row.day} have left the tables by retention: earlier ones are not taken any more`,
    )
}

/** Waits until what is in the log now is stored, so that a run that was killed appends nothing twice. */
async function settled({ query, store }: StoreAccess, log: OpenLog, signal: AbortSignal): Promise<void> {
  if (store !== null) return
  const untilMs = performance.now() + SETTLED_MS_MAX
  const { first, count: partitions } = log.partitionsOf(TRADES.name)
  const next = Array.from({ length: partitions }, (_, at) => log.bounds(first + at).next)
  while (performance.now() < untilMs) {
    const rows = await queryRows<{ partition: string; last: string }>(
      query,
      `SELECT toString(log_partition) AS partition, toString(max(last)) AS last FROM
       (SELECT log_partition, max(log_offset) AS last FROM ${TRADES.table} GROUP BY log_partition
        UNION ALL SELECT log_partition, max(log_offset) AS last FROM quarantine GROUP BY log_partition) GROUP BY log_partition`,
    )
    const last = new Map(rows.map(row => [Number(row.partition), Number(row.last)]))
    if (next.every((offset, at) => offset === 0 || (last.get(first + at) ?? -1) >= offset - 1)) return
    await sleep(1_000, undefined, { signal })
  }
}

function usage(message: string): TickhouseError {
  return new TickhouseError(
    'usage',
    message,
    'For example: tickhouse backfill binance:BTCUSDT --from 2026-11-20 --to 2026-11-25',
  )
}
