import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://www.bitstamp.net/api/#tag/Market-info/operation/GetTradingPairsInfo',
  answers: [
    [
      {
        trading: 'Enabled',
        base_decimals: 8,
        url_symbol: 'btcusd',
        name: 'BTC/USD',
        instant_and_market_orders: 'Enabled',
        minimum_order: '20.0 USD',
        counter_decimals: 2,
        description: 'Bitcoin / U.S. dollar',
      },
      { name: 'PAX/GBP', url_symbol: 'paxgbp', trading: 'Disabled' },
    ],
  ],
  listed: [
    {
      ...instrument({ symbol: 'btcusd', aliases: ['BTC/USD'], kind: 'spot', base: 'BTC', quote: 'USD' }),
      tickSize: 0.01,
      lotSize: 1e-8,
    },
    instrument({
      symbol: 'paxgbp',
      aliases: ['PAX/GBP'],
      kind: 'spot',
      base: 'PAX',
      quote: 'GBP',
      status: 'Disabled',
    }),
  ],
  recorded: { answers: () => recordedAnswers('captures/BITSTAMP.0'), counts: { spot: 140 }, skip: skipWithoutData },
}
