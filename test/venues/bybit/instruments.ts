import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

const page = (nextPageCursor: string, ...list: object[]) => ({
  retCode: 0,
  retMsg: 'OK',
  result: { category: 'spot', nextPageCursor, list },
})

export const evidence: InstrumentEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/market/instrument',
  answers: [
    page('first=2&x', {
      symbolId: 9,
      symbol: 'BTCUSDT',
      baseCoin: 'BTC',
      quoteCoin: 'USDT',
      status: 'Trading',
      lotSizeFilter: { basePrecision: '0.000001', quotePrecision: '0.0000001', minOrderQty: '0.000001' },
      priceFilter: { tickSize: '0.1' },
    }),
    page('third', { symbol: 'OLDUSDT', baseCoin: 'OLD', quoteCoin: 'USDT', status: 'PreLaunch' }),
    page('', { symbol: 'ETHUSDT', baseCoin: 'ETH', quoteCoin: 'USDT', status: 'Trading' }),
  ],
  nextPaths: [
    '/v5/market/instruments-info?category=spot&cursor=first%3D2%26x',
    '/v5/market/instruments-info?category=spot&cursor=third',
  ],
  listed: [
    { ...instrument({ symbol: 'BTCUSDT', kind: 'spot', base: 'BTC', quote: 'USDT' }), tickSize: 0.1, lotSize: 1e-6 },
    instrument({ symbol: 'OLDUSDT', kind: 'spot', base: 'OLD', quote: 'USDT', status: 'PreLaunch' }),
    instrument({ symbol: 'ETHUSDT', kind: 'spot', base: 'ETH', quote: 'USDT' }),
  ],
  recorded: {
    answers: () => recordedAnswers('captures-2026/BYBIT.0', /category=spot/),
    counts: { spot: 557 },
    skip: skipWithoutData,
  },
}
