/** Two recorders of one feed: a log in which each record comes twice, against one in which it comes once. */
import { tradesRecord } from '../../src/tick/records.ts'
import { type Bench, measured } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { storeAll, withParts } from '../samples/storing.ts'
import { makeTrades } from '../samples/trades.ts'

const TRADES = 2_000_000
const RECORD_TRADES = 1_000
const RECORDS_PER_APPEND = 100
/** The second recorder's record comes this many records after the first one's. */
const BEHIND = 3

async function ingested(recorders: number) {
  return withDirectory(directory =>
    withParts(directory, async parts => {
      const records = makeTrades(TRADES, RECORD_TRADES).map(tradesRecord)
      const logged =
        recorders === 1
          ? records
          : [...records, ...Array<undefined>(BEHIND)].flatMap((record, at) => [
              ...(record ? [record] : []),
              ...(at >= BEHIND ? [records[at - BEHIND]!] : []),
            ])
      for (let at = 0; at < logged.length; at += RECORDS_PER_APPEND)
        await parts.log.append(0, logged.slice(at, at + RECORDS_PER_APPEND))
      return measured(async () => {
        await storeAll(parts, TRADES, undefined, (recorders - 1) * TRADES)
        return TRADES
      })
    }),
  )
}

export const repeats: Bench = {
  name: 'repeats',
  summary: 'a log of two recorders of one feed into the tables; limit: the log of one of them',
  unit: 'trades',
  rounds: 7,
  contestants: [
    { name: 'two recorders', against: 'one recorder', run: () => ingested(2) },
    { name: 'one recorder', run: () => ingested(1) },
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades of eight symbols in records of ${RECORD_TRADES.toLocaleString('en-US')}, the copy ${BEHIND} records later`,
    'the CPU ratio is that of a trade stored, with its copy to one without; it should be at most 1.3',
  ],
  profiled: ['two recorders'],
}
