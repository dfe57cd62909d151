/** Finds the data of an INSERT, and builds the statement that reads it from a file instead. */
import { literal } from '../../store/sql.ts'

/** A word, quoted text, comment or sign of a statement. */
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\]|\\[\s\S]|'')*'|`(?:[^`\\]|\\[\s\S]|``)*`|"(?:[^"\\]|\\[\s\S]|"")*"|\w+|\S/gy

export interface Insert {
  /** `INSERT INTO table (columns)`, or for an insert from a SELECT everything up to its FORMAT. */
  head: string
  /** The text after SETTINGS. */
  settings: string
  format: string
  /** Whether the rows come from a SELECT; with data, over `input(…)`. */
  select: boolean
  /** The position of `input(structure)` in the head, and the structure. */
  input?: { start: number; end: number; structure: string } | undefined
  /** Start of the data in the text. */
  dataStart: number
}

/** The INSERT at the start of a text; null for another statement. Throws for one that names a file of this machine. */
export function parseInsert(text: string): Insert | null {
  const words = tokens(text)
  if (words.next().value?.text.toUpperCase() !== 'INSERT') return null
  let depth = 0
  let select = false
  let settings: { start: number; bodyStart: number } | undefined
  let input: Insert['input']
  let before = ''
  const insert = (headEnd: number, format: string, dataStart: number): Insert => ({
    head: text.slice(0, select ? headEnd : (settings?.start ?? headEnd)).trim(),
    settings: settings && !select ? text.slice(settings.bodyStart, headEnd).trim() : '',
    format,
    select,
    input,
    dataStart,
  })
  for (const { text: token, start, end } of words) {
    const word = token.toUpperCase()
    const previous = before
    before = word
    if (word === '(' && previous === 'INPUT') input = inputAt(text, start - previous.length, end)
    if ('([{'.includes(word)) depth++
    else if (')]}'.includes(word)) depth--
    if (depth > 0) continue
    if (word === 'SELECT' || word === 'WITH') select = true
    else if (word === 'SETTINGS' && !select) settings = { start, bodyStart: end }
    else if (word === 'INFILE' && previous === 'FROM') throw new RangeError('FROM INFILE reads a file of this machine')
    else if (word === 'VALUES' && !select) return insert(start, 'Values', end)
    else if (word === 'FORMAT' && (!select || input)) {
      const [, gap, format] = /^(\s+)(\w+)/.exec(text.slice(end)) ?? []
      if (!format) continue
      const nameEnd = end + gap!.length + format.length
      return insert(start, format, nameEnd + /^[ \t]*(?:\r?\n)?/.exec(text.slice(nameEnd))![0].length)
    }
  }
  return insert(text.length, 'Values', text.length)
}

/** The statement that reads its data from a file. */
export function readingFrom(insert: Insert, file: string, compression: string): string {
  const { head, settings, format, input } = insert
  if (input) {
    const table = `file(${[file, format, input.structure].map(literal).join(', ')}, ${literal(compression)})`
    return head.slice(0, input.start) + table + head.slice(input.end)
  }
  const clause = settings ? ` SETTINGS ${settings}` : ''
  return `${head} FROM INFILE ${literal(file)} COMPRESSION ${literal(compression)}${clause} FORMAT ${format}`
}

function inputAt(text: string, start: number, from: number): Insert['input'] {
  const [whole, quoted] = /^\s*'((?:[^'\\]|\\.)*)'\s*\)/.exec(text.slice(from)) ?? []
  if (whole === undefined) return undefined
  return { start, end: from + whole.length, structure: quoted!.replace(/\\(.)/g, '$1') }
}

function* tokens(text: string): Generator<{ text: string; start: number; end: number }> {
  const pattern = new RegExp(TOKEN)
  for (;;) {
    while (pattern.lastIndex < text.length && /\s/.test(text[pattern.lastIndex]!)) pattern.lastIndex++
    const found = pattern.exec(text)
    if (!found) return
    if (!/^(--|\/\*)/.test(found[0])) yield { text: found[0], start: found.index, end: pattern.lastIndex }
  }
}
