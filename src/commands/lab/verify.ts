/** `tickhouse lab verify`: plays a run again and compares all that it wrote with what its ticks give. */
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { writtenUntil } from '../../lab/live/cuts.ts'
import { Live } from '../../lab/live/live.ts'
import { type ReadPortfolio, readPortfolioText } from '../../lab/portfolio/read.ts'
import { RowWriter } from '../../lab/results/row-writer.ts'
import { backtest } from '../../lab/run/backtest.ts'
import { type Compared, isEqual, ReplayedRows, verificationRow } from '../../lab/run/compare.ts'
import { runNamed, type StoredRun } from '../../lab/stored/runs.ts'
import { findRun } from '../../lab/stored/stored-run.ts'
import { requireTicks } from '../../lab/stored/unreadable.ts'
import { plainLine } from '../../plain-text.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { readingTicks, sameDataset } from './dataset.ts'
import { inserting } from './rows.ts'

const LINE_LENGTH_MAX = 1_000

export interface LabVerifyFlags {
  /** A file, or none: the portfolio's, where it is now. */
  strategies?: string
}

/** Prints what is equal and what is not, and writes it to `lab_verifications`. True if everything is. Throws TickhouseErrors. */
export async function labVerify(
  config: Config,
  name: string,
  { strategies }: LabVerifyFlags,
  signal: AbortSignal,
): Promise<boolean> {
  const access = await openStoreAccess(config)
  try {
    const run = await findRun(access.query, name)
    const stored = (await runNamed(access.query, run))!
    // Strategies and models in files of their own are relative to the portfolio's file, as they were for the run.
    const file = strategies ?? (stored.yamlPath || `${stored.portfolio}.yaml`)
    const portfolio = await readPortfolioText(stored.yaml, file)
    await requireTicks(access.query, stored, portfolio.portfolio.clock)
    const untilMicros = await comparedUntil(access, stored)
    const replayed = new ReplayedRows(untilMicros)
    const writer = new RowWriter(async (table, rows) => {
      for (const row of rows) replayed.add(table, row)
    })
    await play(config, stored, portfolio, access, writer, signal)
    await writer.flush()
    if (signal.aborted) return false
    const compared = await replayed.compare(access.query, run)
    for (const line of describe(stored, compared)) console.log(plainLine(line, LINE_LENGTH_MAX))
    const row = verificationRow(run, compared, untilMicros ?? stored.untilMicros, nowMicros())
    await inserting(config, access)('lab_verifications', [row])
    return compared.every(isEqual)
  } finally {
    await access.close()
  }
}

/** Rows before this time are compared; undefined: all, for a run that has ended. */
async function comparedUntil(access: StoreAccess, { run, mode, state }: StoredRun): Promise<number | undefined> {
  if (mode !== 'live' || state === 'ended' || state === 'stopped') return undefined
  const until = await writtenUntil(access.query, run)
  if (until !== undefined) return until
  throw new TickhouseError('usage', `run ${run} has not begun`, 'Verify it when it has run for some seconds.')
}

async function play(
  config: Config,
  { run, mode, dataset, fromMicros, untilMicros }: StoredRun,
  portfolio: ReadPortfolio,
  access: StoreAccess,
  writer: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const runQuery = access.query
  if (mode === 'live') {
    const unused = async () => undefined
    const live = await Live.open({ run, portfolio, runQuery, writer, storedOffsets: unused, nowMicros: () => 0 })
    await live.replay()
    return
  }
  const [fromNanos, untilNanos] = [BigInt(fromMicros) * 1000n, BigInt(untilMicros) * 1000n]
  const readTicks = dataset ? readingTicks(access, await sameDataset(config, dataset)) : undefined
  await backtest({ run, portfolio, runQuery, readTicks, writer, signal, fromNanos, untilNanos, onProgress: () => {} })
}

function describe({ run, mode }: StoredRun, compared: readonly Compared[]): string[] {
  const lines = compared.flatMap(({ table, equal, onlyStored, onlyReplayed }) => [
    `${table}: ${equal} rows equal, ${onlyStored.count} only stored, ${onlyReplayed.count} only in the replay`,
    ...(onlyStored.count > 0 ? [`  only stored, the first: ${onlyStored.first}`] : []),
    ...(onlyReplayed.count > 0 ? [`  only in the replay, the first: ${onlyReplayed.first}`] : []),
  ])
  const what = mode === 'live' ? 'the live run' : 'the run'
  lines.push(
    compared.every(isEqual) ? `${what} ${run} equals its replay.` : `${what} ${run} does NOT equal its replay.`,
  )
  return lines
}
