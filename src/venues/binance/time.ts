const MILLISECONDS = { from: 1e12, below: 1e13 }
const MICROSECONDS = { from: 1e15, below: 1e16 }

/** A time of Binance, in ms (13 digits) or µs (16 digits), as µs since 1970 UTC; -1 for any other number. */
export function toMicros(time: number): number {
  if (time >= MILLISECONDS.from && time < MILLISECONDS.below) return time * 1000
  return time >= MICROSECONDS.from && time < MICROSECONDS.below ? time : -1
}
