/** Chooses what to record if nothing is configured: the public feeds if they answer, else the simulated exchange. */
import { TickhouseError } from '../errors.ts'
import { openLog } from '../log/open.ts'
import { probe } from '../sources/feeds.ts'
import { formatSources, parseSources, type Selected } from '../sources/selection.ts'
import { RECORDERS, recordersIn } from '../sources/status.ts'
import { defaultKinds } from '../tick/kinds.ts'
import { FIRST_RUN_VENUES } from '../venues/index.ts'

const PROBE_MS_MAX = 4_000
/** A rate at which every symbol moves and the tape is still readable. */
const SIMULATED = 'simulator:?rate=200&seed=1'

export interface Choice {
  sources: string
  /** Why simulated data is recorded, and how to change that; null if it is not. */
  simulated: { why: string; advice: string } | null
}

const ADVICE = 'set TICKHOUSE_SOURCES="binance:BTCUSDT,ETHUSDT coinbase:BTC-USD" and start again'

/** The reason that page and log show if the user selected the simulator; null if not. */
export function simulatedBy(sources: string): Choice['simulated'] {
  const simulates = parseSources(sources).some(({ venue }) => venue.name === 'simulator')
  return simulates ? { why: 'the simulated exchange is among the configured sources', advice: ADVICE } : null
}

/** A log with live trades stays live: no simulated trades are added to it because the network is down. */
export async function chooseSources(configured: string | undefined, logAddress: string): Promise<Choice> {
  if (configured !== undefined) return { sources: configured, simulated: simulatedBy(configured) }
  const publicFeeds = FIRST_RUN_VENUES.map(venue => ({
    venue,
    symbols: venue.defaultSymbols,
    given: [],
    kinds: defaultKinds(venue.kinds.flat()),
    options: {},
  }))
  const earlier = await earlierSources(logAddress)
  if (earlier !== undefined && !earlier.includes('simulator')) return { sources: earlier, simulated: null }
  const answers = await Promise.all(publicFeeds.map(async feed => (await answersNow(feed)) && feed))
  const reachable = answers.filter(answer => answer !== false)
  if (reachable.length > 0) return { sources: formatSources(reachable), simulated: null }
  return {
    sources: SIMULATED,
    simulated: { why: 'no public feed could be reached and none is configured', advice: ADVICE },
  }
}

async function answersNow({ venue, symbols, kinds }: Selected): Promise<boolean> {
  return probe({ venue, symbols, kinds, ws: venue.ws }, PROBE_MS_MAX).catch(() => false)
}

/** The sources of the previous run on this log; undefined if there was none. */
async function earlierSources(logAddress: string): Promise<string | undefined> {
  let log: Awaited<ReturnType<typeof openLog>>
  try {
    log = await openLog(logAddress, 'read')
  } catch (error) {
    if (error instanceof TickhouseError && error.code === 'log_missing') return undefined
    throw error
  }
  const [latest] = recordersIn(log.announcements(RECORDERS))
  await log.close()
  return latest?.status.sources
}
