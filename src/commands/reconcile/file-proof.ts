/** `tickhouse prove`: the trades of a day, compared with the venue's own file of it. */
import { compareChecksum } from '../../reconcile/checksum.ts'
import { compareDayFile, type DayFileResult, isEqual } from '../../reconcile/day-file.ts'
import { isWhole } from '../../reconcile/file-check.ts'
import { rangesText } from '../../reconcile/id-ranges.ts'
import type { StoredTrades } from '../../reconcile/stored.ts'
import { FileFault, readZip } from '../../reconcile/zip.ts'
import type { DayFile } from '../../venues/venue.ts'
import { count } from '../progress.ts'

export interface FileProof {
  checksum: 'equal' | 'different' | 'absent'
  /** Why the file cannot be read to its end; null if it can. */
  unreadable: string | null
  compared: DayFileResult | null
}

export async function proveFile(stored: StoredTrades, { microsFrom }: DayFile, file: string): Promise<FileProof> {
  const checksum = await compareChecksum(file)
  try {
    const unit = stored.of.day < microsFrom ? 'ms' : 'µs'
    return { checksum, unreadable: null, compared: await compareDayFile(readZip(file), stored, unit) }
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    return { checksum, unreadable: error.message, compared: null }
  }
}

export const fileIsEqual = ({ checksum, compared }: FileProof): boolean =>
  checksum !== 'different' && compared !== null && isWhole(compared) && isEqual(compared)

export function describeFile({ checksum, unreadable, compared }: FileProof): string[] {
  const lines: string[] = []
  if (checksum === 'different') lines.push('WRONG   the file differs from its checksum: download it again')
  if (checksum === 'absent') lines.push('note    no .CHECKSUM beside the file')
  if (unreadable !== null) lines.push(`WRONG   the file is not readable: ${unreadable}`)
  if (compared) lines.push(...describeRows(compared))
  return lines
}

function describeRows(result: DayFileResult): string[] {
  const { rows, first, last, equal, coarser, missingHere, missingThere, different, differences } = result
  const { fileMissing, repeated, badLines, otherUnit, otherDay } = result
  const until = new Date(Math.floor(result.lastMicros / 1000)).toISOString()
  const lines = [`file    ${count(rows)} trades, ids ${first} to ${last}, the last at ${until}`]
  const fault = (number: number, text: string) => {
    if (number > 0) lines.push(`WRONG   ${count(number)} ${text}`)
  }
  fault(fileMissing.ids, `ids missing in the file: ${rangesText(fileMissing)}`)
  fault(repeated.ids, `rows of the file with an id that is not above the one before: ${rangesText(repeated)}`)
  fault(badLines.lines, `lines of the file that are no row: the first is line ${badLines.first[0]?.line}`)
  fault(otherUnit, 'rows of the file with times of another unit than documented')
  fault(otherDay, 'rows of the file with times of another day')
  fault(missingHere.ids, `trades missing here: ${rangesText(missingHere)}`)
  fault(missingThere.ids, `trades missing in the file: ${rangesText(missingThere)}`)
  fault(different, 'trades with other values:')
  for (const { id, column, file, stored } of differences)
    lines.push(`        ${id} ${column}: ${file} in the file, ${stored} here`)
  lines.push(`equal   ${count(equal)} of ${count(rows)}${coarser > 0 ? `; ${count(coarser)} stored to the ms` : ''}`)
  return lines
}
