/** `tickhouse lab start`: a portfolio on live ticks, on paper, beside a running tickhouse. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { follow } from '../../lab/live/follow.ts'
import { killSwitchPath, refuseKilled, setAtMicros } from '../../lab/live/kill-switch.ts'
import { Live } from '../../lab/live/live.ts'
import { MONEY_DECIMALS, numberOf } from '../../lab/market/instrument.ts'
import { newDrifts, notesOf } from '../../lab/models/rows.ts'
import { type ReadPortfolio, readPortfolio } from '../../lab/portfolio/read.ts'
import { RowWriter } from '../../lab/results/row-writer.ts'
import { runRows } from '../../lab/results/run-rows.ts'
import { money } from '../../lab/results/texts.ts'
import { newRun } from '../../lab/run/backtest.ts'
import { symbolsOf } from '../../lab/run/set-up.ts'
import { readCompleteness, unprovedShare } from '../../lab/stored/proved.ts'
import { openRun, stateOf } from '../../lab/stored/runs.ts'
import { requireTicks } from '../../lab/stored/unreadable.ts'
import { readVerifications } from '../../lab/stored/verifications.ts'
import { plainLine } from '../../plain-text.ts'
import { openStoreAccess, type StoreAccess } from '../open-store.ts'
import { requestPage } from '../running/instance-request.ts'
import { Nightly, verifyApart } from './nightly.ts'
import { countAllRows, countRows, inserting, insertModels } from './rows.ts'

/** A step reads what was stored since the last one. */
const STEP_MS = 1_000
/** The run's row, and a line on the terminal. */
const REPORT_MS = 60_000
const LINE_LENGTH_MAX = 500
const OFF = 'all orders are cancelled, all positions closed, and every strategy is off until a new run'

/** Runs until the signal aborts, or the run is ended by `tickhouse lab stop`; then it is verified. Throws TickhouseErrors. */
export async function labStart(config: Config, file: string, signal: AbortSignal): Promise<void> {
  const portfolio = await readPortfolio(file)
  const access = await openStoreAccess(config)
  try {
    if (access.store)
      throw new TickhouseError(
        'process_unreachable',
        `no tickhouse with a page answers at ${config.LISTEN}`,
        'A live portfolio needs a running one: tickhouse start, or set TICKHOUSE_LISTEN to its address.',
      )
    await runLive(config, access, portfolio, file, signal)
  } finally {
    await access.close()
  }
}

async function runLive(
  config: Config,
  access: StoreAccess,
  portfolio: ReadPortfolio,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const { name } = portfolio.portfolio
  const insert = inserting(config, access)
  const open = await openRun(access.query, name)
  if (open && open.yaml !== portfolio.text)
    throw new TickhouseError(
      'usage',
      `portfolio ${name} runs with another file since ${new Date(open.beganAtMs).toISOString()}`,
      `End that run first: tickhouse lab stop ${name}`,
    )
  if (open) await requireTicks(access.query, open, portfolio.portfolio.clock)
  const killSwitch = killSwitchPath(portfolio.portfolio, file)
  await refuseKilled(killSwitch, name, open !== undefined)
  const run = open?.run ?? newRun(name)
  const beganAtMs = open?.beganAtMs ?? Date.now()
  const writer = new RowWriter(insert, await countAllRows(access, run))
  const live = await Live.open({
    ...{ run, portfolio, writer, nowMicros, runQuery: access.query },
    storedOffsets: () => storedOffsets(config),
    killSetAtMicros: () => setAtMicros(killSwitch),
  })
  const report = async (state: 'running' | 'ended') => {
    const { engine } = live
    const [from, until] = [BigInt(beganAtMs) * 1_000_000n, BigInt(engine.nowMicros) * 1000n]
    const unproved = unprovedShare(await readCompleteness(access.query, symbolsOf(portfolio), from, until))
    const facts = { run, portfolio, beganAtMs, state, mode: 'live', dataset: '', unproved } as const
    const reached = {
      fromMicros: beganAtMs * 1000,
      untilMicros: engine.nowMicros,
      ticks: engine.trades + engine.quotes,
    }
    await insert('lab_runs', runRows({ ...facts, ...reached }, live.recorded, nowMicros()))
    const { currency } = portfolio.portfolio
    const results = live.recorded.map(({ owner, lastMark, fills }, at) => {
      const { capital } = portfolio.strategies[at]!.entry
      const equity = lastMark ? money(numberOf(lastMark.equity, MONEY_DECIMALS), capital) : 'no mark yet'
      return `${owner.strategy} ${equity} ${currency}, ${fills} fills`
    })
    console.log(`${new Date().toISOString().slice(11, 19)} ${results.join('; ')}`)
  }
  console.log(
    `${open ? 'going on with' : 'beginning'} run ${run}. Paper only: no order is sent to a venue. Ctrl-C pauses it.`,
  )
  for (const note of notesOf(portfolio)) console.log(plainLine(note, LINE_LENGTH_MAX))
  if (!open) await report('running')
  const verified = (await readVerifications(access.query, run)).get(run)
  const verify = () => verifyApart(run, file, signal)
  const nightly = new Nightly({ lastMs: verified?.atMs ?? beganAtMs, verify })
  await insertModels(insert, run, portfolio)
  let reportedMs = performance.now()
  let lastFailure = ''
  const drifts = new Map<string, number>()
  let killed = false
  const ended = await follow({
    ...{ live, writer, signal },
    count: table => countRows(access, run, table),
    isEnding: async () => (await stateOf(access.query, run)) === 'ending',
    onStep: async () => {
      if (live.killed && !killed)
        console.log(plainLine(`the kill switch ${killSwitch} was set: ${OFF}`, LINE_LENGTH_MAX))
      killed = live.killed
      for (const line of newDrifts(live.recorded, drifts)) console.log(plainLine(line, LINE_LENGTH_MAX))
      nightly.check(Date.now())
      if (performance.now() - reportedMs < REPORT_MS) return
      reportedMs = performance.now()
      // A request to end it meanwhile must not be overwritten.
      if ((await stateOf(access.query, run)) === 'running') await report('running')
    },
    onFailure: why => {
      if (why !== lastFailure) console.error(`a step failed and is repeated: ${plainLine(why, LINE_LENGTH_MAX)}`)
      lastFailure = why
    },
    sleep: stop => sleep(STEP_MS, undefined, { signal: stop }),
  })
  if (ended) await report('ended')
  if (ended && !live.engine.isFlat) console.log('positions are left: no quote came that could close them')
  console.log(ended ? `run ${run} has ended` : `run ${run} pauses: tickhouse lab start goes on with it`)
  if (ended) await verify()
}

/** Records below these offsets are stored. */
async function storedOffsets(config: Config): Promise<ReadonlyMap<number, number> | undefined> {
  const response = await requestPage(config, '/api/lab/offsets')
  if (!response.ok) return undefined
  const { offsets } = await response.json<{ offsets: [number, number][] | null }>()
  return offsets ? new Map(offsets) : undefined
}
