/** A venue's file of a day: validated and appended to the log, and stored; peer: DuckDB reading it into a table. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { backfillDay } from '../../src/backfill/day.ts'
import { StoredTrades } from '../../src/reconcile/stored.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { writeWithChecksum, zipOf } from '../../test/support/data/zip-file.ts'
import { pythonWith } from '../../test/support/processes/python.ts'
import { type Bench, measured, type Sample } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { type Parts, storeAll, withParts } from '../samples/storing.ts'

const TRADES = 2_000_000
const DAY = '2026-11-24'
const FIRST_ID = 3_735_693_015
const MICROS_APART = Math.floor(86_400_000_000 / TRADES)
const PEER = path.join(import.meta.dirname, '../peers/day_file.py')

/** Rows in the shape of the venue's, with prices and sizes that vary. */
function makeFile(file: string): void {
  const lines: string[] = []
  const startMicros = Date.parse(DAY) * 1000
  for (let at = 0; at < TRADES; at++) {
    const price = (6_000_000 + ((at * 7_919) % 100_000)) / 100
    const size = (1 + ((at * 104_729) % 1_000_000)) / 100_000
    const maker = at % 3 === 0 ? 'True' : 'False'
    lines.push(
      `${FIRST_ID + at},${price},${size},${(price * size).toFixed(8)},${startMicros + at * MICROS_APART},${maker},True\n`,
    )
  }
  writeWithChecksum(file, zipOf(lines.join('')))
}

const filled = (work: (parts: Parts, file: string) => Promise<Sample>) => () =>
  withDirectory(directory =>
    withParts(directory, parts => {
      const file = path.join(directory, 'day.zip')
      makeFile(file)
      return work(parts, file)
    }),
  )

async function append({ log, store }: Parts, file: string): Promise<number> {
  const of = { venue: binance.name, symbol: 'BTCUSDT', day: DAY }
  const { appended, refused } = await backfillDay({
    stored: new StoredTrades((query, format) => store.untrusted(query, format), of),
    log,
    file,
    unit: 'µs',
    signal: new AbortController().signal,
    progress: () => {},
    waiting: [],
    isDry: false,
    stalledMsMax: 0,
    stalled: () => {},
  })
  if (appended !== TRADES) throw new Error(`${appended} of ${TRADES} trades appended: ${refused}`)
  return appended
}

async function byDuckDb(_parts: Parts, file: string): Promise<Sample> {
  const { command, path: modules } = await pythonWith('duckdb')
  const { stdout } = await promisify(execFile)(command, [PEER, file], { env: { ...process.env, PYTHONPATH: modules } })
  const { rows, seconds, cpuSeconds } = JSON.parse(stdout) as Record<'rows' | 'seconds' | 'cpuSeconds', number>
  return { count: rows, seconds, cpuSeconds }
}

export const backfill: Bench = {
  name: 'backfill',
  summary:
    'a file of a day, validated and appended to the log; target: 500,000 trades/s; peer: DuckDB reading it into a table',
  unit: 'trades',
  rounds: 3,
  contestants: [
    {
      name: 'validated and appended',
      against: 'DuckDB: read into a table',
      run: filled((parts, file) => measured(() => append(parts, file))),
    },
    {
      name: 'validated, appended and stored',
      against: 'DuckDB: read into a table',
      run: filled((parts, file) =>
        measured(async () => {
          await append(parts, file)
          await storeAll(parts, TRADES, binance.name)
          return TRADES
        }),
      ),
    },
    { name: 'DuckDB: read into a table', run: filled(byDuckDb) },
  ],
  notes: [
    `${TRADES.toLocaleString('en-US')} trades of one symbol; the file is read twice, its SHA-256 and CRC-32 are compared`,
    'DuckDB unzips the file and reads it, validates neither ids nor times',
  ],
}
