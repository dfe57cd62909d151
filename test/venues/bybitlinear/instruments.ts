import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

const page = (nextPageCursor: string, ...list: object[]) => ({
  retCode: 0,
  retMsg: 'OK',
  result: { category: 'linear', nextPageCursor, list },
})

export const evidence: InstrumentEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/market/instrument',
  answers: [
    page('next', {
      symbol: 'BTCUSDT',
      contractType: 'LinearPerpetual',
      status: 'Trading',
      baseCoin: 'BTC',
      quoteCoin: 'USDT',
      deliveryTime: '0',
      priceFilter: { minPrice: '0.10', maxPrice: '1999999.80', tickSize: '0.10' },
      lotSizeFilter: { maxOrderQty: '1190.000', minOrderQty: '0.001', qtyStep: '0.001' },
    }),
    page('', {
      symbol: 'BTCUSDT-25DEC26',
      contractType: 'LinearFutures',
      status: 'PreLaunch',
      baseCoin: 'BTC',
      quoteCoin: 'USDT',
      deliveryTime: '1798185600000',
    }),
  ],
  nextPaths: ['/v5/market/instruments-info?category=linear&limit=1000&cursor=next'],
  listed: [
    {
      ...instrument({ symbol: 'BTCUSDT', kind: 'perpetual', base: 'BTC', quote: 'USDT' }),
      tickSize: 0.1,
      lotSize: 0.001,
    },
    {
      ...instrument({ symbol: 'BTCUSDT-25DEC26', kind: 'future', base: 'BTC', quote: 'USDT', status: 'PreLaunch' }),
      expiresMs: Date.UTC(2026, 11, 25, 8),
    },
  ],
  recorded: {
    answers: () => recordedAnswers('captures-2026/BYBIT.0', /linear/),
    counts: { perpetual: 760, future: 40 },
    skip: skipWithoutData,
  },
}
