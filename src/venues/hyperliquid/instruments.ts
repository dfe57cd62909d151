/**
 * Hyperliquid's `meta` and `spotMeta`:
 * https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint. Perpetuals that others deploy
 * (`xyz:NVDA`) are not in them. Prices have up to five significant digits, so there is no constant tick.
 */
import { type Instrument, type InstrumentList, instrument, type ListPage, stepOf, TRADING } from '../instruments.ts'
import { isObject } from '../json-text.ts'

const PERPETUALS = { path: '/info', body: '{"type":"meta"}' }
const SPOT = { path: '/info', body: '{"type":"spotMeta"}' }

export const hyperliquidInstruments: InstrumentList = {
  requests: [PERPETUALS, SPOT],
  read: (answer, { body }) => (body === SPOT.body ? readSpot(answer) : readPerpetuals(answer)),
}

function readPerpetuals(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || !Array.isArray(answer.universe)) return undefined
  const instruments = answer.universe.filter(isObject).flatMap(({ name, szDecimals, isDelisted }) => {
    if (typeof name !== 'string') return []
    const status = isDelisted === true ? 'delisted' : TRADING
    return [
      instrument({ symbol: name, kind: 'perpetual', base: name, quote: 'USDC', lotSize: stepOf(szDecimals), status }),
    ]
  })
  return { instruments }
}

/** Only the first pairs have a name; the others are `@` and their index, and are found as `BASE/QUOTE` too. */
function readSpot(answer: unknown): ListPage | undefined {
  if (!isObject(answer) || !Array.isArray(answer.universe) || !Array.isArray(answer.tokens)) return undefined
  const tokens = new Map(answer.tokens.filter(isObject).map(token => [token.index, token]))
  const instruments = answer.universe.filter(isObject).flatMap(({ name, tokens: pair }): Instrument[] => {
    if (typeof name !== 'string' || !Array.isArray(pair)) return []
    const [base, quote] = pair.map(index => tokens.get(index))
    if (typeof base?.name !== 'string' || typeof quote?.name !== 'string')
      return [instrument({ symbol: name, kind: 'spot' })]
    const pairName = `${base.name}/${quote.name}`
    return [
      instrument({
        symbol: name,
        aliases: pairName === name ? [] : [pairName],
        kind: 'spot',
        base: base.name,
        quote: quote.name,
        lotSize: stepOf(base.szDecimals),
      }),
    ]
  })
  return { instruments }
}
