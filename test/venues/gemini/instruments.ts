import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://developer.gemini.com/rest-api/market-data',
  answers: [['btcusd', 'ethusd', 'btcgusdperp']],
  listed: [
    instrument({ symbol: 'btcusd', kind: 'spot' }),
    instrument({ symbol: 'ethusd', kind: 'spot' }),
    instrument({ symbol: 'btcgusdperp', kind: 'perpetual' }),
  ],
}
