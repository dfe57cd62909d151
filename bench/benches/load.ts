/**
 * Trades alone, and trades with four quotes each, at the same rate for minutes: what is missing, how old trades are when
 * a query returns them, and whether memory is flat.
 */
import type { Bench } from '../contract.ts'
import { minutes } from '../minutes.ts'
import { underLoad } from '../samples/under-load.ts'

const RATE_PER_SECOND = 20_000
/** About 400 trades a second. */
const STEP = 20

const running = (kinds: readonly string[]) => () => underLoad({ kinds, ratePerSecond: RATE_PER_SECOND, step: STEP })

export const load: Bench = {
  name: 'load',
  summary:
    'trades alone and with four quotes each, for minutes: missing ticks, freshness, memory; --minutes 10 for the long run',
  unit: 'trades',
  rounds: 1,
  contestants: [
    { name: 'trades', run: running(['trades']) },
    { name: 'trades and quotes', against: 'trades', run: running(['trades', 'quotes']) },
  ],
  get notes() {
    return [`${minutes()} minutes each, ${RATE_PER_SECOND.toLocaleString('en-US')} trades/s`]
  },
}
