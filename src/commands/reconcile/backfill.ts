/** `tickhouse backfill`: brings trades from a venue's files of days into the log, joined by id with what was recorded live. */
import fs from 'node:fs'
import path from 'node:path'
import { backfillDay, type DayResult } from '../../backfill/day.ts'
import { download, downloadBytes, NotPublished } from '../../backfill/download.ts'
import { readWaiting, requireOwnLog, type WaitingIds } from '../../backfill/waiting.ts'
import { MS_PER_DAY } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import type { OpenLog } from '../../log/log.ts'
import { openLog } from '../../log/open.ts'
import { plainLine } from '../../plain-text.ts'
import { isDay, queryRows, StoredTrades } from '../../reconcile/stored.ts'
import { TRADES } from '../../tick/kinds.ts'
import { findVenue, VENUES } from '../../venues/index.ts'
import type { DayFile } from '../../venues/venue.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { count, Progress } from '../progress.ts'
import { describeDay } from './backfill-lines.ts'

export interface BackfillFlags {
  from?: string
  to?: string
  url?: string
  files?: string
  keep?: true
  dryRun?: true
}

/** Where downloads are, until they are stored. */
const DIRECTORY = 'data/backfill'
/** Ingest that stores nothing for so long does not run. */
const STALLED_MS_MAX = 60_000
const STALLED_ADVICE = 'Is ingest running? See tickhouse status. Ctrl-C is safe: they are not appended again'
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
  /** Ids in the log that are not stored yet. */
  waiting: WaitingIds
  flags: BackfillFlags
  stopping: AbortSignal
  /** A day before this one was not stored in time: no other is waited for. */
  isStalled: boolean
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
    const log = await openLog(config.LOG, flags.dryRun ? 'read' : 'beside')
    try {
      await requireOwnLog(access.query, log)
      const waiting = await waitingIds(access, log, wanted, stopping)
      return await allDays({ ...wanted, access, log, waiting, flags, stopping, isStalled: false })
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
  const today = Math.floor(Date.now() / MS_PER_DAY) * MS_PER_DAY
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
  const days = Array.from({ length: (until - from) / MS_PER_DAY }, (_, at) => dayText(until - (at + 1) * MS_PER_DAY))
  return { venue: name, symbol, dayFile, days }
}

const dayText = (ms: number) => new Date(ms).toISOString().slice(0, 10)

async function waitingIds({ query }: StoreAccess, log: OpenLog, { venue, symbol }: Wanted, signal: AbortSignal) {
  let shown: Progress | undefined
  const progress = (records: number, total: number) => {
    shown ??= new Progress('records', total)
    shown.show(records, 'read from the log, not stored yet: ')
  }
  try {
    return await readWaiting({ query, log, venue, symbol, signal, progress })
  } finally {
    shown?.end()
  }
}

async function allDays(running: Running): Promise<boolean> {
  const { days, venue, symbol, access, flags } = running
  const totals = { trades: 0, appended: 0, bytes: 0, days: 0 }
  let nextFirst: number | undefined
  for (const day of days) {
    running.stopping.throwIfAborted()
    const result = await oneDay(running, day)
    if ('text' in result) {
      console.log(plainLine(`${day}  ${result.text}`, LINE_LENGTH_MAX))
      totals.bytes += result.bytes
      if (!result.isFault) totals.days++
      nextFirst = undefined
      continue
    }
    const context = { nobodyStores: access.store !== null, isDry: flags.dryRun === true, nextFirst }
    const { lines, whole } = describeDay(day, result, context)
    for (const line of lines) console.log(plainLine(line, LINE_LENGTH_MAX))
    totals.trades += result.refused === null ? result.facts.rows : 0
    totals.appended += result.appended
    nextFirst = result.refused === null ? result.facts.first : undefined
    if (whole) totals.days++
  }
  const [all, fresh] = [count(totals.trades), count(totals.appended)]
  console.log(
    flags.dryRun
      ? `${venue} ${symbol}: dry run of ${days.length} days: ${count(totals.bytes)} bytes to download; ${fresh} of ${all} trades of files at hand would be appended`
      : `${venue} ${symbol}: ${totals.days} of ${days.length} days whole, ${all} trades, ${fresh} of them new`,
  )
  return totals.days === days.length
}

