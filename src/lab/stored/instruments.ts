/** The units of a portfolio's instruments: from its file, else from what the venue lists. */
import { TickhouseError } from '../../errors.ts'
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { type Instrument, partsOf } from '../market/instrument.ts'
import type { Portfolio } from '../portfolio/shape.ts'
import { rowsOf } from './rows-of.ts'

/** Where no size is known: finer than any venue's. */
const DECIMALS_UNKNOWN = 8

interface Listed {
  venue: string
  symbol: string
  tick: number
  lot: number
  kind: string
  quote: string
  contract: number
}

/**
 * The instruments of these names, `venue:symbol`, each with its place in the list as its index. Throws `usage` for a contract that is not
 * worth its price times its quantity.
 */
export async function readInstruments(
  runQuery: RunQuery,
  names: readonly string[],
  stated: Portfolio['instruments'],
): Promise<Instrument[]> {
  const rows = await rowsOf<Listed>(
    runQuery,
    `SELECT venue, symbol, tick_size AS tick, lot_size AS lot, kind, quote, contract_size AS contract FROM instruments_latest
     WHERE concat(venue, ':', symbol) IN (${names.map(literal).join(', ')})`,
  )
  const listed = new Map(rows.map(row => [`${row.venue}:${row.symbol}`, row]))
  for (const [name, of] of listed) if (!isLinear(of)) throw notLinear(name, of)
  return names.map((name, index) => {
    const tick = stated[name]?.tick_size ?? listed.get(name)?.tick ?? 0
    const lot = stated[name]?.lot_size ?? listed.get(name)?.lot ?? 0
    return instrumentOf(index, name, tick, lot)
  })
}

/** Contracts that are quoted in US dollars are settled in their coin: no venue has linear ones in them. */
function isLinear({ kind, quote, contract }: Listed): boolean {
  const isContract = !['spot', 'equity', ''].includes(kind)
  return (contract === 0 || contract === 1) && !(isContract && quote === 'USD')
}

function notLinear(name: string, { kind, quote, contract }: Listed): TickhouseError {
  const size = contract > 0 ? `, contracts of ${contract}` : ''
  return new TickhouseError(
    'usage',
    `${name} (${kind} in ${quote}${size}) is not worth its price times its quantity: such contracts are not supported`,
    'Choose one that is counted and settled in coins, such as the USDT-margined one of the same coin.',
  )
}

/** `name` is venue:symbol. Sizes of 0 are not known. */
export function instrumentOf(index: number, name: string, tick: number, lot: number): Instrument {
  const priceDecimals = tick > 0 ? decimalsOf(tick) : DECIMALS_UNKNOWN
  const quantityDecimals = lot > 0 ? decimalsOf(lot) : DECIMALS_UNKNOWN
  return {
    ...{ index, ...partsOf(name), priceDecimals, quantityDecimals },
    tick: tick > 0 ? BigInt(Math.round(tick * 10 ** priceDecimals)) : 1n,
    lot: lot > 0 ? BigInt(Math.round(lot * 10 ** quantityDecimals)) : 1n,
  }
}

/** Decimals of a size: 0.00001 has 5, 0.5 has 1, 10 has none. */
function decimalsOf(size: number): number {
  const [mantissa, exponent = '0'] = String(size).split('e')
  return Math.max(0, (mantissa!.split('.')[1]?.length ?? 0) - Number(exponent))
}
