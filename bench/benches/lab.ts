/** Quotes played to a strategy of the lab, beside NautilusTrader's backtest engine over the same quotes. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { Engine } from '../../src/lab/engine/engine.ts'
import { moneyOf } from '../../src/lab/engine/trader.ts'
import { DEFAULT_RULES } from '../../src/lab/execution/rules.ts'
import { Recorded } from '../../src/lab/results/recorded.ts'
import { instrumentOf } from '../../src/lab/stored/instruments.ts'
import type { Context, QuoteEvent, Strategy } from '../../src/lab/strategy.ts'
import { QuoteColumns, QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { pythonWith } from '../../test/support/processes/python.ts'
import { type Bench, measured, type Sample } from '../contract.ts'

const QUOTES = 1_000_000
/** As a run over stored ticks plays them. */
const CHUNK = 50_000
const START_MICROS = 1_795_000_000_000_000
const APART_MICROS = 10_000
const PEER = path.join(import.meta.dirname, '../peers/nautilus_engine.py')
const BTC = instrumentOf(0, 'test:BTC', 0.01, 0.001)

/** The same as in `nautilus_engine.py`. */
function quotesOf(count: number): QuoteColumns[] {
  const chunks: QuoteColumns[] = []
  const draft = Object.assign(new QuoteDraft(), { venue: 'test', symbol: 'BTC', bidSize: 1, askSize: 1 })
  for (let at = 0; at < count; at++) {
    if (at % CHUNK === 0) chunks.push(new QuoteColumns(CHUNK))
    const bid = 6_000_000 + ((at * 7_919) % 2_000)
    draft.bidPrice = bid / 100
    draft.askPrice = (bid + 1) / 100
    draft.receivedAtMicros = START_MICROS + at * APART_MICROS
    draft.timestampMicros = draft.receivedAtMicros
    chunks.at(-1)!.add(draft)
  }
  return chunks
}

/** Counts the quotes; buys and sells by turns at each of `every`. */
class Turns implements Strategy {
  seen = 0
  readonly #every: number
  #sent = 0

  constructor(every: number) {
    this.#every = every
  }

  onQuote(_: QuoteEvent, context: Context): void {
    if (++this.seen % this.#every !== 0) return
    context.order({ instrument: BTC, direction: this.#sent++ % 2 === 0 ? 1 : -1, quantity: 0.1 })
  }
}

function engineWith(strategy: Strategy): { engine: Engine; recorded: Recorded } {
  const recorded = new Recorded({ run: 'bench', strategy: 'turns' }, () => {})
  const trader = {
    ...{ name: 'turns', strategy, instruments: [BTC], capital: moneyOf(100_000), limits: {}, rules: DEFAULT_RULES },
    ...{ fees: () => ({ maker: 20_000n, taker: 50_000n }), latencyMicros: () => 0, random: () => 0.5 },
    ...{ isQuoted: () => true, results: recorded },
  }
  const engine = new Engine({
    instruments: [BTC],
    traders: [trader],
    markSeconds: 60,
    staleSeconds: 30,
    apartSeconds: 5,
    isQuoted: () => true,
  })
  engine.start(START_MICROS)
  return { engine, recorded }
}

const played = (every: number) => async (): Promise<Sample> => {
  const chunks = quotesOf(QUOTES)
  const play = () => {
    const strategy = new Turns(every)
    const { engine, recorded } = engineWith(strategy)
    for (const chunk of chunks) engine.playQuotes(chunk, 0, chunk.length)
    if (strategy.seen !== QUOTES) throw new Error(`${strategy.seen} quotes were seen`)
    return recorded.fills
  }
  play()
  let fills = 0
  const sample = await measured(() => {
    fills = play()
    return QUOTES
  })
  return { ...sample, metrics: { fills } }
}

const byNautilus = (every: number) => async (): Promise<Sample> => {
  const { command, path: modules } = await pythonWith('nautilus_trader==1.221.0')
  const { stdout } = await promisify(execFile)(command, [PEER, String(QUOTES), String(every)], {
    env: { ...process.env, PYTHONPATH: modules },
  })
  const { quotes, fills, seconds, cpuSeconds } = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, number>
  if (quotes !== QUOTES) throw new Error(`${quotes} quotes were seen`)
  return { count: QUOTES, seconds: seconds!, cpuSeconds: cpuSeconds!, metrics: { fills: fills! } }
}

const NEVER = QUOTES + 1
const OFTEN = 500

export const lab: Bench = {
  name: 'lab',
  summary:
    'quotes played to a strategy; target: 1,000,000 a second and core; peer: NautilusTrader 1.221.0, which pip installs',
  unit: 'ticks',
  rounds: 5,
  contestants: [
    { name: 'each quote seen', against: 'NautilusTrader: each quote seen', run: played(NEVER) },
    {
      name: `an order at each ${OFTEN}th`,
      against: `NautilusTrader: an order at each ${OFTEN}th`,
      run: played(OFTEN),
    },
    { name: 'NautilusTrader: each quote seen', run: byNautilus(0) },
    { name: `NautilusTrader: an order at each ${OFTEN}th`, run: byNautilus(OFTEN) },
  ],
  notes: ['Ours is warm: a first run is not measured. Both have the quotes in memory before they are measured.'],
}
