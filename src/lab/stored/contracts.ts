/** What a contract is worth, from what its venue lists or the portfolio states. */
import { TickhouseError } from '../../errors.ts'
import { findVenue } from '../../venues/index.ts'
import type { Contracts } from '../../venues/venue.ts'
import { partsOf } from '../market/instrument.ts'
import type { Portfolio } from '../portfolio/shape.ts'

export interface Contract {
  /** What a quantity of 1 stands for: coins, or of an inverse contract money of the price's currency. */
  size: number
  /** Settled in the coin that it is priced of: worth its size divided by the price. */
  isInverse: boolean
}

/** Of `instruments_latest`. Texts are empty and `contract` is 0 where the venue states none. */
export interface ListedContract {
  venue: string
  symbol: string
  kind: string
  base: string
  quote: string
  /** `contract_size` */
  contract: number
}

export type StatedInstrument = Portfolio['instruments'][string]

/** One coin, as on a spot market. */
export const ONE_COIN: Contract = { size: 1, isInverse: false }

/**
 * What an instrument is worth; `listed` is undefined where its venue's list is not stored. Throws `usage` where that is not known, and for one that is settled in another
 * currency than the portfolio's: there is one sum of money.
 */
export function contractOf(
  name: string,
  listed: ListedContract | undefined,
  stated: StatedInstrument = {},
  currency: string,
): Contract {
  const { contracts } = findVenue(partsOf(name).venue) ?? {}
  // Without the list, an instrument of a venue with other contracts may be one.
  const found = listed ? asListed(listed, contracts) : contracts ? {} : ONE_COIN
  const { isInverse, size } = { ...found, ...given(stated) }
  if (isInverse === undefined || size === undefined) throw notKnown(name, listed)
  const settledIn = (isInverse ? listed?.base : listed?.quote) ?? ''
  if (settledIn === '' || settledIn === currency) return { size, isInverse }
  throw new TickhouseError(
    'usage',
    `${name} is ${isInverse ? 'settled' : 'paid'} in ${settledIn}, and the portfolio's currency is ${currency}`,
    `Capital, fees and results of a portfolio are in one currency: trade it in a portfolio of its own, with currency: ${settledIn}.`,
  )
}

function given({ contract_size: size, inverse }: StatedInstrument): Partial<Contract> {
  return { ...(size !== undefined && { size }), ...(inverse !== undefined && { isInverse: inverse }) }
}

/** Without what is not known. */
function asListed(
  { symbol, kind, quote, contract }: ListedContract,
  contracts: Contracts | undefined,
): Partial<Contract> {
  if (contracts && isPlain(kind)) return ONE_COIN
  const ofOne = contract === 0 || contract === 1 ? { size: 1 } : {}
  if (!contracts) return { ...ofOne, ...((isPlain(kind) || quote !== 'USD') && { isInverse: false }) }
  const isOrdinary = kind === 'perpetual' || kind === 'future'
  return {
    ...(contracts.volumes === 'amounts' ? { size: 1 } : contract > 0 && { size: contract }),
    ...((isOrdinary || quote !== 'USD') && { isInverse: isOrdinary && contracts.isInverse(symbol, quote) }),
  }
}

/** A venue's list may state no kind, as of what is no contract. */
const isPlain = (kind: string) => kind === 'spot' || kind === 'equity' || kind === ''

function notKnown(name: string, listed: ListedContract | undefined): TickhouseError {
  const size = listed && listed.contract > 0 ? `, contracts of ${listed.contract}` : ''
  return new TickhouseError(
    'usage',
    `what ${name} is worth is not known: ${listed ? `${listed.kind} in ${listed.quote}${size}` : 'the list of its venue is not stored'}`,
    `State it in the portfolio: instruments: { "${name}": { contract_size: <coins, or USD if it is inverse>, inverse: <true or false> } }`,
  )
}
