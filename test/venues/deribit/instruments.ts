import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

const common = { is_active: true, base_currency: 'BTC', quote_currency: 'USD' }

export const evidence: InstrumentEvidence = {
  document: 'https://docs.deribit.com/api-reference/market-data/public-get_instruments',
  answers: [
    {
      jsonrpc: '2.0',
      result: [
        {
          ...common,
          kind: 'future',
          instrument_name: 'BTC-PERPETUAL',
          settlement_period: 'perpetual',
          expiration_timestamp: 32_503_708_800_000,
          tick_size: 0.5,
          min_trade_amount: 10,
          contract_size: 10,
        },
        {
          ...common,
          kind: 'future',
          instrument_name: 'BTC-27DEC24',
          settlement_period: 'month',
          expiration_timestamp: 1_735_286_400_000,
          tick_size: 0.5,
          min_trade_amount: 10,
          contract_size: 10,
        },
        {
          ...common,
          kind: 'option',
          instrument_name: 'BTC-24SEP21-40000-P',
          quote_currency: 'BTC',
          settlement_period: 'month',
          expiration_timestamp: 1_632_470_400_000,
          is_active: false,
          tick_size: 0.0005,
          min_trade_amount: 0.1,
          contract_size: 1,
        },
        { ...common, kind: 'future_combo', instrument_name: 'BTC-COMBO-1', tick_size: 0.01, contract_size: 1 },
        { ...common, kind: 'spot', instrument_name: 'BTC_USDC', quote_currency: 'USDC', tick_size: 1 },
      ],
    },
  ],
  listed: [
    {
      ...instrument({ symbol: 'BTC-PERPETUAL', kind: 'perpetual', base: 'BTC', quote: 'USD' }),
      tickSize: 0.5,
      lotSize: 10,
      contractSize: 10,
    },
    {
      ...instrument({ symbol: 'BTC-27DEC24', kind: 'future', base: 'BTC', quote: 'USD' }),
      tickSize: 0.5,
      lotSize: 10,
      contractSize: 10,
      expiresMs: Date.UTC(2024, 11, 27, 8),
    },
    {
      ...instrument({ symbol: 'BTC-24SEP21-40000-P', kind: 'option', base: 'BTC', quote: 'BTC', status: 'inactive' }),
      tickSize: 0.0005,
      lotSize: 0.1,
      contractSize: 1,
      expiresMs: Date.UTC(2021, 8, 24, 8),
    },
    {
      ...instrument({ symbol: 'BTC-COMBO-1', kind: 'combo', base: 'BTC', quote: 'USD' }),
      tickSize: 0.01,
      contractSize: 1,
    },
    { ...instrument({ symbol: 'BTC_USDC', kind: 'spot', base: 'BTC', quote: 'USDC' }), tickSize: 1 },
  ],
  recorded: {
    // Recorded currency by currency: one answer for all came later.
    answers: () => {
      const answers = recordedAnswers('captures/DERIBIT.0', /get_instruments/) as { result: unknown[] }[]
      return [{ result: answers.flatMap(({ result }) => result) }]
    },
    counts: { perpetual: 19, future: 18, option: 980 },
    skip: skipWithoutData,
  },
}
