import { instrument } from '../../../src/venues/instruments.ts'
import type { InstrumentEvidence } from '../../contracts/instruments.ts'

const asset = (symbol: string, status: string) => ({
  id: 'b0b6dd9d-8b9b-48a9-ba46-b9d54906e415',
  class: 'us_equity',
  exchange: 'NASDAQ',
  symbol,
  name: 'A company',
  status,
  tradable: status === 'active',
  marginable: true,
  shortable: true,
  easy_to_borrow: true,
  fractionable: true,
})
const stock = (symbol: string, status = 'trading') =>
  instrument({
    symbol,
    kind: 'equity',
    base: symbol,
    quote: 'USD',
    status,
    sessions: 'Monday to Friday 04:00 to 20:00 America/New_York',
  })

export const evidence: InstrumentEvidence = {
  document: 'https://docs.alpaca.markets/reference/get-v2-assets-1',
  answers: [[asset('AAPL', 'active'), asset('BRK.B', 'active'), asset('TWTR', 'inactive'), { id: 'without a symbol' }]],
  listed: [stock('AAPL'), stock('BRK.B'), stock('TWTR', 'inactive')],
}
