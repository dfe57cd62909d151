/** `tickhouse prove`: what shows that the stored trades of a day are complete, each by its own evidence, and what nothing shows. */
import fs from 'node:fs'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { plainLine } from '../../plain-text.ts'
import { type RecordedDay, readRecorded } from '../../reconcile/recorded.ts'
import { isDay, StoredTrades, type SymbolDay } from '../../reconcile/stored.ts'
import { idsAreDense } from '../../tick/id-kind.ts'
import { findVenue, VENUES } from '../../venues/index.ts'
import type { Venue } from '../../venues/venue.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { conclude, describeRecorded, describeSealed } from './conclusion.ts'
import { describeFile, type FileProof, fileIsEqual, proveFile } from './file-proof.ts'
import { describeMinutes, type MinutesProof, minutesAreEqual, proveMinutes } from './minutes-proof.ts'
import { readSealed, type SealedDay } from './sealed.ts'

export interface ProveFlags {
  file?: string
  /** False: nothing is requested from the venue. */
  candles: boolean
  json?: true
}

/** Each part is null where nothing was compared. */
export interface Proof extends SymbolDay {
  recorded: RecordedDay
  minutes: MinutesProof | null
  file: FileProof | null
  sealed: SealedDay | null
  /** All that was compared is equal, and something of another hand was compared. */
  proved: boolean
  /** In words, what nothing here shows. */
  notProved: string[]
}

const LINE_LENGTH_MAX = 500

/** Prints the result. True if all that was compared is equal. Throws TickhouseErrors. */
export async function prove(config: Config, of: SymbolDay, flags: ProveFlags): Promise<boolean> {
  const venue = findVenue(of.venue)
  if (!venue) throw usage(`there is no venue ${of.venue}`)
  if (!isDay(of.day)) throw usage(`not a day: ${of.day}`)
  if (StoredTrades.dayMicros(of.day)[1] > Date.now() * 1000) throw usage(`${of.day} is not over`)
  if (flags.file !== undefined) {
    if (!venue.dayFile) {
      const readable = VENUES.filter(({ dayFile }) => dayFile).map(({ name }) => name)
      throw usage(`no file of a day of ${of.venue} can be read: only of ${readable.join(', ')}`)
    }
    if (!fs.existsSync(flags.file)) throw usage(`there is no file ${flags.file}`)
  }
  const access = await openStoreAccess(config)
  try {
    const proof = await proofOf(config, venue, access, of, flags)
    console.log(flags.json ? JSON.stringify(proof) : describeProof(proof).join('\n'))
    return proof.proved
  } finally {
    await access.close()
  }
}

async function proofOf(
  config: Config,
  venue: Venue,
  access: StoreAccess,
  of: SymbolDay,
  { file, candles }: ProveFlags,
): Promise<Proof> {
  const stored = new StoredTrades(access.query, of)
  const evidence = {
    recorded: await readRecorded(access.query, stored, idsAreDense(venue.ids)),
    minutes: candles ? await proveMinutes(config, venue, stored) : null,
    file: file === undefined ? null : await proveFile(stored, venue.dayFile!, file),
    sealed: await readSealed(config, of),
  }
  return { ...of, ...evidence, ...conclude(evidence) }
}

/** The result as lines for people, the result last. */
export function describeProof(proof: Proof): string[] {
  const { venue, symbol, day, recorded, minutes, file, sealed, proved, notProved } = proof
  const lines = [
    ...describeRecorded(recorded),
    ...(minutes ? describeMinutes(minutes) : []),
    ...(file ? describeFile(file) : []),
    ...describeSealed(sealed),
    'not proved:',
    ...notProved.map(each => `        ${each}`),
  ]
  const by = [
    ...(minutes && minutesAreEqual(minutes) ? ["the venue's candles minute by minute"] : []),
    ...(file && fileIsEqual(file) ? ["the venue's file row for row"] : []),
  ]
  const what = `${venue} ${symbol} ${day}`
  lines.push(proved ? `${what} equals ${by.join(' and ')}.` : `${what} is NOT proved.`)
  return lines.map(line => plainLine(line, LINE_LENGTH_MAX))
}

function usage(message: string): TickhouseError {
  return new TickhouseError('usage', message, 'For example: tickhouse prove binance BTCUSDT 2026-11-25')
}
