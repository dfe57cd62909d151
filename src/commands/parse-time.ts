import { TickhouseError } from '../errors.ts'
import { parseRfc3339 } from '../tick/time.ts'

const DAY = /^\d{4}-\d\d-\d\d$/
const MINUTE = /^(\d{4}-\d\d-\d\d[T ]\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/

/**
 * A time as a person writes it, in ns since 1970 UTC: `2026-11-22`, `2026-11-22T13:30`, RFC 3339; UTC without an
 * offset. Throws `usage`.
 */
export function parseTime(text: string): bigint {
  const [, minute, second = ':00', zone = 'Z'] = MINUTE.exec(DAY.test(text) ? `${text}T00:00` : text) ?? []
  const time = minute === undefined ? undefined : parseRfc3339(`${minute.replace(' ', 'T')}${second}${zone}`)
  if (time) return BigInt(time.micros) * 1000n + BigInt(time.nanos)
  throw new TickhouseError('usage', `not a time: ${text}`, 'Write it like 2026-11-22 or 2026-11-22T13:30:00Z.')
}

/** The range of `--from` and `--to`, ns since 1970 UTC, the end exclusive; undefined where none is stated. Throws `usage`. */
export function timeRange({ from, to }: { from?: string | undefined; to?: string | undefined }) {
  return {
    fromNanos: from === undefined ? undefined : parseTime(from),
    untilNanos: to === undefined ? undefined : parseTime(to),
  }
}
