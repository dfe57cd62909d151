/**
 * The wait that a server requests, in every form in use: the `Retry-After` header in seconds or as a date (RFC 9110,
 * 10.2.3), and the end of a ban in the text of an error ("IP banned until 1573234432433").
 */

/** The longest wait that a server can request: Binance's longest ban is three days. */
const WAIT_MS_MAX = 3 * 24 * 60 * 60 * 1000

/**
 * The three forms of an HTTP date (RFC 9110, 5.6.7). `Date.parse` alone would read a date into texts such as "soon 5".
 */
const HTTP_DATE = /^[A-Z][a-z]{2,8},? +\d{1,2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d\d:\d\d:\d\d GMT$/
const ASCTIME_DATE = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/
const BANNED_UNTIL = /\buntil\s+(\d{10}|\d{13})\b/i

/**
 * The wait of a `Retry-After` header, ms; undefined if it states none. `date` is the answer's `Date` header: a wait
 * until a date is counted by the server's clock where it is known, since ours may be wrong.
 */
export function parseRetryAfter(header: string | undefined, nowMs: number, date?: string): number | undefined {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return bounded(Math.ceil(Number(text) * 1000))
  const untilMs = parseHttpDate(text)
  return waitUntil(untilMs, parseHttpDate(date?.trim() ?? '') ?? nowMs)
}

/**
 * When a ban ends that an error's text states as a time since 1970 in s or ms: ms since 1970; undefined if it states
 * none.
 */
export function readBannedUntil(text: string): number | undefined {
  const digits = BANNED_UNTIL.exec(text)?.[1]
  if (digits === undefined) return undefined
  return digits.length === 10 ? Number(digits) * 1000 : Number(digits)
}

/** The wait until a time that a server states, ms, bounded; undefined without one. */
export function waitUntil(untilMs: number | undefined, nowMs: number): number | undefined {
  return untilMs === undefined ? undefined : bounded(untilMs - nowMs)
}

/** Does a text, such as the reason of a close, report too many requests? */
export function reportsRateLimit(text: string): boolean {
  return /too (many|much)|(rate|msg|message|request|connection)s?[ _-]?(limit|rate)|throttl|exceeded.*(rate|limit)|\bbanned\b/i.test(
    text,
  )
}

function parseHttpDate(text: string): number | undefined {
  // The oldest of the three forms names no zone, and is UTC.
  const date = ASCTIME_DATE.test(text) ? `${text} GMT` : text
  if (date === text && !HTTP_DATE.test(text)) return undefined
  const ms = Date.parse(date)
  return Number.isNaN(ms) ? undefined : ms
}

function bounded(waitMs: number): number {
  return Math.min(Math.max(0, waitMs), WAIT_MS_MAX)
}
