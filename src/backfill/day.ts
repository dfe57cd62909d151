/** Brings a venue's file of a day into the log: the file is validated whole before anything of it is appended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import { compareChecksum } from '../reconcile/checksum.ts'
import { FileCheck, type FileFacts, isReadable, newFacts, type TimeUnit } from '../reconcile/file-check.ts'
import { readRows } from '../reconcile/file-rows.ts'
import { StoredTrades } from '../reconcile/stored.ts'
import { FileFault, readZip } from '../reconcile/zip.ts'
import { countIds, type IdRange, without } from '../tick/repairs/id-ranges.ts'
import { TradesAppender } from './append.ts'
import { FileTimes } from './file-times.ts'
import { missingIds } from './missing.ts'

const POLL_MS_MIN = 1_000
/** Of the time that a count takes: counting must not slow down storing. */
const POLL_SHARE = 5
/** Nothing stored for so long is reported. */
const NOTED_MS = 10_000

export interface DayJob {
  stored: StoredTrades
  log: Log
  /** The zip file; its checksum is beside it, or not. */
  file: string
  unit: TimeUnit
  signal: AbortSignal
  /** Rows done, of how many if that is known. */
  progress: (step: 'checked' | 'appended' | 'stored', rows: number, total: number) => void
  /** Ids of the day in the log that are not stored yet, rising: they are not appended again. */
  waiting: readonly IdRange[]
  /** Appends nothing, and counts what would be appended. */
  isDry: boolean
  /** Stop waiting for ingest once it has stored nothing more for so long, ms; 0 if no process stores. */
  stalledMsMax: number
  /** Called once, when nothing more has been stored for a while: how many trades are waited for. */
  stalled: (trades: number) => void
}

export interface DayResult {
  checksum: 'equal' | 'different' | 'absent'
  facts: FileFacts
  /** Why nothing of the file was taken. */
  refused: string | null
  /** Trades that were neither stored nor in the log, and those that were in the log only. */
  appended: number
  waiting: number
  /** Of both, how many are stored now. */
  stored: number
}

/** Throws errors of the log and of the store, and the signal's reason. */
export async function backfillDay(job: DayJob): Promise<DayResult> {
  const { stored, file } = job
  const checksum = await compareChecksum(file)
  const facts = newFacts()
  const times = new FileTimes()
  const result = { checksum, facts, refused: null, appended: 0, waiting: 0, stored: 0 }
  if (checksum === 'different') return { ...result, refused: 'it differs from its checksum' }
  try {
    await check(job, facts, times)
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    return { ...result, refused: `it is not readable: ${error.message}` }
  }
  if (!isReadable(facts)) return { ...result, refused: faultOf(facts) }

  const missing = await missingIds(stored, facts, times)
  const wanted = without(missing, job.waiting)
  const waiting = countIds(missing) - countIds(wanted)
  const appended = await append(job, facts, wanted)
  const isDone = appended + waiting === 0 || job.isDry
  return {
    ...result,
    appended,
    waiting,
    stored: isDone ? 0 : await storedOf(job, facts, times, { missing, appended, waiting }),
  }
}

/** Appends the rows of these ids; returns how many. Ids that the file lacks may be missing too: then no row is wanted. */
async function append(job: DayJob, facts: FileFacts, wanted: readonly IdRange[]): Promise<number> {
  const { stored, log, file, signal, progress } = job
  if (wanted.length === 0) return 0
  const appender = new TradesAppender(log, stored.of, job.isDry)
  const [ranges, rewritten] = [wanted.values(), new FileCheck(newFacts(), job.unit, dayOf(stored))]
  for await (const rows of readRows(readZip(file), () => {})) {
    signal.throwIfAborted()
    rewritten.add(rows)
    await appender.add(rows, ranges)
    progress('appended', rewritten.facts.rows, facts.rows)
  }
  await appender.finish()
  return appender.appended
}

const dayOf = (stored: StoredTrades) => StoredTrades.dayMicros(stored.of.day)

async function check(job: DayJob, facts: ReturnType<typeof newFacts>, times: FileTimes) {
  const { stored, file, unit, signal, progress } = job
  const checking = new FileCheck(facts, unit, dayOf(stored))
  for await (const rows of readRows(readZip(file), line => checking.bad(line))) {
    signal.throwIfAborted()
    checking.add(rows)
    times.add(rows)
    progress('checked', facts.rows, 0)
  }
}

/** What makes a file unusable, the first of it. */
function faultOf({ rows, repeated, badLines, otherUnit, otherDay }: FileFacts): string {
  if (rows === 0) return 'it has no row'
  if (badLines.lines > 0)
    return `${badLines.lines} of its lines are no rows, the first is line ${badLines.first[0]!.line}`
  if (repeated.ids > 0) return `${repeated.ids} of its rows have an id that is not above the one before`
  if (otherUnit > 0) return `${otherUnit} of its rows have times of another unit than the venue documents`
  return `${otherDay} of its rows are of another day`
}

/** Waits until what was appended, or waited in the log, is stored, or nothing more is: how many are. */
async function storedOf(
  job: DayJob,
  facts: FileFacts,
  times: FileTimes,
  { missing, appended, waiting }: { missing: readonly IdRange[]; appended: number; waiting: number },
): Promise<number> {
  const { stored, signal, progress, stalledMsMax } = job
  const [before, total] = [countIds(missing), appended + waiting]
  let [done, changedMs, isNoted] = [0, performance.now(), false]
  for (;;) {
    const startedMs = performance.now()
    const now = Math.min(total, before - countIds(await missingIds(stored, facts, times)))
    if (now > done) [changedMs, isNoted] = [performance.now(), false]
    done = now
    progress('stored', done, total)
    const stalledMs = performance.now() - changedMs
    if (done === total || stalledMs >= stalledMsMax) return done
    if (stalledMs >= NOTED_MS && !isNoted) job.stalled(total - done)
    isNoted ||= stalledMs >= NOTED_MS
    await sleep(Math.max(POLL_MS_MIN, (performance.now() - startedMs) * POLL_SHARE), undefined, { signal })
  }
}
