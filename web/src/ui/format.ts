/** Numbers and times as the page shows them: always the same width for the same kind, units after a space. */

export type Zone = 'utc' | 'local'

const decimalFormats = new Map<number, Intl.NumberFormat>()

/** A number with exactly `decimals` digits after the point and grouped thousands: 67,123.40. */
export function decimal(value: number, decimals: number): string {
  let format = decimalFormats.get(decimals)
  if (!format) {
    format = new Intl.NumberFormat('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    decimalFormats.set(decimals, format)
  }
  return format.format(value)
}

/** A whole number: 1,204,332. */
export const count = (value: number): string => decimal(Math.round(value), 0)

/** Ticks a second: whole when there are many, one digit when there are few, so that a quiet symbol is not shown as dead. */
export const rate = (perSecond: number): string =>
  perSecond > 0 && perSecond < 9.95 ? decimal(perSecond, 1) : count(perSecond)

/** A change in percent, always signed; the sign is a real minus, as wide as the plus. */
export function percent(last: number, reference: number): string {
  if (!(reference > 0)) return '–'
  const change = (last / reference - 1) * 100
  const text = decimal(Math.abs(change), 2)
  return `${Number(text) === 0 ? '' : change > 0 ? '+' : '−'}${text}`
}

/** Basis points in at most four digits: 0.03, 1.24, 18.7, 240. */
export const basisPoints = (value: number): string => decimal(value, value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)

/** The spread of best ask and bid in basis points of the middle price. */
export const spreadOf = (bid: number, ask: number): number => ((ask - bid) / (ask + bid)) * 20_000

/** A volume in at most five digits: 0.00124, 1.2345, 12.3k, 4.56M. */
export function volume(value: number): string {
  if (value >= 1e9) return `${decimal(value / 1e9, 2)}B`
  if (value >= 1e6) return `${decimal(value / 1e6, 2)}M`
  if (value >= 1e4) return `${decimal(value / 1e3, 1)}k`
  if (value >= 100) return decimal(value, 1)
  if (value >= 1) return decimal(value, 3)
  return decimal(value, 5)
}

/** A text as a sentence of its own: with a capital and a full stop. */
export function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1)
  return /[.!?]$/.test(capital) ? capital : `${capital}.`
}

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Bytes in thousands: 1.24 GB. */
export function bytes(value: number): string {
  let unit = 0
  let scaled = value
  while (scaled >= 999.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1000
    unit++
  }
  return `${decimal(scaled, unit === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2)} ${BYTE_UNITS[unit]}`
}

/** A measured time: 0.42 ms, 8 ms, 1.2 s, 3 m 12 s, 2 h 5 m, 4 d 3 h. Negative stays negative: a venue's clock may be ahead. */
export function duration(ms: number): string {
  if (ms < 0) return `−${duration(-ms)}`
  if (ms < 0.995 && ms > 0) return `${decimal(ms, 2)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${decimal(ms / 1000, 1)} s`
  return longDuration(ms)
}

/** How long ago, in whole seconds at most: <1 s, 12 s, 3 m, 2 h, 4 d. Short enough for a column. */
export function age(ms: number): string {
  if (ms < 1000) return '<1 s'
  const seconds = Math.floor(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

function longDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} m ${seconds % 60} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} m`
  const hours = Math.floor(minutes / 60)
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

const two = (value: number): string => (value < 10 ? `0${value}` : `${value}`)
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** Milliseconds to add to a UTC time so that its UTC fields read as the zone's fields at that moment. */
export const zoneShiftMs = (atMs: number, zone: Zone): number =>
  zone === 'utc' ? 0 : -new Date(atMs).getTimezoneOffset() * 60_000

const inZone = (atMs: number, zone: Zone): Date => new Date(atMs + zoneShiftMs(atMs, zone))

/** 09:04, or with seconds 09:04:11. */
export function timeOfDay(atMs: number, zone: Zone, seconds = true): string {
  const date = inZone(atMs, zone)
  const text = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`
  return seconds ? `${text}:${two(date.getUTCSeconds())}` : text
}

/** 09:04:11.042 */
export function timeWithMs(atMs: number, zone: Zone): string {
  return `${timeOfDay(atMs, zone)}.${String(inZone(atMs, zone).getUTCMilliseconds()).padStart(3, '0')}`
}

/** 2026-11-22 */
export function day(atMs: number, zone: Zone): string {
  return new Date(atMs + zoneShiftMs(atMs, zone)).toISOString().slice(0, 10)
}

export const dayOfMonth = (atMs: number, zone: Zone): string => `${inZone(atMs, zone).getUTCDate()}`
export const monthName = (atMs: number, zone: Zone): string => MONTHS[inZone(atMs, zone).getUTCMonth()]!
export const year = (atMs: number, zone: Zone): string => `${inZone(atMs, zone).getUTCFullYear()}`

/** Name of the time zone: UTC, or the offset of local time at that moment (UTC+2, UTC−3:30). */
export function zoneName(atMs: number, zone: Zone): string {
  if (zone === 'utc') return 'UTC'
  const minutes = zoneShiftMs(atMs, zone) / 60_000
  const absolute = Math.abs(minutes)
  const rest = absolute % 60 ? `:${two(absolute % 60)}` : ''
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(absolute / 60)}${rest}`
}

/** How long a disk lasts that fills at this rate, bytes a day; «–» where that is not known. */
export function diskLasts(freeBytes: number | null, growthPerDay: number | null): string {
  if (freeBytes === null || growthPerDay === null) return '–'
  if (growthPerDay <= 0) return 'does not fill'
  const days = freeBytes / growthPerDay
  const left =
    days >= 730 ? 'years' : days >= 2 ? `${Math.floor(days)} days` : `${Math.max(0, Math.floor(days * 24))} hours`
  return `${left} at ${bytes(growthPerDay)} a day`
}
