/** Recording and storing with a live paper portfolio beside it, and without: what it costs them. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Bench } from '../contract.ts'
import { minutes } from '../minutes.ts'
import { cpuSecondsOf, residentBytesOf } from '../processes.ts'
import type { Instance } from '../samples/instance.ts'
import { type Beside, underLoad } from '../samples/under-load.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const RATE_PER_SECOND = 1_000
const STRATEGIES = 20
const SYMBOLS = ['BTCUSDT', ...Array.from({ length: 99 }, (_, at) => `SYM${at}USDT`)]
const STEP = 1
const KINDS = ['trades', 'quotes']

/** Every strategy trades all symbols; each fourth is of the same kind, with other parameters. */
const KIND_PARAMETERS = [
  (at: number) => `kind: order-flow, parameters: { every_seconds: ${1 + at}, entry: 0.3 }`,
  (at: number) => `kind: trend, parameters: { bar_seconds: 1, fast: ${3 + at}, slow: ${10 + at} }`,
  (at: number) => `kind: vwap-reversion, parameters: { bar_seconds: 1, bars: ${10 + at} }`,
  () => 'kind: buy-and-hold',
]

function portfolio(): string {
  const symbols = SYMBOLS.map(symbol => `"simulator:${symbol}"`).join(', ')
  const strategies = Array.from({ length: STRATEGIES }, (_, at) => {
    const kind = KIND_PARAMETERS[at % KIND_PARAMETERS.length]!(at)
    const named = at === 0 ? `&symbols [${symbols}]` : '*symbols'
    return `  - { name: s${at}, ${kind}, capital: 1000000, symbols: ${named} }`
  })
  return `name: bench\ncurrency: USDT\nstrategies:\n${strategies.join('\n')}\n`
}

async function startPortfolio({ url, rows }: Instance, directory: string): Promise<Beside> {
  const file = path.join(directory, 'portfolio.yaml')
  await fs.writeFile(file, portfolio())
  const env = { ...process.env, TICKHOUSE_LISTEN: new URL(url).host }
  const lab = spawn(process.execPath, [CLI, 'lab', 'start', file], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  return {
    metrics: async () => {
      const [counts] = await rows<{ orders: string; fills: string }>(
        'SELECT (SELECT count() FROM lab_orders) AS orders, (SELECT count() FROM lab_fills) AS fills',
      )
      return {
        'cpu s of the portfolio': cpuSecondsOf(lab.pid!),
        'memory of the portfolio, MB': residentBytesOf(lab.pid!) / 1e6,
        'rows of orders': Number(counts!.orders),
        fills: Number(counts!.fills),
      }
    },
    stop: async () => {
      if (lab.exitCode !== null) return
      const ended = once(lab, 'exit')
      lab.kill('SIGINT')
      await ended
    },
  }
}

const load = { kinds: KINDS, ratePerSecond: RATE_PER_SECOND, step: STEP, symbols: SYMBOLS }

export const besideLab: Bench = {
  name: 'beside-lab',
  summary: 'recording 100 symbols alone, and with a live paper portfolio of 20 strategies on all of them; --minutes',
  unit: 'trades',
  rounds: 3,
  contestants: [
    { name: 'recording alone', run: () => underLoad(load) },
    {
      name: 'with a portfolio',
      against: 'recording alone',
      run: () => underLoad({ ...load, beside: startPortfolio }),
    },
  ],
  get notes() {
    return [`${minutes()} minutes each, ${RATE_PER_SECOND.toLocaleString('en-US')} trades/s with four quotes each`]
  },
}
