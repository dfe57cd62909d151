/**
 * Recording and storing concurrently in one process: trades in columns are encoded, appended, read, validated, stored.
 */
import type { LogRecord } from '../../src/log/log.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { type Bench, measured } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { type Parts, storeAll, withParts } from '../samples/storing.ts'
import { makeTrades } from '../samples/trades.ts'
import { ingest } from './ingest.ts'

const TRADES = 3_000_000
const RECORD_TRADES = 1_000
/** One append at a time, as the recorder has for each partition. */
const RECORDS_PER_APPEND = 16

async function recordAndStore() {
  return withDirectory(directory =>
    withParts(directory, async parts => {
      const batches = makeTrades(TRADES, RECORD_TRADES)
      return measured(async () => {
        await Promise.all([record(parts), storeAll(parts, TRADES)])
        return TRADES
      })

      async function record({ log }: Parts) {
        let records: LogRecord[] = []
        for (const [index, trades] of batches.entries()) {
          records.push(tradesRecord(trades))
          if (records.length < RECORDS_PER_APPEND && index < batches.length - 1) continue
          await log.append(0, records)
          records = []
        }
      }
    }),
  )
}

export const whole: Bench = {
  name: 'whole',
  summary: 'columns into the log and from it into the tables at the same time, in one process; limit: the engine alone',
  unit: 'trades',
  rounds: 5,
  contestants: [
    { name: 'record and store', against: 'engine alone', run: recordAndStore },
    ...ingest.contestants.filter(({ name }) => name === 'engine alone'),
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades, records of ${RECORD_TRADES.toLocaleString('en-US')}; target 300,000 trades/s`,
  ],
  profiled: ['record and store'],
}
