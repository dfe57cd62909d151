/** What `tickhouse backfill` prints about a day. Pure. */
import type { DayResult } from '../../backfill/day.ts'
import { rangesText } from '../../reconcile/id-ranges.ts'
import { count } from '../progress.ts'

export interface DayContext {
  /** No process of this instance runs: nothing is stored until one does. */
  nobodyStores: boolean
  isDry: boolean
  /** The first id of the next day's file; undefined where it is not known. */
  nextFirst?: number | undefined
}

/**
 * Lines about a day, and whether all ids of its file are stored and reach to the next day's first: a file that ends too early may have a matching
 * checksum. In a dry run, whether they would.
 */
export function describeDay(day: string, result: DayResult, context: DayContext): { lines: string[]; whole: boolean } {
  const { refused, facts, appended, waiting, stored, checksum } = result
  const { isDry, nextFirst } = context
  if (refused !== null) {
    const taken = isDry ? 'would be' : 'was'
    return {
      lines: [`${day}  nothing ${taken} taken from its file: ${refused}. Remove it and run it again.`],
      whole: false,
    }
  }
  const { rows, first, last, fileMissing } = facts
  const lines = [`${day}  ${count(rows)} trades, ids ${first} to ${last}: ${whatIsNew(result, isDry)}`]
  const note = (text: string) => lines.push(`            ${text}`)
  if (checksum === 'absent') note('no .CHECKSUM is beside the file')
  if (fileMissing.ids > 0) note(`the file lacks ${count(fileMissing.ids)} ids between them: ${rangesText(fileMissing)}`)
  const cut = nextFirst === undefined ? 0 : nextFirst - last - 1
  const until = new Date(Math.floor(facts.lastMicros / 1000)).toISOString().slice(11, 19)
  if (cut !== 0) note(`the file does not reach to the next day's first id, ${nextFirst}: it ends at ${until}`)
  if (nextFirst === undefined) note(`its last trade is at ${until}; no later file shows whether more followed`)
  const left = isDry ? 0 : appended + waiting - stored
  if (left > 0) note(notStored(left, context.nobodyStores))
  return { lines, whole: fileMissing.ids === 0 && cut === 0 && left === 0 }
}

function whatIsNew({ appended, waiting }: DayResult, isDry: boolean): string {
  if (appended + waiting === 0) return 'all stored before'
  const inLog = `${count(waiting)} in the log already`
  const fresh = `${count(appended)} ${isDry ? 'would be appended' : 'new'}`
  if (waiting === 0) return fresh
  return appended === 0 ? inLog : `${fresh}, ${inLog}`
}

const notStored = (left: number, nobodyStores: boolean): string =>
  nobodyStores
    ? 'no tickhouse runs: they are in the log, and stored once tickhouse start or ingest runs'
    : `${count(left)} of them are not stored yet: they are in the log. Is ingest running? See tickhouse status`
