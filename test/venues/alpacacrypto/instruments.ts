import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://docs.alpaca.markets/reference/get-v2-assets-1',
  answers: [
    [
      {
        id: 'a1733398-6acc-4e92-af24-0d0667f78713',
        class: 'crypto',
        exchange: 'CRYPTO',
        symbol: 'ETH/USD',
        name: 'Ethereum',
        status: 'active',
        tradable: true,
        min_order_size: '0.000000001',
        min_trade_increment: '0.000000001',
        price_increment: '0.000000001',
      },
    ],
  ],
  listed: [
    {
      ...instrument({ symbol: 'ETH/USD', kind: 'spot', base: 'ETH', quote: 'USD' }),
      tickSize: 1e-9,
      lotSize: 1e-9,
    },
  ],
}
