/**
 * `tickhouse doctor`: compares log and store, and prints what to do. A running tickhouse does it, since the engine's
 * files belong to it; without one, this process opens them.
 */

import { type Diagnosis, type DoctorMessage, diagnose, isSound } from '../audit/diagnosis.ts'
import type { Config } from '../config.ts'
import { openLog } from '../log/open.ts'
import { plainLine } from '../plain-text.ts'
import { type HealthAnswer, ID_KINDS } from '../status/health.ts'
import { formatDuration } from '../watch/format-duration.ts'
import { openExistingStore } from './existing-store.ts'
import { requestInstance } from './running/instance-request.ts'

const LINE_LENGTH_MAX = 500

/** Prints the diagnosis. True if log and store agree. */
export async function doctor(config: Config): Promise<boolean> {
  const running = await diagnosisOfRunning(config)
  const diagnosis = running ?? (await diagnoseHere(config))
  const health = running && (await healthOfRunning(config))
  console.log([...(health ? describeSources(health) : []), ...describeDiagnosis(diagnosis)].join('\n'))
  return isSound(diagnosis)
}

/** Lines about symbols that are not received; none if all are. */
export function describeSources({ stations: { sources }, symbolsDown, venues }: HealthAnswer): string[] {
  const lines = symbolsDown.map(
    ({ venue, symbol, kind, state, detail, forMs }) =>
      `down    ${venue} ${symbol} ${kind}: ${state} for ${formatDuration(forMs)}: ${detail}. The recorder keeps subscribing`,
  )
  for (const { venue, state, upcoming } of venues)
    lines.push(`venue   ${venue}: ${[state, upcoming].filter(Boolean).join('; announced: ')}`)
  if (lines.length === 0 && sources && sources.state !== 'ok') lines.push(`sources ${sources.advice}`)
  return lines.map(line => plainLine(line, LINE_LENGTH_MAX))
}

/** The diagnosis as lines for people, the result last. */
export function describeDiagnosis(diagnosis: Diagnosis): string[] {
  const lines: string[] = []
  if (!diagnosis.sameLog) lines.push('WRONG   the store belongs to another log. Restore its log, or use a new store.')
  for (const one of diagnosis.partitions) {
    const { partition, passed, ticks, below, first, leftRecords, detail, lagRecords, lagTicks, tookMs } = one
    const compared =
      below > first
        ? `${ticks} ticks of records ${first} to ${below - 1} stored once each`
        : 'no stored records to compare'
    lines.push(
      passed
        ? `ok      partition ${partition}: ${compared}${leftRecords > 0 ? `, ${leftRecords} records archived and deleted` : ''} (${tookMs} ms)`
        : `WRONG   partition ${partition}: ${detail}. Change neither log nor store, and see docs/recovery.md`,
    )
    if (lagRecords > 0)
      lines.push(
        `lag     partition ${partition}: ${lagTicks} ticks in ${lagRecords} records are not stored yet; a running tickhouse stores them`,
      )
  }
  for (const { venue, symbol, gaps, missing } of diagnosis.openGaps)
    lines.push(`gap     ${venue} ${symbol}: ${missing} trades missing in ${gaps} gaps (SELECT * FROM gaps FINAL)`)
  for (const one of diagnosis.unproven) lines.push(describeUnproven(one))
  for (const { reason, ticks } of diagnosis.quarantined)
    lines.push(`refused ${ticks} ticks: ${reason} (SELECT * FROM quarantine WHERE reason = '${reason}')`)
  if (diagnosis.lostRanges > 0)
    lines.push(
      `LOST    ${diagnosis.lostRanges} offset ranges were deleted from the log before they were stored (SELECT * FROM lost_ranges FINAL)`,
    )
  if (diagnosis.unusedPartitions > 0)
    lines.push(
      `unused  ${diagnosis.unusedPartitions} partitions were added to the topics after the log was created: records in them are not stored (docs/kafka.md)`,
    )
  if (diagnosis.disk) lines.push(describeDisk(diagnosis.disk))
  lines.push(isSound(diagnosis) ? 'Log and store agree.' : 'Log and store do NOT agree.')
  return lines
}

function describeUnproven({ venue, hasIds, trades, repeats }: Diagnosis['unproven'][number]): string {
  if (hasIds)
    return `ids     ${plainLine(venue, LINE_LENGTH_MAX)}: its trade ids have holes of their own, so that completeness cannot be proved`
  const repeated = repeats > 0 ? `; ${repeats} of ${trades} trades of the last hour repeat another one` : ''
  return `no ids  ${plainLine(venue, LINE_LENGTH_MAX)}: its trades have no ids, so that completeness cannot be proved${repeated}`
}

function describeDisk({ freeBytes, growthPerDay }: NonNullable<Diagnosis['disk']>): string {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  const free = `disk    ${gib(freeBytes)} free`
  if (growthPerDay === null) return `${free}; its growth is known after ten minutes of recording`
  if (growthPerDay <= 0) return `${free}; no growth in the last 24 hours`
  return `${free}; at ${gib(growthPerDay)} a day it is full in ${(freeBytes / growthPerDay).toFixed(1)} days`
}

async function diagnosisOfRunning(config: Config): Promise<Diagnosis | undefined> {
  const response = await requestInstance(config, '/api/doctor').catch(() => undefined)
  if (!response?.ok) return undefined
  let diagnosis: Diagnosis | undefined
  for await (const line of response.lines()) {
    const message = JSON.parse(line) as DoctorMessage
    if ('diagnosis' in message) diagnosis = message.diagnosis
    else showProgress(message.done, message.total)
  }
  return diagnosis
}

/** Undefined without the right token. */
async function healthOfRunning(config: Config): Promise<HealthAnswer | undefined> {
  const response = await requestInstance(config, '/health').catch(() => undefined)
  const health = response?.ok ? await response.json<Partial<HealthAnswer>>() : {}
  return health.stations ? (health as HealthAnswer) : undefined
}

async function diagnoseHere(config: Config): Promise<Diagnosis> {
  const log = await openLog(config.LOG, 'read')
  const store = await openExistingStore(config).catch(async error => {
    await log.close()
    throw error
  })
  try {
    return await diagnose(store, log, showProgress, ID_KINDS)
  } finally {
    await store.close()
    await log.close()
  }
}

function showProgress(done: number, total: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${total} records compared${done >= total ? '\n' : ''}`)
}
