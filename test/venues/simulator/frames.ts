/** The simulated exchange sends Binance's frames; simulator.test.ts reads what it really sends. */
import type { VenueEvidence } from '../../contracts/venue.ts'
import { evidence as binance } from '../binance/frames.ts'

const { session: _, ...frames } = binance
export const evidence: VenueEvidence = frames
