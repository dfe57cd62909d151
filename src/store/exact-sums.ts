/**
 * Exact sums of stored prices and volumes: each double counts as the shortest decimal that reads as the same double, which is what
 * the venue sent where that has at most 15 digits. SQL over columns `price` and `volume`.
 */

/** Decimals of prices and volumes that are summed exactly; a double with more is inexact. */
const SCALE = 20
/** Most trades have whole prices and volumes in units of 10^-8, with at most 15 digits: their sums need no text. */
const UNITS = 8
const UNITS_MAX = '1e15'
/** So that 10^10 products fit in an Int128. */
const PRODUCT_MAX = '1e12'

const units = (column: string) => `round(${column} * 1e${UNITS})`
/** A quotient of two exact doubles is the nearest one: if it is the column's, this decimal of at most 15 digits is its shortest. */
const isWhole = (column: string) => `abs(${units(column)}) < ${UNITS_MAX} AND ${units(column)} / 1e${UNITS} = ${column}`
const ARE_WHOLE = `(${isWhole('price')} AND ${isWhole('volume')} AND abs(price * volume) < ${PRODUCT_MAX})`
/** Else computed only for the rows that need it, as a branch of `if`. */
const wholeUnits = (column: string) => `if(${ARE_WHOLE}, toInt128(toInt64(${units(column)})), 0)`

const decimalOf = (column: string, decimals: number) =>
  `if(${ARE_WHOLE}, 0, toDecimal256OrNull(toString(${column}), ${decimals}))`
const decimal = (column: string) => decimalOf(column, SCALE)
/** With twice as many decimals it is the same, and it is not 0 for having too many. */
const isExactDecimal = (column: string) =>
  `(ifNull(${decimal(column)} = ${decimalOf(column, 2 * SCALE)}, 0) AND (${decimal(column)} != 0 OR ${column} = 0))`
const IS_EXACT = `(${ARE_WHOLE} OR (${isExactDecimal('price')} AND ${isExactDecimal('volume')}))`

/** The sum of a product of columns: as integers where they are whole, plus as decimals where they are not. */
function sumOf(columns: readonly string[], condition: string): string {
  const whole = `sumIf(${columns.map(wholeUnits).join(' * ')}, ${condition})`
  const unit = `toDecimal256('0.${'0'.repeat(UNITS * columns.length - 1)}1', ${SCALE * columns.length})`
  const others = columns.map(column => `assumeNotNull(${decimal(column)})`).join(' * ')
  return `toString(toDecimal256(${whole}, 0) * ${unit} + sumIf(${others}, NOT ${ARE_WHOLE} AND ${IS_EXACT} AND ${condition}))`
}

/** Aggregates, as texts, over the rows of a condition: the sums, and how many rows are in neither since they are inexact. */
export const exactSums = (condition = '1') => ({
  volume: sumOf(['volume'], condition),
  notional: sumOf(['price', 'volume'], condition),
  inexact: `toString(countIf(NOT ${IS_EXACT} AND ${condition}))`,
})

/** A decimal as text, as the engine writes it, without zeros at its end. */
export const withoutZeros = (decimal: string): string =>
  decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal
