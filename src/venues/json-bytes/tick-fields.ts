/** Readers of what trades and quotes have in common: the symbol and the time. */
import { TIME_MICROS_MAX } from '../../tick/time.ts'
import { literals } from './literal.ts'
import { tick } from './ticks.ts'
import { type Read, scanner } from './values.ts'

const [QUOTE, POINT, COLON, ZULU] = [0x22, 0x2e, 0x3a, 0x5a]

export const symbol: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  tick.symbol = scanner.word()
  return tick.symbol !== ''
}

/** The symbol is what follows `prefix` in the text. */
export function symbolAfter(prefix: string): Read {
  const quoted = literals(`"${prefix}`)
  return () => {
    if (!scanner.takes(quoted)) return false
    tick.symbol = scanner.word()
    return tick.symbol !== ''
  }
}

/** Keeps a time in µs since 1970 UTC; false for a negative one or 0, which may mean that there is none, and beyond the range. */
export function takesTime(micros: number, nanos = 0): boolean {
  tick.timestampMicros = micros
  tick.timestampNanos = nanos
  return micros > 0 && micros < TIME_MICROS_MAX
}

/** Whole ms since 1970 UTC. */
export const timeMs: Read = () => takesTime(scanner.integer() * 1000)

/** The same in quotes. */
export const timeMsText: Read = () => scanner.takesByte(QUOTE) && timeMs() && scanner.takesByte(QUOTE)

/** Whole µs since 1970 UTC in quotes, 16 digits. */
export const timeMicrosText: Read = () =>
  scanner.takesByte(QUOTE) && takesTime(scanner.digits(16)) && scanner.takesByte(QUOTE)

/** Whole ns since 1970 UTC, 19 digits without a zero in front. */
export const timeNanos: Read = () => {
  if (scanner.digitsAhead() !== 19) return false
  const micros = scanner.digits(16)
  return micros >= 1e15 && takesTime(micros, scanner.digits(3))
}

/** RFC 3339 in UTC (`Z`), with nine digits after the point at most. */
export const timeRfc3339: Read = () => {
  if (!scanner.takesByte(QUOTE)) return false
  const minute = scanner.minute()
  if (minute < 0 || !scanner.takesByte(COLON)) return false
  const second = scanner.digits(2)
  if (second < 0 || second > 59) return false
  const nanos = scanner.takesByte(POINT) ? scanner.fraction(9) : 0
  const micros = Math.floor(nanos / 1000)
  if (nanos < 0 || !takesTime(minute + second * 1e6 + micros, nanos - micros * 1000)) return false
  return scanner.takesByte(ZULU) && scanner.takesByte(QUOTE)
}
