/** Exact sums of doubles by their shortest decimals, with integers: independent of the engine's. */

/** A finite double as an integer with a number of decimals; its shortest form is what `String` gives. */
export function decimalOf(value: number): { digits: bigint; decimals: number } {
  const [, sign, whole, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!
  const decimals = fraction.length - Number(exponent)
  const digits = BigInt(`${sign}${whole}${fraction}`)
  return decimals < 0 ? { digits: digits * 10n ** BigInt(-decimals), decimals: 0 } : { digits, decimals }
}

const SCALE = 80

/** Sum of products as text, without zeros at its end. */
export function sumOf(products: readonly (readonly number[])[]): string {
  let sum = 0n
  for (const factors of products) {
    const parts = factors.map(decimalOf)
    const digits = parts.reduce((product, { digits }) => product * digits, 1n)
    sum += digits * 10n ** BigInt(SCALE - parts.reduce((total, { decimals }) => total + decimals, 0))
  }
  const text = String(sum).padStart(SCALE + 1, '0')
  return `${text.slice(0, -SCALE)}.${text.slice(-SCALE)}`.replace(/\.?0+$/, '')
}
