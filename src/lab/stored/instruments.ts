/** The units of a portfolio's instruments: from its file, else from what the venue lists. */
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { type Instrument, partsOf } from '../market/instrument.ts'
import type { Portfolio } from '../portfolio/shape.ts'
import { type Contract, contractOf, type ListedContract, ONE_COIN } from './contracts.ts'
import { rowsOf } from './rows-of.ts'

/** Where no size is known: finer than any venue's. */
const DECIMALS_UNKNOWN = 8

interface Listed extends ListedContract {
  tick: number
  lot: number
}

/**
 * The instruments of these names, `venue:symbol`, each with its place in the list as its index. Throws `usage` for a contract whose worth is not
 * known, and for one in another currency than the portfolio's.
 */
export async function readInstruments(
  runQuery: RunQuery,
  names: readonly string[],
  { instruments: stated, currency }: Pick<Portfolio, 'instruments' | 'currency'>,
): Promise<Instrument[]> {
  const rows = await rowsOf<Listed>(
    runQuery,
    `SELECT venue, symbol, tick_size AS tick, lot_size AS lot, kind, base, quote, contract_size AS contract FROM instruments_latest
     WHERE concat(venue, ':', symbol) IN (${names.map(literal).join(', ')})`,
  )
  const listed = new Map(rows.map(row => [`${row.venue}:${row.symbol}`, row]))
  return names.map((name, index) => {
    const tick = stated[name]?.tick_size ?? listed.get(name)?.tick ?? 0
    const lot = stated[name]?.lot_size ?? listed.get(name)?.lot ?? 0
    return instrumentOf(index, name, tick, lot, contractOf(name, listed.get(name), stated[name], currency))
  })
}

/** `name` is venue:symbol. A tick and a lot of 0 are not known. */
export function instrumentOf(
  index: number,
  name: string,
  tick: number,
  lot: number,
  { size, isInverse }: Contract = ONE_COIN,
): Instrument {
  const priceDecimals = tick > 0 ? decimalsOf(tick) : DECIMALS_UNKNOWN
  const quantityDecimals = lot > 0 ? decimalsOf(lot) : DECIMALS_UNKNOWN
  const sizeDecimals = decimalsOf(size)
  return {
    ...{ index, ...partsOf(name), priceDecimals, quantityDecimals, sizeDecimals, isInverse },
    size: BigInt(Math.round(size * 10 ** sizeDecimals)),
    tick: tick > 0 ? BigInt(Math.round(tick * 10 ** priceDecimals)) : 1n,
    lot: lot > 0 ? BigInt(Math.round(lot * 10 ** quantityDecimals)) : 1n,
  }
}

/** Decimals of a size: 0.00001 has 5, 0.5 has 1, 10 has none. */
function decimalsOf(size: number): number {
  const [mantissa, exponent = '0'] = String(size).split('e')
  return Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(exponent))
}
