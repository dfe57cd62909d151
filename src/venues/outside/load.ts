/** Loads venues from outside the tree: files that `TICKHOUSE_VENUES` names, each with a `Venue` as its default export. */
import fs from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { TickhouseError } from '../../errors.ts'
import { addVenue, findVenue } from '../index.ts'
import type { Decode, Venue } from '../venue.ts'
import { VENUE_FIELDS, venueMistakes } from './shape.ts'

/** As in `exports` of package.json, which a file outside this tree does not see. */
const KIT = 'tickhouse/venue'
const KIT_URL = new URL('./kit.ts', import.meta.url).href

/**
 * Adds the venues in these files, separated by commas, to VENUES. Paths are relative to the working directory. Throws
 * `config_invalid` for a file that cannot be loaded, and for a venue with mistakes, all of them named.
 */
export async function loadVenues(files: string): Promise<void> {
  const named = files
    .split(',')
    .map(file => file.trim())
    .filter(Boolean)
  if (named.length === 0) return
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === KIT ? { url: KIT_URL, shortCircuit: true } : next(specifier, context),
  })
  for (const file of named) addVenue(withSafeDecoder(await venueOf(file)))
}

async function venueOf(file: string): Promise<Venue> {
  const from = path.resolve(file)
  if (!fs.statSync(from, { throwIfNoEntry: false })?.isFile())
    throw invalid(
      `TICKHOUSE_VENUES names ${file}, which is not a file`,
      `Paths are relative to the working directory ${process.cwd()}.`,
    )
  let module: Record<string, unknown>
  try {
    module = await import(pathToFileURL(from).href)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.m?ts$/.test(from))
      throw invalid(
        `cannot load ${file}: this Node, ${process.versions.node}, does not read TypeScript as it was built or started`,
        'Use the Node of nodejs.org, without --no-experimental-strip-types, or write JavaScript.',
      )
    throw invalid(
      `cannot load ${file}: ${whyOf(error, from)}`,
      'It is imported as a module: TypeScript without enums, or JavaScript.',
    )
  }
  if (!Object.hasOwn(module, 'default')) {
    const others = Object.keys(module)
    throw invalid(
      `${file} has no default export${others.length > 0 ? `, only ${others.join(', ')}` : ''}`,
      'Write the venue after `export default`: see docs/add-a-venue.md.',
    )
  }
  const mistakes = venueMistakes(module.default)
  if (mistakes.length > 0)
    throw invalid(`the venue in ${file} cannot be used: ${mistakes.join('; ')}`, 'See docs/add-a-venue.md.')
  const venue = module.default as Venue
  if (findVenue(venue.name))
    throw invalid(`${file}: there is a venue ${venue.name} already`, 'Give it another name: ticks are stored by it.')
  return venue
}

/** The message of an error; for one of syntax with the line, which its stack begins with. */
function whyOf(error: unknown, from: string): string {
  if (!(error instanceof Error)) return String(error)
  const [place = ''] = error.stack?.split('\n') ?? []
  const line = /:(\d+)$/.exec(place.includes(from) || place.includes('file:') ? place : '')?.[1]
  return line === undefined ? `${error.message}` : `line ${line}: ${error.message}`
}

/** How the detail of such a refusal begins. */
export const DECODER_THREW = 'the decoder threw'

/**
 * What a decoder of others throws becomes a refused frame: one frame must not end the recording of all venues. A copy
 * with all fields of its own, also of an instance of a class.
 */
function withSafeDecoder(venue: Venue): Venue {
  const fields = VENUE_FIELDS.flatMap(name => {
    const value: unknown = venue[name]
    return value === undefined ? [] : [[name, typeof value === 'function' ? value.bind(venue) : value]]
  })
  return { ...(Object.fromEntries(fields) as Venue), decoder: () => safe(venue.decoder()) }
}

function safe(decode: Decode): Decode {
  const guarded: Decode = (frame, out) => {
    try {
      decode(frame, out)
    } catch (error) {
      out.refuse('malformed_frame', `${DECODER_THREW} ${error}`)
    }
  }
  if (decode.addressed) guarded.addressed = decode.addressed.bind(decode)
  return guarded
}

function invalid(message: string, advice: string): TickhouseError {
  return new TickhouseError('config_invalid', message, advice)
}
