/** Stored ticks as a source that is read again and again, and the stored rows that a model was trained with. */
import { literal } from '../../store/sql.ts'
import type { ReadPortfolio } from '../portfolio/read.ts'
import { type BacktestOptions, ticksOf } from '../run/backtest.ts'
import { symbolsOf } from '../run/set-up.ts'
import { readInstruments } from '../stored/instruments.ts'
import { rowsOf } from '../stored/rows-of.ts'
import { readTapeChanges } from '../stored/tape-changes.ts'
import type { TickSource } from './source.ts'
import type { SampledRow } from './watched.ts'

export type StoredRange = Pick<BacktestOptions, 'runQuery' | 'readTicks' | 'fromNanos' | 'untilNanos'>

/** Rows that are read from memory between two steps. */
const STEP_TICKS = 50_000
const TRAINING_ROWS_MAX = 200_000

/** Throws `usage` if nothing is stored of a symbol, and errors of the store. */
export async function storedSource(
  portfolio: ReadPortfolio,
  range: StoredRange,
  signal: AbortSignal,
): Promise<TickSource> {
  const { runQuery } = range
  const names = symbolsOf(portfolio)
  const instruments = await readInstruments(runQuery, names, portfolio.portfolio.instruments)
  const ticks = await ticksOf({ portfolio, ...range }, names)
  const [firstMicros, endMicros] = [Number(ticks.firstNanos / 1000n), Number(ticks.lastNanos / 1000n) + 1]
  const hold = portfolio.portfolio.gap_hold_seconds
  return {
    ...{ instruments, quoted: ticks.quoted, firstMicros, endMicros },
    tapeChanges: await readTapeChanges(runQuery, instruments, firstMicros, endMicros, hold),
    async *open(change) {
      const timeline = ticks.timeline()
      try {
        while ((await timeline.next()) !== undefined) {
          signal.throwIfAborted()
          for (const rows of timeline.take(undefined, STEP_TICKS)) {
            const taken = rows as Parameters<typeof change>[0]
            change(taken)
            yield taken
          }
        }
      } finally {
        await timeline.close()
      }
    },
  }
}

/** Rows of `lab_features` of a run in a time, the first of them. Numbers are texts: JSON has no NaN. */
export async function trainingRows(
  { runQuery }: Pick<StoredRange, 'runQuery'>,
  run: string,
  schema: string,
  fromMicros: number,
  untilMicros: number,
): Promise<SampledRow[]> {
  const rows = await rowsOf<{ time: string; instrument: string; numbers: string[] }>(
    runQuery,
    `SELECT toString(toUnixTimestamp64Micro(at)) AS time, concat(venue, ':', symbol) AS instrument,
      arrayMap(value -> toString(value), values) AS numbers FROM lab_features
    WHERE run = ${literal(run)} AND schema = ${literal(schema)} AND toUnixTimestamp64Micro(at) BETWEEN ${fromMicros} AND ${untilMicros}
    ORDER BY at, venue, symbol LIMIT ${TRAINING_ROWS_MAX}`,
  )
  return rows.map(({ time, instrument, numbers }) => ({
    ...{ timeMicros: Number(time), instrument },
    values: Float64Array.from(numbers, Number),
  }))
}
