import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://docs.kraken.com/api/docs/rest-api/get-tradable-asset-pairs',
  answers: [
    {
      error: [],
      result: {
        XXBTZUSD: {
          altname: 'XBTUSD',
          wsname: 'XBT/USD',
          aclass_base: 'currency',
          base: 'XXBT',
          quote: 'ZUSD',
          pair_decimals: 1,
          lot_decimals: 8,
          ordermin: '0.0001',
          tick_size: '0.1',
          status: 'online',
        },
        'XXBTZUSD.d': { altname: 'XBTUSD.d', base: 'XXBT', quote: 'ZUSD', pair_decimals: 3, lot_decimals: 8 },
        XDGUSD: {
          altname: 'XDGUSD',
          wsname: 'XDG/USD',
          base: 'XXDG',
          quote: 'ZUSD',
          pair_decimals: 7,
          lot_decimals: 8,
          status: 'cancel_only',
        },
      },
    },
  ],
  listed: [
    {
      ...instrument({ symbol: 'BTC/USD', aliases: ['XBT/USD', 'XBTUSD'], kind: 'spot', base: 'BTC', quote: 'USD' }),
      tickSize: 0.1,
      lotSize: 1e-8,
    },
    {
      ...instrument({ symbol: 'DOGE/USD', aliases: ['XDG/USD', 'XDGUSD'], kind: 'spot', base: 'DOGE', quote: 'USD' }),
      tickSize: 1e-7,
      lotSize: 1e-8,
      status: 'cancel_only',
    },
  ],
  recorded: { answers: () => recordedAnswers('captures/KRAKEN.0'), counts: { spot: 293 }, skip: skipWithoutData },
}
