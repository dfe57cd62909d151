/** `tickhouse prove`: the minutes of a day, compared with the venue's own candles. */
import type { Config } from '../../config.ts'
import type { OpenLog } from '../../log/log.ts'
import { openLog } from '../../log/open.ts'
import { rangesText } from '../../reconcile/id-ranges.ts'
import { allMinutesEqual, compareMinutes, type MinutesResult } from '../../reconcile/minutes.ts'
import { StoredTrades } from '../../reconcile/stored.ts'
import { RestHosts } from '../../sources/rest/hosts.ts'
import { KeptPauses } from '../../sources/rest/kept-pauses.ts'
import { idsAreDense } from '../../tick/id-kind.ts'
import { MINUTES_OF_DAY } from '../../venues/candles/candles.ts'
import type { Venue } from '../../venues/venue.ts'
import { count } from '../progress.ts'
import { fetchCandles } from './fetch-candles.ts'

export interface MinutesProof {
  /** Why the venue's candles are not here, or not all; null if all are. */
  unavailable: string | null
  compared: MinutesResult | null
}

/** Null if the venue has no candles that can be compared. */
export async function proveMinutes(config: Config, venue: Venue, stored: StoredTrades): Promise<MinutesProof | null> {
  const { candles } = venue
  const rest = config[`${venue.name.toUpperCase()}_REST`] ?? venue.rest
  if (!candles) return null
  // A limit that the recorder ran into applies to this process too.
  const log = await openLog(config.LOG, 'read').catch(() => undefined)
  try {
    const { of } = stored
    const startMs = StoredTrades.dayMicros(of.day)[0] / 1000
    const hosts = hostsWith(log)
    const { minutes, unavailable } = await fetchCandles({ hosts, candles, rest, symbol: of.symbol, startMs })
    const compared = minutes.length > 0 ? await compareMinutes(stored, minutes, idsAreDense(venue.ids)) : null
    return { unavailable, compared }
  } finally {
    await log?.close()
  }
}

const hostsWith = (log: OpenLog | undefined) => new RestHosts(log ? { kept: new KeptPauses(log) } : {})

export const minutesAreEqual = ({ unavailable, compared }: MinutesProof): boolean =>
  unavailable === null && compared !== null && allMinutesEqual(compared)

const NAMES = {
  ...{ count: 'count', volume: 'volume', quoteVolume: 'quote volume' },
  ...{ takerBuyVolume: 'taker volume', takerBuyQuoteVolume: 'taker quote volume' },
}

export function describeMinutes({ unavailable, compared }: MinutesProof): string[] {
  const lines: string[] = []
  if (unavailable !== null) lines.push(`note    the venue's candles are not available: ${unavailable}`)
  if (!compared) return lines
  const { stated, equal, rounded, different, differences, columns, inexact } = compared
  if (different > 0) lines.push(`WRONG   ${count(different)} minutes differ from the venue's candles:`)
  for (const { minute, columns: found, missing } of differences) {
    const values = found.map(({ column, venue, stored }) => `${NAMES[column]} ${venue} there, ${stored} here`)
    lines.push(`        ${minute} ${values.join('; ')}`)
    if (missing && missing.ids > 0) lines.push(`        ${minute} ids missing here: ${rangesText(missing)}`)
  }
  if (inexact > 0) lines.push(`WRONG   ${count(inexact)} trades have more decimals than are summed`)
  const what = columns.map(column => NAMES[column]).join(', ')
  const note = rounded > 0 ? `; ${count(rounded)} within the venue's rounding` : ''
  lines.push(`minutes ${count(equal)} of ${count(MINUTES_OF_DAY)} equal the venue's candles in ${what}${note}`)
  if (stated < MINUTES_OF_DAY) lines.push(`note    the venue stated ${count(stated)} of the day's minutes`)
  return lines
}
