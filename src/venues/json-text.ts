/**
 * JSON as venues send it: numbers too long for a double keep their text, so that an id beyond 2^53 or a price of twenty
 * digits is not rounded before it is checked.
 */

/** A JSON number of 16 characters or more, as written. */
export class LongNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type JsonObject = Record<string, unknown>

const LONG = 16

/** Reads a frame of JSON; a number of 16 characters or more comes as a `LongNumber`. Throws like `JSON.parse`. */
export function parseJson(frame: Buffer): unknown {
  // The reviver makes parsing several times slower, and few frames need it.
  return mayContainLongNumber(frame) ? JSON.parse(frame.toString(), keepLong) : JSON.parse(frame.toString())
}

/** Is there a run of 16 characters of numbers? Such a run covers one of every 16 bytes, so only those are checked. */
function mayContainLongNumber(frame: Buffer): boolean {
  for (let probe = LONG - 1; probe < frame.length; probe += LONG) {
    let end = probe
    while (isNumberByte(frame[end])) end++
    let start = probe
    while (end > probe && isNumberByte(frame[start - 1])) start--
    if (end - start < LONG) continue
    if (isBeforeNumber(frame[start - 1])) return true
    // Past this run: it would be searched again at each probe within it.
    probe = end
  }
  return false
}

/** Inside a text such as a UUID, or an id in quotes, another byte stands before. */
function isBeforeNumber(byte: number | undefined): boolean {
  // Colon, comma, bracket, blanks; or the frame is a number.
  return byte === undefined || byte === 0x3a || byte === 0x2c || byte === 0x5b || byte <= 0x20
}

function isNumberByte(byte: number | undefined): boolean {
  // 0 to 9, then: + - . E e
  if (byte === undefined || byte < 0x2b) return false
  return (
    (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e || byte === 0x45 || byte === 0x65
  )
}

function keepLong(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source
  return typeof value === 'number' && source !== undefined && source.length >= LONG ? new LongNumber(source) : value
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LongNumber)
}

const TOKENS = /"(?:[^"\\]|\\.)*"|[[\]{},]/g

/**
 * The texts of the elements of the array under `path`, the keys from a frame's outermost object down, exactly as sent;
 * without a path, of the frame itself.
 * `text` must have been read as JSON before; where a key comes twice the last one counts, as it does there.
 */
export function elementTexts(text: string, ...path: readonly string[]): string[] {
  const elementDepth = path.length + 1
  /** The latest text at each depth: where a value opens, it is its key. */
  const names: string[] = []
  let texts: string[] = []
  let depth = 0
  let inside = false
  let start = 0
  for (const { 0: token, index: at } of text.matchAll(TOKENS)) {
    if (token === '[' || token === '{') {
      depth++
      if (depth === elementDepth && path.every((key, level) => names[level + 1] === key)) {
        texts = []
        inside = token === '['
        start = at + 1
      }
    } else if (token === ',' || token === ']' || token === '}') {
      if (inside && depth === elementDepth) {
        texts.push(text.slice(start, at).trim())
        start = at + 1
      }
      if (token !== ',') depth--
      if (depth < elementDepth) inside = false
    } else if (depth < elementDepth) names[depth] = JSON.parse(token)
  }
  return texts
}
