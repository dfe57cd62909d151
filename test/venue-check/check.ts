/**
 * Checks a venue from outside the tree as the built-in ones are: `npm run venue:check -- ./my-venue.ts frames.jsonl`.
 * `--capture <seconds>` appends frames of the venue itself to the file first; `--save` writes what the decoder makes of
 * frames without a stated meaning into the file. Exit code 0 if every check passes, else 1. See docs/add-a-venue.md.
 */
import fs from 'node:fs'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { TickhouseError } from '../../src/errors.ts'
import { VENUES } from '../../src/venues/index.ts'
import { loadVenues } from '../../src/venues/outside/load.ts'
import type { Venue } from '../../src/venues/venue.ts'
import { decoded } from '../support/judges/collecting-sink.ts'
import { capture } from './capture.ts'
import { lineOf, readFramesFile } from './frames-file.ts'

const USAGE = 'usage: npm run venue:check -- ./my-venue.ts frames.jsonl [--capture <seconds>] [--save]'
/** Lines of a failed check that are shown: a difference of two frames, not every step of a stack. */
const LINES_MAX = 30
/** Frames without a stated meaning that are shown. */
const UNSTATED_MAX = 20

class Mistake extends Error {}

async function check(args: string[]): Promise<boolean> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { capture: { type: 'string' }, save: { type: 'boolean' } },
  })
  const [venueFile, framesFile] = positionals
  if (venueFile === undefined || framesFile === undefined || positionals.length > 2) throw new Mistake(USAGE)
  await loadVenues(venueFile)
  const venue = VENUES.at(-1)!
  if (values.capture !== undefined) {
    const seconds = Number(values.capture)
    if (!(seconds > 0)) throw new Mistake(USAGE)
    const frames = await capture(venue, seconds)
    fs.appendFileSync(framesFile, frames.map(frame => `${frame}\n`).join(''))
    console.log(`${frames.length} frames of ${venue.name} were appended to ${framesFile}.`)
  }
  if (!fs.existsSync(framesFile)) throw new Mistake(`${framesFile} is not there: write it, or use --capture 30`)
  if (values.save) save(venue, framesFile)
  const { unstated } = readFramesFile(fs.readFileSync(framesFile, 'utf8'))
  const passed = await runContract(venueFile, framesFile)
  if (unstated.length > 0) showUnstated(venue, framesFile, unstated.length)
  return passed
}

/** Runs the contract and prints each check. */
async function runContract(venueFile: string, framesFile: string): Promise<boolean> {
  const failed: string[] = []
  let passed = 0
  Object.assign(process.env, { VENUE_CHECK_VENUE: venueFile, VENUE_CHECK_FRAMES: framesFile })
  const results = run({ files: [fileURLToPath(new URL('contract.ts', import.meta.url))] })
  for await (const { type, data } of results) {
    if (type === 'test:pass' && data.skip === undefined) {
      passed++
      console.log(`✔ ${data.name}`)
    } else if (type === 'test:fail') {
      failed.push(data.name)
      const { message, cause } = data.details.error as Error
      console.log(`✖ ${data.name}\n${indented((cause as Error | undefined)?.message ?? message)}`)
    } else if (type === 'test:stderr') process.stderr.write(data.message)
  }
  console.log(`\n${passed} checks passed, ${failed.length} failed${failed.length > 0 ? ':' : '.'}`)
  for (const name of failed) console.log(`  ${name}`)
  return failed.length === 0 && passed > 0
}

function indented(text: string): string {
  const lines = text.split('\n')
  const shown = lines.slice(0, LINES_MAX)
  if (lines.length > shown.length) shown.push('…')
  return shown.map(line => `    ${line}`).join('\n')
}

/** The lines of a file, those without a meaning with what the decoder makes of their frames; null where a line cannot state it. */
function* stating(venue: Venue, text: string): Generator<{ line: string; stated: string | null }> {
  const decode = venue.decoder()
  for (const line of text.split('\n').filter(one => one.trim() !== '')) {
    const { unstated, stretch } = readFramesFile(line)
    const [frame] = [...unstated, ...stretch]
    // A frame apart from the connection is not one that its decoder has seen.
    const sink = frame === undefined ? undefined : decoded(stretch.length > 0 ? decode : venue.decoder(), frame)
    if (unstated.length > 0) yield { line, stated: lineOf(frame!, stretch.length === 0, sink!) ?? null }
    else yield { line, stated: line }
  }
}

/** Writes into the file what the decoder makes of the frames that state no meaning. */
function save(venue: Venue, framesFile: string): void {
  const lines = [...stating(venue, fs.readFileSync(framesFile, 'utf8'))].map(({ line, stated }) => stated ?? line)
  fs.writeFileSync(framesFile, `${lines.join('\n')}\n`)
  console.log(
    `${framesFile} states what the decoder makes of its frames. Read it: compare it with the venue's document.\n`,
  )
}

function showUnstated(venue: Venue, framesFile: string, count: number): void {
  console.log(`\n${count} frames of ${framesFile} state no meaning. What the decoder makes of them:`)
  let shown = 0
  for (const { line, stated } of stating(venue, fs.readFileSync(framesFile, 'utf8'))) {
    if (stated === line || shown === UNSTATED_MAX) continue
    shown++
    console.log(stated ?? `(several control messages or refusals) ${line}`)
  }
  if (count > shown) console.log(`… and ${count - shown} more`)
  console.log(`Compare them with the venue's document. If they are right, repeat the check with --save.`)
}

try {
  process.exitCode = (await check(process.argv.slice(2))) ? 0 : 1
} catch (error) {
  if (error instanceof TickhouseError) console.error(`${error.message}. ${error.advice}`)
  else if (error instanceof Error) console.error(error.message)
  process.exitCode = 1
}
