import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'
import { recordedAnswers, skipWithoutData } from '../../support/data/recorded-data.ts'

const answer = (...data: object[]) => ({ code: '0', msg: '', data })

export const evidence: InstrumentEvidence = {
  document: 'https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments',
  answers: [
    answer(
      {
        instType: 'SPOT',
        instId: 'BTC-USDT',
        baseCcy: 'BTC',
        quoteCcy: 'USDT',
        ctVal: '',
        expTime: '',
        lotSz: '0.00000001',
        tickSz: '0.1',
        state: 'live',
        uly: '',
      },
      { instType: 'SPOT', instId: 'NEW-USDT', baseCcy: 'NEW', quoteCcy: 'USDT', state: 'preopen' },
    ),
    answer({
      instType: 'SWAP',
      instId: 'BTC-USD-SWAP',
      baseCcy: '',
      quoteCcy: '',
      ctVal: '100',
      ctValCcy: 'USD',
      expTime: '',
      lotSz: '1',
      tickSz: '0.1',
      state: 'live',
      uly: 'BTC-USD',
    }),
    answer({
      instType: 'FUTURES',
      instId: 'BTC-USD-220520',
      baseCcy: '',
      quoteCcy: '',
      ctVal: '100',
      expTime: '1653033600000',
      lotSz: '1',
      tickSz: '0.1',
      state: 'suspend',
      uly: 'BTC-USD',
    }),
  ],
  listed: [
    { ...instrument({ symbol: 'BTC-USDT', kind: 'spot', base: 'BTC', quote: 'USDT' }), tickSize: 0.1, lotSize: 1e-8 },
    instrument({ symbol: 'NEW-USDT', kind: 'spot', base: 'NEW', quote: 'USDT', status: 'preopen' }),
    {
      ...instrument({ symbol: 'BTC-USD-SWAP', kind: 'perpetual', base: 'BTC', quote: 'USD' }),
      tickSize: 0.1,
      lotSize: 1,
      contractSize: 100,
    },
    {
      ...instrument({ symbol: 'BTC-USD-220520', kind: 'future', base: 'BTC', quote: 'USD', status: 'suspend' }),
      tickSize: 0.1,
      lotSize: 1,
      contractSize: 100,
      expiresMs: Date.UTC(2022, 4, 20, 8),
    },
  ],
  recorded: {
    answers: () => recordedAnswers('captures/OKX.0', /instType=(?:SPOT|SWAP|FUTURES)$/),
    counts: { spot: 513, perpetual: 166, future: 104 },
    skip: skipWithoutData,
  },
}
