/** Frames of a venue and what they mean, one to a line: the file of `npm run venue:check`, as docs/add-a-venue.md describes it. */
import { parseRfc3339 } from '../../src/tick/time.ts'
import { type Instrument, instrument } from '../../src/venues/instruments.ts'
import { isObject, type JsonObject } from '../../src/venues/json-text.ts'
import type { FrameCase } from '../contracts/venue.ts'
import type { CollectingSink, Quote, Trade } from '../support/judges/collecting-sink.ts'

export interface FramesFile {
  /** Frames with a stated meaning. */
  cases: FrameCase[]
  /** Frames without one. */
  unstated: string[]
  /** Frames of one connection, in order: all but those marked as `apart`. */
  stretch: string[]
  /** Answers of the venue's lists of instruments, in the order of the requests, and all that they list. */
  answers: unknown[]
  listed: Instrument[]
}

/** Keys of a line that state what its frame means. */
const MEANINGS = ['trades', 'quotes', 'control', 'refused', 'ignored']
const KEYS = new Set(['frame', 'apart', ...MEANINGS])

/**
 * Reads the file. A line is an object with `frame`, the text or the JSON of a frame, and its meaning; or a frame by
 * itself; or an object with `list`, an answer of the venue's REST, and the `instruments` in it. Throws an error that
 * names the line.
 */
export function readFramesFile(text: string): FramesFile {
  const file: FramesFile = { cases: [], unstated: [], stretch: [], answers: [], listed: [] }
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      takeLine(file, line.trim())
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}`)
    }
  }
  return file
}

function takeLine(file: FramesFile, line: string): void {
  const value = objectIn(line)
  if (value && 'list' in value && Array.isArray(value.instruments)) {
    file.answers.push(value.list)
    file.listed.push(...value.instruments.map(instrument))
    return
  }
  const stated = value && 'frame' in value ? value : undefined
  const unknown = Object.keys(stated ?? {}).find(key => !KEYS.has(key))
  if (unknown !== undefined) throw new Error(`${unknown} is none of ${[...KEYS].join(', ')}`)
  const frame = stated ? textOf(stated.frame) : line
  if (stated && MEANINGS.some(key => key in stated))
    file.cases.push({ frame, after: [...file.stretch], ...meaningIn(stated) } as unknown as FrameCase)
  else file.unstated.push(frame)
  if (stated?.apart !== true) file.stretch.push(frame)
}

/** The JSON object of a line; undefined for any other text: a frame need not be JSON. */
function objectIn(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

const textOf = (frame: unknown): string => (typeof frame === 'string' ? frame : JSON.stringify(frame))

function meaningIn({ trades, quotes, control, refused, ignored }: JsonObject): object {
  return {
    ...(trades !== undefined && { trades: listOf('trades', trades).map(toTrade) }),
    ...(quotes !== undefined && { quotes: listOf('quotes', quotes).map(toQuote) }),
    ...(control !== undefined && { control }),
    ...(refused !== undefined && { refused }),
    ...(ignored !== undefined && { ignored }),
  }
}

function listOf(name: string, value: unknown): JsonObject[] {
  if (!Array.isArray(value)) throw new Error(`${name} must be a list`)
  return value
}

const toTrade = ({ time, id, ...rest }: JsonObject) => ({ ...rest, ...toTime(time), tradeId: toId(id) })
const toQuote = ({ time, sequence, ...rest }: JsonObject) => ({
  ...rest,
  ...(time === null ? { micros: 0, nanos: 0 } : toTime(time)),
  sequence: toId(sequence),
})

function toTime(time: unknown): { micros: number; nanos: number } {
  const read = typeof time === 'string' ? parseRfc3339(time) : undefined
  if (!read) throw new Error(`time ${JSON.stringify(time)} is not like 2026-11-22T12:00:00.123456Z`)
  return read
}

/** An id beyond 2^53 is a text. */
const toId = (id: unknown): unknown => (typeof id === 'string' ? BigInt(id) : id)

/**
 * The line of a frame that states what a decoder made of it; undefined if a line cannot: several control messages or
 * refusals.
 */
export function lineOf(frame: string, apart: boolean, made: CollectingSink): string | undefined {
  const { trades, quotes, controls, refusals, ignored } = made
  if (controls.length > 1 || refusals.length > 1 || ignored > 1) return undefined
  const parsed = objectIn(frame)
  return JSON.stringify({
    ...(apart && { apart }),
    // As JSON where that is the very text of the frame.
    frame: parsed && JSON.stringify(parsed) === frame ? parsed : frame,
    ...(trades.length > 0 && { trades: trades.map(fromTrade) }),
    ...(quotes.length > 0 && { quotes: quotes.map(fromQuote) }),
    ...(controls.length > 0 && { control: controls[0] }),
    ...(refusals.length > 0 && { refused: refusals[0]!.reason }),
    ...(ignored > 0 && { ignored: true }),
  })
}

const fromTrade = ({ symbol, micros, nanos, price, volume, side, tradeId }: Trade) => ({
  symbol,
  time: timeText(micros, nanos),
  price,
  volume,
  side,
  id: idText(tradeId),
})
const fromQuote = ({ symbol, micros, nanos, bid, ask, sequence, flags }: Quote) => ({
  symbol,
  time: micros === 0 ? null : timeText(micros, nanos),
  bid,
  ask,
  sequence: idText(sequence),
  flags,
})

/** RFC 3339 with every digit. */
function timeText(micros: number, nanos: number): string {
  const beyond = `${String(micros % 1_000_000).padStart(6, '0')}${String(nanos).padStart(3, '0')}`
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)}.${beyond.replace(/000$/, '')}Z`
}

const idText = (id: number | bigint) => (typeof id === 'bigint' ? String(id) : id)
