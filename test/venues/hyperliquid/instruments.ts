import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/info-endpoint',
  answers: [
    {
      universe: [
        { name: 'BTC', szDecimals: 5, maxLeverage: 50 },
        { name: 'HPOS', szDecimals: 0, maxLeverage: 3, onlyIsolated: true },
        { name: 'LOOM', szDecimals: 1, maxLeverage: 10, onlyIsolated: true, isDelisted: true },
      ],
    },
    {
      tokens: [
        { name: 'USDC', szDecimals: 8, weiDecimals: 8, index: 0, isCanonical: true },
        { name: 'PURR', szDecimals: 0, weiDecimals: 5, index: 1, isCanonical: true },
        { name: 'HFUN', szDecimals: 2, weiDecimals: 8, index: 2, isCanonical: false },
      ],
      universe: [
        { name: 'PURR/USDC', tokens: [1, 0], index: 0, isCanonical: true },
        { name: '@1', tokens: [2, 0], index: 1, isCanonical: false },
        { name: '@2', tokens: [9, 0], index: 2, isCanonical: false },
      ],
    },
  ],
  listed: [
    { ...instrument({ symbol: 'BTC', kind: 'perpetual', base: 'BTC', quote: 'USDC' }), lotSize: 1e-5 },
    { ...instrument({ symbol: 'HPOS', kind: 'perpetual', base: 'HPOS', quote: 'USDC' }), lotSize: 1 },
    {
      ...instrument({ symbol: 'LOOM', kind: 'perpetual', base: 'LOOM', quote: 'USDC', status: 'delisted' }),
      lotSize: 0.1,
    },
    { ...instrument({ symbol: 'PURR/USDC', kind: 'spot', base: 'PURR', quote: 'USDC' }), lotSize: 1 },
    {
      ...instrument({ symbol: '@1', aliases: ['HFUN/USDC'], kind: 'spot', base: 'HFUN', quote: 'USDC' }),
      lotSize: 0.01,
    },
    instrument({ symbol: '@2', kind: 'spot' }),
  ],
}
