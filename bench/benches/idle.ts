/** A small machine: what recording and storing a quiet market costs all the time. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bench, Sample } from '../contract.ts'
import { minutes } from '../minutes.ts'
import { anonymousBytesOf, cpuSecondsOf, residentBytesOf, threadSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { quantile, query } from '../samples/followed.ts'
import { sourcesOf, startInstance } from '../samples/instance.ts'

const MARKETS: readonly { name: string; rate: number; kinds: readonly ('trades' | 'quotes')[]; isRead?: true }[] = [
  { name: 'no ticks', rate: 0, kinds: ['trades', 'quotes'] },
  { name: '200 trades/s', rate: 200, kinds: ['trades'] },
  { name: '200 trades/s, 800 quotes/s', rate: 200, kinds: ['trades', 'quotes'] },
  { name: '200 trades/s, 800 quotes/s, read all the time', rate: 200, kinds: ['trades', 'quotes'], isRead: true },
  { name: '1,000 trades/s, 4,000 quotes/s', rate: 1_000, kinds: ['trades', 'quotes'] },
]
const WARM_UP_MS = 20_000
const FOLLOWED_MS = 10_000
/** Threads named in the report: above this share of a core. */
const THREAD_SHARE_MIN = 0.003

const running =
  ({ rate: ratePerSecond, kinds, isRead }: (typeof MARKETS)[number]) =>
  () =>
    withDirectory(async (directory): Promise<Sample> => {
      const instance = await startInstance(directory, Math.max(1, ratePerSecond), [], {
        TICKHOUSE_SOURCES: sourcesOf(kinds),
        // As if a page were open, without what a page costs.
        ...(isRead && { TICKHOUSE_BATCH_AGE_UNREAD_MS_MAX: '10' }),
      })
      const { recorder, storing } = instance.pids
      try {
        if (ratePerSecond === 0) await instance.setRate(0)
        await sleep(WARM_UP_MS)
        const [recorderFrom, storingFrom, threadsFrom] = [
          cpuSecondsOf(recorder),
          cpuSecondsOf(storing),
          threadSecondsOf(storing),
        ]
        const startedMs = performance.now()
        await sleep(minutes() * 60_000)
        const seconds = (performance.now() - startedMs) / 1000
        const used = { recorder: cpuSecondsOf(recorder) - recorderFrom, storing: cpuSecondsOf(storing) - storingFrom }
        const threads = [...threadSecondsOf(storing)]
          .map(([name, cpu]) => [name, (cpu - (threadsFrom.get(name) ?? 0)) / seconds] as const)
          .filter(([, share]) => share >= THREAD_SHARE_MIN)
          .toSorted(([, a], [, b]) => b - a)
        // Polling costs CPU: only afterwards.
        const ages = ratePerSecond === 0 ? undefined : (await query(instance, 1, FOLLOWED_MS)).agesMs
        return {
          count: ratePerSecond * seconds,
          seconds,
          cpuSeconds: used.recorder + used.storing,
          metrics: {
            'both, % of a core': ((used.recorder + used.storing) / seconds) * 100,
            'recorder, % of a core': (used.recorder / seconds) * 100,
            'storing process, % of a core': (used.storing / seconds) * 100,
            'recorder, MB': residentBytesOf(recorder) / 1e6,
            'storing process, MB': residentBytesOf(storing) / 1e6,
            'both, MB without pages of programs': (anonymousBytesOf(recorder) + anonymousBytesOf(storing)) / 1e6,
            ...(ages && { 'trade to query answer p50, ms': quantile(ages, 0.5), 'p99, ms': quantile(ages, 0.99) }),
            ...Object.fromEntries(
              threads.map(([name, share]) => [`thread ${name} of storing, % of a core`, share * 100]),
            ),
          },
        }
      } finally {
        await instance.stop()
      }
    })

export const idle: Bench = {
  name: 'idle',
  summary:
    'CPU and memory of recording and storing a quiet market, quotes and diagnostics included; target: 6 % of a core, 450 MB',
  unit: 'trades',
  rounds: 1,
  contestants: MARKETS.map(market => ({ name: market.name, run: running(market) })),
  get notes() {
    return [`${minutes()} minutes each`]
  },
}
