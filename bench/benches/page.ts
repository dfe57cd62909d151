/** Latency of the page: from a trade's time at the exchange to the pushed message that shows it. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Messages } from '../../src/serve/page/protocol.ts'
import { type Bench, type Sample, spread } from '../contract.ts'
import { cpuSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { sourcesOf, startInstance } from '../samples/instance.ts'

const RATE_PER_SECOND = 20_000
const WARM_UP_MS = 4_000
const MEASURED_MS = 10_000

async function run(kinds: readonly string[]): Promise<Sample> {
  return withDirectory(async directory => {
    const instance = await startInstance(directory, RATE_PER_SECOND, [], { TICKHOUSE_SOURCES: sourcesOf(kinds) })
    const { recorder, storing } = instance.pids
    const stop = new AbortController()
    try {
      await sleep(WARM_UP_MS)
      const cpuBefore = cpuSecondsOf(recorder) + cpuSecondsOf(storing)
      const startedMs = performance.now()
      setTimeout(() => stop.abort(), MEASURED_MS)
      const answer = await fetch(`${instance.url}/api/live`, { signal: stop.signal })
      const agesMs: number[] = []
      let trades = 0
      for await (const update of updates(answer)) {
        const newest = update.prints.at(-1)
        if (newest) agesMs.push(Date.now() - newest[0])
        trades = RATE_PER_SECOND * ((performance.now() - startedMs) / 1000)
      }
      agesMs.sort((a, b) => a - b)
      return {
        count: trades,
        seconds: (performance.now() - startedMs) / 1000,
        cpuSeconds: cpuSecondsOf(recorder) + cpuSecondsOf(storing) - cpuBefore,
        metrics: {
          'trade to page p50, ms': spread(agesMs).median,
          'trade to page p99, ms': agesMs[Math.floor(agesMs.length * 0.99)]!,
          'messages a second': agesMs.length / (MEASURED_MS / 1000),
        },
      }
    } finally {
      await instance.stop()
    }
  })
}

/** The `update` events of a stream, until it ends or is aborted. */
async function* updates(answer: Response): AsyncGenerator<Messages['update']> {
  let text = ''
  try {
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      const events = text.split('\n\n')
      text = events.pop()!
      for (const event of events) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? []
        if (name === 'update') yield JSON.parse(data!)
      }
    }
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error
  }
}

export const page: Bench = {
  name: 'page',
  summary: 'from a trade at the exchange to the pushed message that shows it, at 20,000 trades/s',
  unit: 'trades',
  rounds: 5,
  contestants: [
    { name: '20,000 trades/s', run: () => run(['trades']) },
    { name: '20,000 trades/s and 80,000 quotes/s', run: () => run(['trades', 'quotes']) },
  ],
}
