/** Decimals compared as whole numbers of their smallest unit: no double is involved. */

/** Decimals of a product of two values with 20 each. */
const SCALE = 40

/** A decimal in units of 10^-40. Throws RangeError for anything else than digits with a point between them. */
export function unitsOf(text: string): bigint {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  if (whole === undefined || fraction.length > SCALE) throw new RangeError(`not a decimal: ${text}`)
  return BigInt(whole + fraction.padEnd(SCALE, '0'))
}

/** How many decimals it needs: zeros at its end do not count. */
export function decimalsOf(text: string): number {
  return (text.split('.')[1] ?? '').replace(/0+$/, '').length
}

/** 10^-decimals in the same units. */
export function unit(decimals: number): bigint {
  return 10n ** BigInt(SCALE - decimals)
}
