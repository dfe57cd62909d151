import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

export const evidence: InstrumentEvidence = {
  document: 'https://docs.bitfinex.com/reference/rest-public-conf',
  answers: [[['BTCUSD', 'DOGE:USD']], [['BTCF0:USTF0']]],
  listed: [
    instrument({ symbol: 'tBTCUSD', aliases: ['BTCUSD'], kind: 'spot', base: 'BTC', quote: 'USD' }),
    instrument({ symbol: 'tDOGE:USD', aliases: ['DOGE:USD'], kind: 'spot', base: 'DOGE', quote: 'USD' }),
    instrument({ symbol: 'tBTCF0:USTF0', aliases: ['BTCF0:USTF0'], kind: 'perpetual', base: 'BTCF0', quote: 'USTF0' }),
  ],
}
