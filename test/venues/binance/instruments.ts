import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://github.com/binance/binance-spot-api-docs/blob/master/rest-api.md',
  answers: [
    {
      timezone: 'UTC',
      symbols: [
        {
          symbol: 'ETHBTC',
          status: 'TRADING',
          baseAsset: 'ETH',
          quoteAsset: 'BTC',
          filters: [
            { filterType: 'PRICE_FILTER', minPrice: '0.00000100', maxPrice: '922327.00000000', tickSize: '0.00000100' },
            { filterType: 'LOT_SIZE', minQty: '0.00010000', maxQty: '100000.00000000', stepSize: '0.00010000' },
          ],
        },
        { symbol: 'XMRBTC', status: 'BREAK', baseAsset: 'XMR', quoteAsset: 'BTC', filters: [] },
        {},
        7,
      ],
    },
  ],
  listed: [
    { ...instrument({ symbol: 'ETHBTC', kind: 'spot', base: 'ETH', quote: 'BTC' }), tickSize: 1e-6, lotSize: 1e-4 },
    instrument({ symbol: 'XMRBTC', kind: 'spot', base: 'XMR', quote: 'BTC', status: 'BREAK' }),
  ],
  recorded: {
    answers: () => recordedAnswers('captures/BINANCE.0'),
    counts: { spot: 1695, BREAK: 433 },
    skip: skipWithoutData,
  },
}
