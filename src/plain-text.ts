/**
 * Makes text from outside safe for a log, a table, a page or a terminal. Control characters, line ends, changes of
 * direction and lone surrogates would let a venue or a client forge log lines.
 */

const UNSAFE_RUN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu
const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

/** One line of at most `lengthMax` UTF-16 units; cut text ends in "…". A run of unsafe characters becomes one blank. */
export function plainLine(text: string, lengthMax: number): string {
  // Bounds the work on a text of any length.
  const line = text.slice(0, 4 * lengthMax).replace(UNSAFE_RUN, ' ')
  return (line.length > lengthMax ? `${line.slice(0, lengthMax - 1)}…` : line).toWellFormed()
}

/** A text of any length for a terminal: unsafe characters become `?`, except those in `keep`. */
export function printable(text: string, keep = ''): string {
  return text.toWellFormed().replace(UNSAFE, character => (keep.includes(character) ? character : '?'))
}

/** The first `lengthMax` UTF-16 units of a text, and how many were cut. */
export function bounded(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  return `${text.slice(0, lengthMax).toWellFormed()}… (${text.length - lengthMax} more characters)`
}
