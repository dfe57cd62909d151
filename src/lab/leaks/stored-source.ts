/** Stored ticks as a source that is read again and again, and the stored rows that a model was trained with. */
import { literal } from '../../store/sql.ts'
import type { ReadPortfolio } from '../portfolio/read.ts'
import { readTape, type TapeOptions } from '../run/backtest.ts'
import { rowsOf } from '../stored/rows-of.ts'
import type { TickSource } from './source.ts'
import type { SampledRow } from './watched.ts'

export type StoredRange = Omit<TapeOptions, 'portfolio'>

/** Rows that are read from memory between two steps. */
const STEP_TICKS = 50_000
const TRAINING_ROWS_MAX = 200_000

/** Throws `usage` if nothing is stored of a symbol, and errors of the store. */
export async function storedSource(
  portfolio: ReadPortfolio,
  range: StoredRange,
  signal: AbortSignal,
): Promise<TickSource> {
  const { ticks, ...tape } = await readTape({ portfolio, ...range })
  return {
    ...tape,
    quoted: ticks.quoted,
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
