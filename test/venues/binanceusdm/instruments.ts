import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document:
    'https://developers.binance.com/docs/derivatives/usds-margined-futures/market-data/rest-api/Exchange-Information',
  answers: [
    {
      timezone: 'UTC',
      symbols: [
        {
          symbol: 'BTCUSDT',
          pair: 'BTCUSDT',
          contractType: 'PERPETUAL',
          deliveryDate: 4_133_404_800_000,
          status: 'TRADING',
          baseAsset: 'BTC',
          quoteAsset: 'USDT',
          filters: [
            { filterType: 'PRICE_FILTER', tickSize: '0.10' },
            { filterType: 'LOT_SIZE', stepSize: '0.001' },
          ],
        },
        // Shares: they trade at the hours of their exchange.
        {
          symbol: 'TSLAUSDT',
          contractType: 'TRADIFI_PERPETUAL',
          status: 'TRADING',
          baseAsset: 'TSLA',
          quoteAsset: 'USDT',
        },
        { symbol: 'NEWUSDT', contractType: '', status: 'PENDING_TRADING', baseAsset: 'NEW', quoteAsset: 'USDT' },
      ],
    },
  ],
  listed: [
    {
      ...instrument({ symbol: 'BTCUSDT', kind: 'perpetual', base: 'BTC', quote: 'USDT' }),
      tickSize: 0.1,
      lotSize: 0.001,
    },
    instrument({ symbol: 'TSLAUSDT', kind: 'perpetual', base: 'TSLA', quote: 'USDT' }),
    instrument({ symbol: 'NEWUSDT', kind: 'other', base: 'NEW', quote: 'USDT', status: 'PENDING_TRADING' }),
  ],
  recorded: {
    answers: () => recordedAnswers('captures/BINANCE_FUTURES.0'),
    counts: { perpetual: 119, future: 2, other: 1, PENDING_TRADING: 1 },
    skip: skipWithoutData,
  },
}
