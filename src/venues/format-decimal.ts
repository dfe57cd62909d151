/** A double as venues write decimals: its shortest digits, which read back as the same double, without an exponent. */
export function decimalText(value: number): string {
  const text = String(value)
  const [, whole, fraction = '', exponent] = /^(\d)(?:\.(\d+))?e-(\d+)$/.exec(text) ?? []
  return exponent === undefined ? text : `0.${'0'.repeat(Number(exponent) - 1)}${whole}${fraction}`
}
