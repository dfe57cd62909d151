import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document:
    'https://developers.binance.com/docs/derivatives/coin-margined-futures/market-data/rest-api/Exchange-Information',
  answers: [
    {
      timezone: 'UTC',
      symbols: [
        {
          symbol: 'BTCUSD_PERP',
          pair: 'BTCUSD',
          contractType: 'PERPETUAL',
          deliveryDate: 4_133_404_800_000,
          contractStatus: 'TRADING',
          contractSize: 100,
          baseAsset: 'BTC',
          quoteAsset: 'USD',
          filters: [
            { filterType: 'PRICE_FILTER', tickSize: '0.1' },
            { filterType: 'LOT_SIZE', stepSize: '1' },
          ],
        },
        {
          symbol: 'BTCUSD_261225',
          contractType: 'CURRENT_QUARTER',
          deliveryDate: 1_798_185_600_000,
          contractStatus: 'PRE_DELIVERING',
          contractSize: 100,
          baseAsset: 'BTC',
          quoteAsset: 'USD',
        },
      ],
    },
  ],
  listed: [
    {
      ...instrument({ symbol: 'BTCUSD_PERP', kind: 'perpetual', base: 'BTC', quote: 'USD' }),
      tickSize: 0.1,
      lotSize: 1,
      contractSize: 100,
    },
    {
      ...instrument({ symbol: 'BTCUSD_261225', kind: 'future', base: 'BTC', quote: 'USD', status: 'PRE_DELIVERING' }),
      contractSize: 100,
      expiresMs: Date.UTC(2026, 11, 25, 8),
    },
  ],
  recorded: {
    answers: () => recordedAnswers('captures/BINANCE_DELIVERY.0'),
    counts: { perpetual: 18, future: 18 },
    skip: skipWithoutData,
  },
}
