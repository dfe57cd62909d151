/**
 * The doctor: compares all of the log with all of the store and says what to do. Reads only. Where a tickhouse runs on these
 * directories it is asked, since the engine's files belong to it.
 */
import { type Config, splitListen } from '../config.ts'
import type { Log } from '../log/log.ts'
import { openLog } from '../log/open.ts'
import { openStore, type Store } from '../store/store.ts'
import { type AuditResult, audit } from './audit.ts'

export interface PartitionDiagnosis extends AuditResult {
  /** Records in the log that are not stored yet. */
  lagRecords: number
  lagTicks: number
}

export interface Diagnosis {
  sameLog: boolean
  partitions: PartitionDiagnosis[]
  openGaps: { venue: string; symbol: string; gaps: number; missing: number }[]
  quarantined: { reason: string; ticks: number }[]
  lostRanges: number
}

/** A line of the doctor's answer over HTTP: how far it is, or the diagnosis. */
export type DoctorMessage = { done: number; total: number } | { diagnosis: Diagnosis }

/** Looks at everything; `progress` is told records done, of how many. */
export async function diagnose(
  store: Store,
  log: Log,
  progress: (done: number, total: number) => void,
): Promise<Diagnosis> {
  const identities = await store.rows<{ identity: string }>('SELECT identity FROM log_identity')
  const bounds = Array.from({ length: log.partitions }, (_, partition) => log.bounds(partition))
  const total = bounds.reduce((sum, { first, next }) => sum + next - first, 0)
  const partitions: PartitionDiagnosis[] = []
  let done = 0
  for (const [partition, { first, next }] of bounds.entries()) {
    const [row] = await store.rows<{ stored: string }>(
      `SELECT max(o) AS stored FROM (
         SELECT max(toInt64(log_offset) + 1) AS o FROM trades WHERE log_partition = {partition:UInt16}
         UNION ALL SELECT max(toInt64(log_offset) + 1) AS o FROM quarantine WHERE log_partition = {partition:UInt16})`,
      { partition },
    )
    const stored = Math.max(first, Math.min(Number(row?.stored ?? 0), next))
    const result = await audit(store, log, partition, first, stored, records => progress(done + records, total))
    partitions.push({ ...result, lagRecords: next - stored, lagTicks: log.countTicks(partition, stored, next) })
    done += next - first
  }
  const openGaps = await store.rows<{ venue: string; symbol: string; gaps: string; missing: string }>(
    `SELECT venue, symbol, count() AS gaps, sum(missing) AS missing FROM gaps FINAL WHERE state = 'open' GROUP BY venue, symbol ORDER BY missing DESC LIMIT 20`,
  )
  const quarantined = await store.rows<{ reason: string; ticks: string }>(
    'SELECT reason, sum(ticks) AS ticks FROM quarantine GROUP BY reason ORDER BY ticks DESC',
  )
  const [lost] = await store.rows<{ ranges: string }>('SELECT count() AS ranges FROM lost_ranges FINAL')
  return {
    sameLog: identities.length === 0 || identities[0]!.identity === log.identity(),
    partitions,
    openGaps: openGaps.map(row => ({ ...row, gaps: Number(row.gaps), missing: Number(row.missing) })),
    quarantined: quarantined.map(row => ({ ...row, ticks: Number(row.ticks) })),
    lostRanges: Number(lost!.ranges),
  }
}

/** Runs the doctor and prints what it finds. True if log and store agree. */
export async function doctor(config: Config): Promise<boolean> {
  const diagnosis = (await askRunning(config)) ?? (await diagnoseHere(config))
  console.log(describeDiagnosis(diagnosis).join('\n'))
  return isSound(diagnosis)
}

export function isSound({ sameLog, partitions }: Diagnosis): boolean {
  return sameLog && partitions.every(partition => partition.passed)
}

function describeDiagnosis(diagnosis: Diagnosis): string[] {
  const lines: string[] = []
  if (!diagnosis.sameLog)
    lines.push('WRONG   the store follows another log. Put the log back that belongs to it, or use a new store.')
  for (const { partition, passed, ticks, below, first, detail, lagRecords, lagTicks, tookMs } of diagnosis.partitions) {
    lines.push(
      passed
        ? `ok      partition ${partition}: ${ticks} ticks of records ${first} to ${below - 1} stored once each (${tookMs} ms)`
        : `WRONG   partition ${partition}: ${detail}. Keep the log, stop writing, and see docs/recovery.md`,
    )
    if (lagRecords > 0)
      lines.push(
        `lag     partition ${partition}: ${lagTicks} ticks in ${lagRecords} records wait in the log; they are stored while tickhouse runs`,
      )
  }
  for (const { venue, symbol, gaps, missing } of diagnosis.openGaps)
    lines.push(`gap     ${venue} ${symbol}: ${missing} trades missing in ${gaps} gaps (SELECT * FROM gaps FINAL)`)
  for (const { reason, ticks } of diagnosis.quarantined)
    lines.push(`refused ${ticks} ticks: ${reason} (SELECT * FROM quarantine WHERE reason = '${reason}')`)
  if (diagnosis.lostRanges > 0)
    lines.push(
      `LOST    ${diagnosis.lostRanges} ranges left the log before they were stored (SELECT * FROM lost_ranges FINAL)`,
    )
  lines.push(isSound(diagnosis) ? 'Log and store agree.' : 'Log and store do NOT agree.')
  return lines
}

async function askRunning(config: Config): Promise<Diagnosis | undefined> {
  const { host, port } = splitListen(config.LISTEN)
  const headers: Record<string, string> = config.TOKEN ? { authorization: `Bearer ${config.TOKEN}` } : {}
  const response = await fetch(`http://${host.includes(':') ? `[${host}]` : host}:${port}/api/doctor`, {
    headers,
  }).catch(() => undefined)
  if (!response?.ok || !response.body) return undefined
  let diagnosis: Diagnosis | undefined
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const message = JSON.parse(line) as DoctorMessage
      if ('diagnosis' in message) diagnosis = message.diagnosis
      else showProgress(message.done, message.total)
    }
  }
  return diagnosis
}

async function diagnoseHere(config: Config): Promise<Diagnosis> {
  const log = await openLog(config.LOG, 'read')
  const store = await openStore(config.STORE)
  try {
    return await diagnose(store, log, showProgress)
  } finally {
    await store.close()
    await log.close()
  }
}

function showProgress(done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} records compared${done >= total ? '\n' : ''}`)
}
