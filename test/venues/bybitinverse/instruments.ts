import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

const page = (nextPageCursor: string, ...list: object[]) => ({
  retCode: 0,
  retMsg: 'OK',
  result: { category: 'inverse', nextPageCursor, list },
})

export const evidence: InstrumentEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/market/instrument',
  answers: [
    page('next', {
      symbol: 'BTCUSD',
      contractType: 'InversePerpetual',
      status: 'Trading',
      baseCoin: 'BTC',
      quoteCoin: 'USD',
      deliveryTime: '0',
      priceFilter: { minPrice: '0.10', maxPrice: '1999999.80', tickSize: '0.10' },
      lotSizeFilter: { maxOrderQty: '1190.000', minOrderQty: '0.001', qtyStep: '0.001' },
    }),
    page('', {
      symbol: 'BTCUSDZ26',
      contractType: 'InverseFutures',
      status: 'PreLaunch',
      baseCoin: 'BTC',
      quoteCoin: 'USD',
      deliveryTime: '1798185600000',
    }),
  ],
  nextPaths: ['/v5/market/instruments-info?category=inverse&limit=1000&cursor=next'],
  listed: [
    {
      ...instrument({ symbol: 'BTCUSD', kind: 'perpetual', base: 'BTC', quote: 'USD' }),
      tickSize: 0.1,
      lotSize: 0.001,
    },
    {
      ...instrument({ symbol: 'BTCUSDZ26', kind: 'future', base: 'BTC', quote: 'USD', status: 'PreLaunch' }),
      expiresMs: Date.UTC(2026, 11, 25, 8),
    },
  ],
}
