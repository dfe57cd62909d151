/**
 * Makes text from outside safe for a log, a table, a page or a terminal. Control characters, line ends, changes of
 * direction and lone surrogates would let a venue or a client forge log lines.
 *
 * Secrets are redacted: texts where they are shown or cut, frames of venues before they are decoded.
 */

const UNSAFE_RUN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]+/gu
const UNSAFE = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

const REDACTED = '[redacted]'
const ASTERISK = 0x2a

/** Every form in which a secret may appear: as it is, in a URL, in JSON. */
const forms = new Set<string>()

/** One line of at most `lengthMax` UTF-16 units; cut text ends in "…". A run of unsafe characters becomes one blank. */
export function plainLine(text: string, lengthMax: number): string {
  // The cut bounds the work on a text of any length.
  const line = redact(text)
    .slice(0, 4 * lengthMax)
    .replace(UNSAFE_RUN, ' ')
  return (line.length > lengthMax ? `${line.slice(0, lengthMax - 1)}…` : line).toWellFormed()
}

/** A text of any length for a terminal: unsafe characters become `?`, except those in `keep`. */
export function printable(text: string, keep = ''): string {
  return redact(text)
    .toWellFormed()
    .replace(UNSAFE, character => (keep.includes(character) ? character : '?'))
}

/** The first `lengthMax` UTF-16 units of a text, and how many were cut. */
export function bounded(text: string, lengthMax: number): string {
  const shown = redact(text)
  if (shown.length <= lengthMax) return shown
  return `${shown.slice(0, lengthMax).toWellFormed()}… (${shown.length - lengthMax} more characters)`
}

/** Names in a log line. */
const NAMED_MAX = 10

/** The first names, and how many more there are: hundreds are one line. */
export function someOf(names: readonly string[], max = NAMED_MAX, separator = ', '): string {
  const more = names.length - max
  return names.slice(0, max).join(separator) + (more > 0 ? ` and ${more} more` : '')
}

/** A line for each row, its cells in columns as wide as their longest cell. Makes nothing safe. */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  )
  return rows.map(row =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
}

/** From now on this text is a secret. */
export function addSecret(secret: string): void {
  for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) forms.add(form)
}

/** The text without secrets. Apply it before a text is cut: half a secret is not recognised. */
export function redact(text: string): string {
  let redacted = text
  for (const form of forms) redacted = redacted.replaceAll(form, REDACTED)
  return redacted
}

/** The same bytes, or a copy of the same length with asterisks in place of secrets. */
export function redactBytes(bytes: Buffer): Buffer {
  let redacted = bytes
  for (const form of forms) {
    for (let at = redacted.indexOf(form); at >= 0; at = redacted.indexOf(form, at)) {
      if (redacted === bytes) redacted = Buffer.from(bytes)
      redacted.fill(ASTERISK, at, at + Buffer.byteLength(form))
    }
  }
  return redacted
}
