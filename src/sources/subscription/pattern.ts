/** A pattern of symbols: each `*` stands for any characters, or none. Upper and lower case are the same. */

const PATTERN = /^[\p{L}\p{N}._/:*-]{1,40}$/u

/** Is it a pattern, rather than a symbol? */
export function isPattern(text: string): boolean {
  return text.includes('*') && PATTERN.test(text)
}

/** Whether a symbol matches, in a time that grows with its length only. */
export function matchesPattern(pattern: string, symbol: string): boolean {
  const [first = '', ...rest] = pattern.toUpperCase().split('*')
  const text = symbol.toUpperCase()
  const last = rest.pop()
  if (last === undefined) return text === first
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - last.length
}

/** What a source selects beside the symbols that it names. */
export interface Patterns {
  readonly patterns: readonly string[]
  /** Symbols and patterns that are left out. */
  readonly except: readonly string[]
}

/** Whether a symbol is one of those that the patterns select. */
export function isSelected({ patterns, except }: Patterns, symbol: string): boolean {
  return (
    patterns.some(pattern => matchesPattern(pattern, symbol)) &&
    !except.some(pattern => matchesPattern(pattern, symbol))
  )
}
