/** The contract of venues for the venue and the frames that `check.ts` was given: it runs this file. */
import { readFileSync } from 'node:fs'
import { VENUES } from '../../src/venues/index.ts'
import { loadVenues } from '../../src/venues/outside/load.ts'
import { readFramesFile } from './frames-file.ts'

const { VENUE_CHECK_VENUE: venueFile = '', VENUE_CHECK_FRAMES: framesFile = '' } = process.env
await loadVenues(venueFile)
const { cases, stretch, answers, listed } = readFramesFile(readFileSync(framesFile, 'utf8'))
const refused = new Set(cases.filter(one => 'refused' in one).map(({ frame }) => frame))
// Imported now: settings and selection are made from the list of venues.
const { venueContract } = await import('../contracts/venue.ts')
const { instrumentContract } = await import('../contracts/instruments.ts')
const venue = VENUES.at(-1)!
venueContract(
  venue,
  { frames: cases, stretch, session: { frames: () => stretch.filter(frame => !refused.has(frame)), skip: false } },
  framesFile,
)

if (venue.instruments.requests.length > 0) instrumentContract(venue, { answers, listed }, framesFile)
