/** `tickhouse prove`: what the evidence amounts to, and what it leaves open. Pure. */
import { printable } from '../../plain-text.ts'
import { idsAreWhole, type RecordedDay } from '../../reconcile/recorded.ts'
import { MINUTES_OF_DAY } from '../../venues/candles/candles.ts'
import { count } from '../progress.ts'
import { type FileProof, fileIsEqual } from './file-proof.ts'
import { type MinutesProof, minutesAreEqual } from './minutes-proof.ts'
import type { SealedDay } from './sealed.ts'

export interface Evidence {
  recorded: RecordedDay
  minutes: MinutesProof | null
  file: FileProof | null
  sealed: SealedDay | null
}

/** `proved`: our own ids show no loss, and what the venue states apart from its feed is equal. */
export function conclude({ recorded, minutes, file, sealed }: Evidence): { proved: boolean; notProved: string[] } {
  const { ids, quotes, clock } = recorded
  const isWhole = ids.missing === null || idsAreWhole(recorded)
  const isEqual = (minutes === null || minutesAreEqual(minutes)) && (file === null || fileIsEqual(file))
  const notProved = [
    ...(ids.trades === 0 ? ['anything: no trade of the day is stored'] : []),
    ...(ids.missing === null ? ["ids: the venue's ids do not show whether one is missing"] : []),
    ...(ids.restarts > 0 ? [`trades between the ${ids.restarts + 1} runs of ids of the day`] : []),
    ...(minutes === null ? ["the venue's candles: not compared"] : []),
    ...(file === null
      ? ["the venue's file of the day: not compared"]
      : ['the file beyond its last trade, where none is stored']),
    openQuotes(quotes),
    ...openClock(clock),
    ...(sealed && sealed.objects > 0 ? [] : ['the archive: no entry of its transparency log covers the day']),
    ...openRecorders(recorded.recorders),
  ]
  const isCompared = minutes !== null || file !== null
  return { proved: ids.trades > 0 && isWhole && isEqual && isCompared, notProved }
}

/** The bound is of the recorders of that time together: a metric names no recorder. */
function openClock({ minutes }: RecordedDay['clock']): string[] {
  if (minutes === 0) return ["receive times: the error of the recorder's clock was not recorded"]
  return minutes < MINUTES_OF_DAY
    ? [`receive times of ${count(MINUTES_OF_DAY - minutes)} minutes: no bound of the clock's error`]
    : []
}

/** Two recorders that both had every trade leave nothing open. */
function openRecorders(recorders: RecordedDay['recorders']): string[] {
  if (recorders.length < 2) return ['that another recorder received the same trades']
  const alone = recorders.reduce((sum, one) => sum + one.alone, 0)
  return alone > 0 ? [`that another recorder received the same: ${count(alone)} trades came by one only`] : []
}

function openQuotes({ compared, equal }: RecordedDay['quotes']): string {
  if (compared === 0) return 'quotes: none was compared with a rebuilt book'
  if (equal < compared) return `quotes: ${count(compared - equal)} differ from the rebuilt book`
  return 'quotes between those that were compared with a rebuilt book'
}

export function describeRecorded(recorded: RecordedDay): string[] {
  const { ids, gaps, hours, quotes, clock } = recorded
  if (ids.trades === 0) return ['WRONG   no trade of this day is stored']
  const of = ids.missing === null ? '' : ` of ${count(ids.ids + ids.missing)}`
  const repaired = ids.repaired > 0 ? `; ${count(ids.repaired)} supplied by the venue later` : ''
  const lines = [`ids     ${ids.first} to ${ids.last}: ${count(ids.ids)}${of} stored${repaired}`]
  if (ids.missing) lines.push(`WRONG   ${count(ids.missing)} ids are not stored`)
  for (const gap of gaps) {
    const isLoss = gap.state !== 'repaired' && gap.missing > 0
    const missing = isLoss ? `, ${count(gap.missing)} ids missing` : ''
    lines.push(`${isLoss ? 'WRONG ' : 'gaps  '}  ${count(gap.gaps)} gaps are ${gap.state}${missing}`)
  }
  const counted = Object.entries(hours).map(([condition, number]) => `${number} ${condition}`)
  if (counted.length > 0) lines.push(`hours   ${counted.join(', ')}`)
  if (quotes.compared > 0)
    lines.push(`quotes  ${count(quotes.equal)} of ${count(quotes.compared)} tops of the rebuilt book equal the quotes`)
  if (recorded.recorders.length > 1)
    lines.push(
      `lines   ${recorded.recorders.map(({ name, trades, alone }) => `${printable(name)} had ${count(trades)} trades, ${count(alone)} of them alone`).join('; ')}`,
    )
  if (clock.seconds !== null)
    lines.push(
      `clock   within ${milliseconds(clock.seconds)} ms of UTC in ${count(clock.minutes)} of ${count(MINUTES_OF_DAY)} minutes`,
    )
  return lines
}

const milliseconds = (seconds: number): string => String(Number((seconds * 1000).toPrecision(3)))

export function describeSealed(sealed: SealedDay | null): string[] {
  if (!sealed || sealed.objects === 0) return []
  const { objects, rows, checkpoint, origin } = sealed
  return [
    `sealed  ${count(objects)} objects with ${count(rows)} rows of the symbol, in checkpoint ${count(checkpoint)} of ${origin}`,
  ]
}
