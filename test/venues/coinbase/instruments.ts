import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://docs.cdp.coinbase.com/api-reference/exchange-api/rest-api/products/get-all-known-trading-pairs',
  answers: [
    [
      {
        id: 'SKL-EUR',
        base_currency: 'SKL',
        quote_currency: 'EUR',
        quote_increment: '0.0001',
        base_increment: '0.1',
        display_name: 'SKL/EUR',
        post_only: false,
        limit_only: true,
        cancel_only: false,
        trading_disabled: false,
        status: 'online',
      },
      { id: 'REP-USD', base_currency: 'REP', quote_currency: 'USD', status: 'delisted', trading_disabled: true },
      { id: 'X-USD', base_currency: 'X', quote_currency: 'USD', status: 'online', trading_disabled: true },
      { id: 'Y-USD', base_currency: 'Y', quote_currency: 'USD', status: 'online', auction_mode: true },
    ],
  ],
  listed: [
    { ...instrument({ symbol: 'SKL-EUR', kind: 'spot', base: 'SKL', quote: 'EUR' }), tickSize: 1e-4, lotSize: 0.1 },
    instrument({ symbol: 'REP-USD', kind: 'spot', base: 'REP', quote: 'USD', status: 'delisted' }),
    instrument({ symbol: 'X-USD', kind: 'spot', base: 'X', quote: 'USD', status: 'trading disabled' }),
    instrument({ symbol: 'Y-USD', kind: 'spot', base: 'Y', quote: 'USD', status: 'auction mode' }),
  ],
  recorded: { answers: () => recordedAnswers('captures/COINBASE.0'), counts: { spot: 162 }, skip: skipWithoutData },
}
