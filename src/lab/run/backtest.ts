/** Plays stored ticks to a portfolio, as fast as they can be read. */
import { randomBytes } from 'node:crypto'
import { TickhouseError } from '../../errors.ts'
import type { RunQuery } from '../../replay/range.ts'
import { QuoteColumns } from '../../tick/quotes/quotes.ts'
import type { Engine } from '../engine/engine.ts'
import { partsOf } from '../market/instrument.ts'
import type { ReadPortfolio } from '../portfolio/read.ts'
import type { Recorded } from '../results/recorded.ts'
import type { RowWriter } from '../results/row-writer.ts'
import { readFunding } from '../stored/funding.ts'
import { readInstruments } from '../stored/instruments.ts'
import { type Completeness, readCompleteness } from '../stored/proved.ts'
import { findTicks, type LabTicks } from '../stored/stored-ticks.ts'
import { readTapeChanges } from '../stored/tape-changes.ts'
import { setUp, symbolsOf } from './set-up.ts'

export interface BacktestOptions {
  /** The name of the run: see `newRun`. */
  run: string
  portfolio: ReadPortfolio
  runQuery: RunQuery
  /** Reads the ticks, where they are those of a pinned dataset; else as `runQuery`. */
  readTicks?: RunQuery | undefined
  /** ns since 1970 UTC, the end exclusive; undefined for all that is stored. */
  fromNanos?: bigint | undefined
  untilNanos?: bigint | undefined
  writer: RowWriter
  /** What strategies computed is written too: see `Recorded`. */
  keepsFeatures?: boolean
  /** Ticks played, of how many. */
  onProgress: (played: number, all: number, timeMicros: number) => void
  signal: AbortSignal
}

export interface BacktestResult {
  run: string
  engine: Engine
  recorded: readonly Recorded[]
  firstNanos: bigint
  lastNanos: bigint
  ticks: number
  completeness: Completeness
  /** It was interrupted: the results reach up to there. */
  isStopped: boolean
}

/** Ticks of one step: rows are written and progress is shown between steps. */
const STEP_TICKS = 50_000

/** The name of a run: its time, its portfolio and chance. */
export function newRun(name: string): string {
  const time = new Date().toISOString().slice(0, 19).replace(/[-:]/g, '')
  return `${time}-${name}-${randomBytes(3).toString('hex')}`
}

/** Throws `usage` if nothing is stored of a symbol, and errors of the store. */
export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const { run, portfolio, runQuery, writer, signal, onProgress } = options
  const { ticks, instruments, firstMicros, endMicros, tapeChanges } = await readTape(options)
  const add = writer.add.bind(writer)
  const { engine, recorded } = setUp(run, portfolio, instruments, ticks.quoted, add, options.keepsFeatures)
  const { firstNanos } = ticks
  engine.addTapeChanges(tapeChanges)
  engine.addFunding(await readFunding(runQuery, instruments, firstMicros, endMicros, 'all_marks'))
  engine.start(firstMicros)
  const timeline = ticks.timeline()
  let played = 0
  try {
    while (!signal.aborted && (await timeline.next()) !== undefined) {
      for (const { ticks: columns, start, end } of timeline.take(undefined, STEP_TICKS)) {
        if (columns instanceof QuoteColumns) engine.playQuotes(columns, start, end)
        else engine.playTrades(columns, start, end)
        played += end - start
      }
      onProgress(played, ticks.ticks, engine.nowMicros)
      if (writer.isFull) await writer.flush()
    }
  } finally {
    await timeline.close()
  }
  const lastMicros = signal.aborted ? engine.nowMicros : endMicros
  engine.end(lastMicros)
  await writer.flush()
  const lastNanos = BigInt(lastMicros) * 1000n
  const completeness = await readCompleteness(runQuery, symbolsOf(portfolio), firstNanos, lastNanos)
  return { run, engine, recorded, firstNanos, lastNanos, ticks: played, completeness, isStopped: signal.aborted }
}

export type TapeOptions = Pick<BacktestOptions, 'portfolio' | 'runQuery' | 'readTicks' | 'fromNanos' | 'untilNanos'>

/**
 * What is stored of a portfolio's instruments. Times in µs since 1970 UTC, the end exclusive. Throws `usage` if nothing is stored of a
 * symbol, and errors of the store.
 */
export async function readTape(options: TapeOptions) {
  const { portfolio, runQuery } = options
  const { gap_hold_seconds: hold } = portfolio.portfolio
  const names = symbolsOf(portfolio)
  const instruments = await readInstruments(runQuery, names, portfolio.portfolio)
  const ticks = await ticksOf(options, names)
  const [firstMicros, endMicros] = [Number(ticks.firstNanos / 1000n), Number(ticks.lastNanos / 1000n) + 1]
  const tapeChanges = await readTapeChanges(runQuery, instruments, firstMicros, endMicros, hold)
  return { ticks, instruments, firstMicros, endMicros, tapeChanges }
}

async function ticksOf(
  { portfolio, runQuery, readTicks, fromNanos, untilNanos }: TapeOptions,
  names: readonly string[],
): Promise<LabTicks> {
  const parts = names.map(partsOf)
  const venues = [...new Set(parts.map(({ venue }) => venue))]
  const filter = {
    venue: venues.length === 1 ? venues[0] : undefined,
    symbols: parts.map(({ symbol }) => symbol),
    ...{ fromNanos, untilNanos },
  }
  const ticks = await findTicks(readTicks ?? runQuery, filter, portfolio.portfolio.clock === 'venue')
  const missing = names.filter(name => !ticks?.names.has(name))
  if (ticks && missing.length === 0) return ticks
  throw new TickhouseError(
    'usage',
    `nothing is stored of ${missing.join(', ')} in this time`,
    'List what is stored: tickhouse coverage',
  )
}
