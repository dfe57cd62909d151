/** Readers of JSON values, put together to the shape of a venue's frame. */
import { ByteScanner } from './byte-scanner.ts'
import { LITERAL_WORDS, literals } from './literal.ts'

/** Steps over the next value, and keeps of it what is needed. False: it is not as usual, and the frame is declined. */
export type Read = () => boolean

/** The one scanner: decoders read one frame after the other, each to its end. */
export const scanner = new ByteScanner()

const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET] = [0x7b, 0x7d, 0x5b, 0x5d]
const [QUOTE, COMMA, COLON] = [0x22, 0x2c, 0x3a]

/** Keys of an object: one bit each, and places to remember the order that was seen last. */
const KEYS_MAX = 31

/** Any value, which nothing depends on. */
export const skipped: Read = () => scanner.skipsValue()

/** Exactly one of these values, of which the JSON is given. */
export function is(...values: readonly [string, ...string[]]): Read {
  const known = literals(...values)
  return () => {
    for (let index = 0; index < values.length; index++) if (scanner.takes(known, index)) return true
    return false
  }
}

/** A text that begins and ends so, with something between. */
export function textBetween(beginning: string, ending: string): Read {
  const quoted = literals(`"${beginning}`)
  return () => scanner.takes(quoted) && scanner.skipsTextWith(ending)
}

/** A list of one value or more. */
export function list(item: Read): Read {
  return () => {
    if (!scanner.takesByte(OPEN_BRACKET)) return false
    do {
      if (!item()) return false
    } while (scanner.takesByte(COMMA))
    return scanner.takesByte(CLOSE_BRACKET)
  }
}

/** A list of just these values. */
export function tuple(...items: readonly [Read, ...Read[]]): Read {
  return () => {
    if (!scanner.takesByte(OPEN_BRACKET)) return false
    for (let index = 0; index < items.length; index++) {
      const read = items[index]!
      if ((index > 0 && !scanner.takesByte(COMMA)) || !read()) return false
    }
    return scanner.takesByte(CLOSE_BRACKET)
  }
}

/** The first of these that reads the value. Tries the one first that read the last value. */
export function either(...reads: readonly [Read, Read]): Read {
  let usual = 0
  return () => {
    const start = scanner.position
    if (reads[usual]!()) return true
    scanner.position = start
    if (!reads[1 - usual]!()) return false
    usual = 1 - usual
    return true
  }
}

/** The keys of an object, each at most once, in any order. */
export interface Shape {
  required: Readonly<Record<string, Read>>
  optional?: Readonly<Record<string, Read>>
  /** What to do with other keys: `skipped` where the slow way does not look at them either. */
  others: 'declined' | 'skipped'
}

export function object(shape: Shape): Read {
  const reader = new ObjectReader(shape)
  return () => reader.read()
}

/** What comes instead of a known key. */
const [OTHER_KEY, END, UNUSUAL] = [-1, -2, -3]

class ObjectReader {
  // The keys after an opening brace, and after a comma.
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #reads: readonly Read[]
  readonly #required: number
  readonly #skipsOthers: boolean
  // Which key came at each position of the last object: the next one usually has the same order.
  readonly #order = new Uint8Array(KEYS_MAX)
  readonly #expected = new Int32Array(KEYS_MAX * LITERAL_WORDS)

  constructor({ required, optional = {}, others }: Shape) {
    const fields = Object.entries({ ...required, ...optional })
    if (fields.length > KEYS_MAX) throw new Error(`more than ${KEYS_MAX} keys`)
    this.#first = literals(...fields.map(([key]) => `{"${key}":`))
    this.#next = literals(...fields.map(([key]) => `,"${key}":`))
    this.#reads = fields.map(([, read]) => read)
    this.#required = 2 ** Object.keys(required).length - 1
    this.#skipsOthers = others === 'skipped'
    for (let position = 0; position < KEYS_MAX; position++)
      this.#expect(position, Math.min(position, fields.length - 1))
  }

  read(): boolean {
    const reads = this.#reads
    const expected = this.#expected
    const order = this.#order
    let seen = 0
    for (let position = 0; position < KEYS_MAX; position++) {
      const key = scanner.takes(expected, position) ? order[position]! : this.#unexpected(position)
      if (key >= 0) {
        const read = reads[key]!
        // JSON.parse takes the last of two values of one key.
        if ((seen & (1 << key)) !== 0 || !read()) return false
        seen |= 1 << key
      } else if (key !== OTHER_KEY) return key === END && (seen & this.#required) === this.#required
    }
    return false
  }

  /** Steps over what comes instead of the expected key: another one, with its value if it is not ours, or the end. */
  #unexpected(position: number): number {
    if (position > 0 && scanner.takesByte(CLOSE_BRACE)) return END
    const keys = position === 0 ? this.#first : this.#next
    for (let key = 0; key < this.#reads.length; key++) {
      if (scanner.takes(keys, key)) {
        this.#expect(position, key)
        return key
      }
    }
    const skips = this.#skipsOthers && scanner.takesByte(position === 0 ? OPEN_BRACE : COMMA) && skipsMember()
    return skips ? OTHER_KEY : UNUSUAL
  }

  #expect(position: number, key: number): void {
    this.#order[position] = key
    const keys = position === 0 ? this.#first : this.#next
    for (let word = 0; word < LITERAL_WORDS; word++)
      this.#expected[position * LITERAL_WORDS + word] = keys[key * LITERAL_WORDS + word]!
  }
}

/** Steps over a key and its value. */
function skipsMember(): boolean {
  return scanner.takesByte(QUOTE) && scanner.skipsText() && scanner.takesByte(COLON) && scanner.skipsValue()
}
