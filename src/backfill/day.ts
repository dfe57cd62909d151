/** Brings a venue's file of a day into the log: the file is validated whole before anything of it is appended. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../log/log.ts'
import { compareChecksum } from '../reconcile/checksum.ts'
import { FileCheck, type FileFacts, isReadable, newFacts, type TimeUnit } from '../reconcile/file-check.ts'
import { readRows } from '../reconcile/file-rows.ts'
import { StoredTrades } from '../reconcile/stored.ts'
import { FileFault, readZip } from '../reconcile/zip.ts'
import { countIds } from '../tick/repairs/id-ranges.ts'
import { TradesAppender } from './append.ts'
import { missingIds } from './missing.ts'

const POLL_MS_MIN = 1_000
/** Of the time that a count takes: counting must not slow down storing. */
const POLL_SHARE = 5

export interface DayJob {
  stored: StoredTrades
  log: Log
  /** The zip file; its checksum is beside it, or not. */
  file: string
  unit: TimeUnit
  signal: AbortSignal
  /** Rows done, of how many if that is known. */
  progress: (step: 'checked' | 'appended' | 'stored', rows: number, total: number) => void
  /** Stop waiting for ingest once it has stored nothing more for so long, ms; 0 if no process stores. */
  stalledMsMax: number
}

export interface DayResult {
  checksum: 'equal' | 'different' | 'absent'
  facts: FileFacts
  /** Why nothing of the file was taken. */
  refused: string | null
  /** Trades that were not stored before, and of these how many are now. */
  appended: number
  stored: number
}

/** Throws errors of the log and of the store, and the signal's reason. */
export async function backfillDay(job: DayJob): Promise<DayResult> {
  const { stored, log, file, signal, progress } = job
  const checksum = await compareChecksum(file)
  const facts = newFacts()
  const result = { checksum, facts, refused: null, appended: 0, stored: 0 }
  if (checksum === 'different') return { ...result, refused: 'it differs from its checksum' }
  try {
    await check(job, facts)
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    return { ...result, refused: `it is not readable: ${error.message}` }
  }
  if (!isReadable(facts)) return { ...result, refused: faultOf(facts) }

  const missing = await missingIds(stored, facts)
  const before = countIds(missing)
  // Ids that the file lacks may be missing too; then no row is wanted.
  const appender = new TradesAppender(log, stored.of.venue, stored.of.symbol)
  if (before > 0) {
    const [wanted, rewritten] = [missing.values(), new FileCheck(newFacts(), job.unit, dayOf(stored))]
    for await (const rows of readRows(readZip(file), () => {})) {
      signal.throwIfAborted()
      rewritten.add(rows)
      await appender.add(rows, wanted)
      progress('appended', rewritten.facts.rows, facts.rows)
    }
    await appender.finish()
  }
  const { appended } = appender
  return { ...result, appended, stored: appended === 0 ? 0 : await storedOf(job, facts, before, appended) }
}

const dayOf = (stored: StoredTrades) => StoredTrades.dayMicros(stored.of.day)

async function check({ stored, file, unit, signal, progress }: DayJob, facts: ReturnType<typeof newFacts>) {
  const checking = new FileCheck(facts, unit, dayOf(stored))
  for await (const rows of readRows(readZip(file), line => checking.bad(line))) {
    signal.throwIfAborted()
    checking.add(rows)
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

/** Waits until ingest has stored what was appended; how many trades of it are. */
async function storedOf(job: DayJob, facts: FileFacts, before: number, appended: number): Promise<number> {
  const { stored, signal, progress, stalledMsMax } = job
  let done = 0
  let changedMs = performance.now()
  for (;;) {
    const startedMs = performance.now()
    const now = Math.min(appended, before - countIds(await missingIds(stored, facts)))
    if (now > done) changedMs = performance.now()
    done = now
    progress('stored', done, appended)
    if (done === appended || performance.now() - changedMs >= stalledMsMax) return done
    await sleep(Math.max(POLL_MS_MIN, (performance.now() - startedMs) * POLL_SHARE), undefined, { signal })
  }
}
