/** `tickhouse prove`: compares the stored trades of a day with the venue's own file of that day. */
import fs from 'node:fs'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine } from '../../plain-text.ts'
import { compareChecksum } from '../../reconcile/checksum.ts'
import { compareDayFile, type DayFileResult, isEqual, isWhole } from '../../reconcile/day-file.ts'
import { rangesText } from '../../reconcile/id-ranges.ts'
import { isDay, StoredTrades, type SymbolDay } from '../../reconcile/stored.ts'
import { FileFault, readZip } from '../../reconcile/zip.ts'
import { openStoreAccess } from '../open-store.ts'
import { count } from '../progress.ts'

export interface ProveFlags {
  file: string
  format: string
}

export interface Proof extends SymbolDay {
  checksum: 'equal' | 'different' | 'absent'
  /** Why the file cannot be read to its end; null if it can. */
  unreadable: string | null
  dayFile: DayFileResult | null
  proved: boolean
  notProved: string[]
}

/** Spot files have times in ms before this day. */
const MICROS_FROM = '2025-01-01'
const LINE_LENGTH_MAX = 500
const NOT_PROVED = ["the venue's klines", 'quotes']

/** Prints the result. True if the file is whole and equals what is stored. Throws TickhouseErrors. */
export async function prove(config: Config, of: SymbolDay, { file, format }: ProveFlags): Promise<boolean> {
  if (of.venue !== 'binance') throw usage(`no file of a day of ${of.venue} can be read: only of binance`)
  if (!isDay(of.day)) throw usage(`not a day: ${of.day}`)
  if (format !== 'text' && format !== 'json') throw usage(`unknown format ${format}`)
  if (!fs.existsSync(file)) throw usage(`there is no file ${file}`)
  const access = await openStoreAccess(config)
  try {
    const proof = await proofOf(new StoredTrades(access.query, of), file)
    console.log(format === 'json' ? JSON.stringify(proof) : describeProof(proof).join('\n'))
    return proof.proved
  } finally {
    await access.close()
  }
}

async function proofOf(stored: StoredTrades, file: string): Promise<Proof> {
  const checksum = await compareChecksum(file)
  const proof: Proof = {
    ...stored.of,
    ...{ checksum, unreadable: null, dayFile: null, proved: false, notProved: NOT_PROVED },
  }
  try {
    proof.dayFile = await compareDayFile(readZip(file), stored, stored.of.day < MICROS_FROM ? 'ms' : 'µs')
    proof.proved = checksum !== 'different' && isWhole(proof.dayFile) && isEqual(proof.dayFile)
  } catch (error) {
    if (!(error instanceof FileFault)) throw error
    proof.unreadable = error.message
  }
  return proof
}

/** The result as lines for people, the result last. */
export function describeProof({
  venue,
  symbol,
  day,
  checksum,
  unreadable,
  dayFile,
  proved,
  notProved,
}: Proof): string[] {
  const lines: string[] = []
  if (checksum === 'different') lines.push('WRONG   the file differs from its checksum: download it again')
  if (checksum === 'absent') lines.push('note    no .CHECKSUM beside the file')
  if (unreadable !== null) lines.push(`WRONG   the file is not readable: ${unreadable}`)
  if (dayFile) lines.push(...describeFile(dayFile))
  lines.push(`not compared: ${notProved.join(', ')}`)
  const what = `${venue} ${symbol} ${day}`
  lines.push(proved ? `${what} equals the venue's file row for row.` : `${what} is NOT proved by the venue's file.`)
  return lines.map(line => plainLine(line, LINE_LENGTH_MAX))
}

function describeFile(result: DayFileResult): string[] {
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

function usage(message: string): TickhouseError {
  return new TickhouseError(
    'usage',
    message,
    'For example: tickhouse prove binance BTCUSDT 2026-11-25 --file BTCUSDT-trades-2026-11-25.zip',
  )
}
