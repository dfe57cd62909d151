/** What digits are worth. */

/** A decimal of up to this many digits is a whole number that a double keeps exactly, divided by a power of ten. */
export const EXACT_DIGITS_MAX = 15
/** Powers of ten that are exact doubles. A quotient of two exact doubles is rounded once: to the nearest double. */
export const POWERS_OF_TEN = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`))

/** The value of each byte that is a hexadecimal digit; -1 for all others. */
export const HEX_DIGITS = Int8Array.from({ length: 256 }, (_, byte) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()),
)
