/** What to record when nothing is configured: the keyless public feeds if they answer, else the simulated exchange. */
import { TickhouseError } from '../errors.ts'
import { openLog } from '../log/open.ts'
import { probe } from '../sources/feeds.ts'
import { formatSources, parseSources, type Selected } from '../sources/selection.ts'
import { recordersIn } from '../sources/status.ts'
import { VENUES } from '../venues/index.ts'

const PROBE_MS_MAX = 4_000
/** A rate at which every symbol of the demonstration moves and one can still follow the tape. */
const SIMULATED = 'simulator:?rate=200&seed=1'

export interface Choice {
  sources: string
  /** Set if simulated data is recorded for want of anything else. */
  simulated: { why: string; advice: string } | null
}

const ADVICE = 'set TICKHOUSE_SOURCES="binance:BTCUSDT,ETHUSDT coinbase:BTC-USD" and start again'

/** What page and terminal say of a selection that a user made with the simulator in it; null without. */
export function simulatedBy(sources: string): Choice['simulated'] {
  const simulates = parseSources(sources).some(({ venue }) => venue.name === 'simulator')
  return simulates ? { why: 'the simulated exchange is among the configured sources', advice: ADVICE } : null
}

/** A log that live feeds were recorded into stays live: simulated trades never join it because the network is down. */
export async function chooseSources(configured: string | undefined, logAddress: string): Promise<Choice> {
  if (configured !== undefined) return { sources: configured, simulated: simulatedBy(configured) }
  const publicFeeds = VENUES.filter(venue => venue.name !== 'simulator').map(venue => ({
    venue,
    symbols: venue.defaultSymbols,
    given: [],
    options: {},
  }))
  const before = await earlierSources(logAddress)
  if (before !== undefined && !before.includes('simulator')) return { sources: before, simulated: null }
  const answers = await Promise.all(publicFeeds.map(async feed => (await answersNow(feed)) && feed))
  const reached = answers.filter(answer => answer !== false)
  if (reached.length > 0) return { sources: formatSources(reached), simulated: null }
  return {
    sources: SIMULATED,
    simulated: { why: 'no public feed could be reached and none is configured', advice: ADVICE },
  }
}

async function answersNow({ venue, symbols }: Selected): Promise<boolean> {
  return probe({ venue, symbols, ws: venue.ws }, PROBE_MS_MAX).catch(() => false)
}

/** What an earlier run recorded into this log; undefined if there was none. */
async function earlierSources(logAddress: string): Promise<string | undefined> {
  let log: Awaited<ReturnType<typeof openLog>>
  try {
    log = await openLog(logAddress, 'read')
  } catch (error) {
    if (error instanceof TickhouseError && error.code === 'log_missing') return undefined
    throw error
  }
  const [said] = recordersIn(log.announcements())
  await log.close()
  return said?.status.sources
}