/** A day without a result: why, or what would be downloaded, and how many bytes that is, as far as its server states it. */
interface NoResult {
  text: string
  isFault: boolean
  bytes: number
}

async function oneDay(running: Running, day: string): Promise<DayResult | NoResult> {
  const { venue, symbol, dayFile, access, log, flags, stopping } = running
  const stored = new StoredTrades(access.query, { venue, symbol, day })
  let shown: { step: string; progress: Progress } | undefined
  const show = (step: string, unit: string, done: number, total: number) => {
    if (shown?.step !== step) shown = { step, progress: new Progress(unit, total) }
    shown.progress.show(done, `${day} ${step}: `)
  }
  try {
    const { file, url } = placeOf(running, day)
    if (url !== null && !fs.existsSync(file) && flags.dryRun) return await describeDownload(url, stored, stopping)
    if (url !== null)
      await download(url, DIRECTORY, {
        signal: stopping,
        progress: (bytes, total) => show('downloaded', 'bytes', bytes, total),
      })
    if (!fs.existsSync(file)) return { text: `there is no file ${file}`, isFault: true, bytes: 0 }
    const result = await backfillDay({
      stored,
      log,
      file,
      unit: day < dayFile.microsFrom ? 'ms' : 'µs',
      signal: stopping,
      progress: (step, rows, total) => show(step, TRADES.name, rows, total),
      waiting: running.waiting.get(day) ?? [],
      isDry: flags.dryRun === true,
      stalledMsMax: access.store === null && !running.isStalled ? STALLED_MS_MAX : 0,
      stalled: trades =>
        console.error(
          `${day}  waiting: ${count(trades)} trades are in the log, and nothing stores them. ${STALLED_ADVICE}`,
        ),
    })
    const isStored = result.stored === result.appended + result.waiting
    running.isStalled = !isStored && !flags.dryRun
    // A file that is refused is kept for a look at it, and downloaded again once it is removed.
    if (url !== null && !flags.keep && !flags.dryRun && result.refused === null && isStored)
      for (const each of [file, `${file}.CHECKSUM`]) fs.rmSync(each, { force: true })
    return result
  } catch (error) {
    if (!(error instanceof NotPublished)) throw error
    const text = `not published at ${error.message}: a day is on the day after, and only of symbols that are traded`
    return { text, isFault: true, bytes: 0 }
  } finally {
    shown?.progress.end()
  }
}

/** Where the file of a day is or will be, and where it is downloaded from; null for files of the user's. */
function placeOf({ dayFile, symbol, flags }: Running, day: string): { file: string; url: string | null } {
  const url = new URL(dayFile.url!(symbol, day))
  const name = path.basename(url.pathname)
  if (flags.files !== undefined) return { file: path.join(flags.files, name), url: null }
  const address = flags.url === undefined ? url.href : flags.url.replace(/\/$/, '') + url.pathname
  return { file: path.join(DIRECTORY, name), url: address }
}

async function describeDownload(url: string, stored: StoredTrades, signal: AbortSignal): Promise<NoResult> {
  const bytes = await downloadBytes(url, signal)
  const [row] = await stored.rowsOfDay<{ trades: string }>('toString(count()) AS trades')
  const trades = count(Number(row?.trades ?? 0))
  const size = bytes > 0 ? `${count(bytes)} bytes` : 'a file of unstated length'
  const text = `would download ${size} from ${url}; ${trades} trades of the day are stored`
  return { text, isFault: false, bytes }
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

function usage(message: string): TickhouseError {
  return new TickhouseError(
    'usage',
    message,
    'For example: tickhouse backfill binance:BTCUSDT --from 2026-11-20 --to 2026-11-25',
  )
}
