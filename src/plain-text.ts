/**
 * Text that somebody else wrote, made fit for a log, a table, a page or a terminal. Characters that a terminal acts on, that end a
 * line or turn its direction, and halves of surrogate pairs would let a venue or a client forge lines.
 */

const RUN_OF_UNFIT = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu
const UNFIT = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** One line of so many UTF-16 units at most; what is cut ends in "…". Whatever is unfit in a row becomes one blank. */
export function plainLine(text: string, lengthMax: number): string {
  // Of a text without end no more than this is looked at.
  const line = text.slice(0, 4 * lengthMax).replace(RUN_OF_UNFIT, ' ')
  return (line.length > lengthMax ? `${line.slice(0, lengthMax - 1)}…` : line).toWellFormed()
}

/** A text of any length for a terminal: what is unfit becomes a question mark, but for the characters of `keep`. */
export function printable(text: string, keep = ''): string {
  return text.toWellFormed().replace(UNFIT, character => (keep.includes(character) ? character : '?'))
}

/** At most so many UTF-16 units of a text; says how many were cut. */
export function bounded(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  return `${text.slice(0, lengthMax).toWellFormed()}… (${text.length - lengthMax} more characters)`
}
