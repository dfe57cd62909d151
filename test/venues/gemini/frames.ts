import type { VenueEvidence } from '../../contracts/venue.ts'

/** As the document has it, and as recorded: fields of a trade without `e`. */
const trade = (id: number, symbol = 'btcusd') =>
  `{"E":1751508438600117161,"s":"${symbol}","t":${id},"p":"45000.50","q":"0.1250000000","m":true}`
const answer = (id: string, rest: object) => JSON.stringify({ id, ...rest })
const refusal = (code: number, msg: string) => ({ error: { code, msg } })

const EXPECTED = {
  symbol: 'btcusd',
  micros: 1_751_508_438_600_117,
  nanos: 161,
  price: 45_000.5,
  volume: 0.125,
  side: 'sell',
  tradeId: 2_840_141_000_000_001,
}

/** An example of the document. */
const quote =
  '{"u":1751505576085,"E":1751508438600117161,"s":"btcusd","b":"45000.50","B":"1.25000000","a":"45001.00","A":"0.75000000"}'
const QUOTE = {
  symbol: 'btcusd',
  micros: 1_751_508_438_600_117,
  nanos: 161,
  bid: [45_000.5, 1.25] as [number, number],
  ask: [45_001, 0.75] as [number, number],
  sequence: 1_751_505_576_085,
  flags: 0,
}

export const evidence: VenueEvidence = {
  document: 'https://developer.gemini.com/websocket/streams',
  frames: [
    { frame: trade(2_840_141_000_000_001), trades: [EXPECTED] },
    {
      frame: trade(2_840_141_000_000_001).replace('"m":true', '"m":false').replace('{', '{"e":"trade",'),
      trades: [{ ...EXPECTED, side: 'buy' }],
    },
    {
      frame: trade(1).replace('"t":1,', '"t":18446744073709551615,'),
      trades: [{ ...EXPECTED, tradeId: 18_446_744_073_709_551_615n }],
    },
    {
      frame: answer('btcusd@trade', { status: 200 }),
      control: { kind: 'subscribed', symbols: ['btcusd'], channel: 'trades' },
    },
    {
      frame: answer('btcusd@bookTicker', { status: 200 }),
      control: { kind: 'subscribed', symbols: ['btcusd'], channel: 'quotes' },
    },
    { frame: answer('unsubscribe', { status: 200 }), control: { kind: 'heartbeat' } },
    { frame: answer('ping', { status: 200, result: {} }), control: { kind: 'heartbeat' } },
    {
      frame: answer('nosuch@trade', { status: 400, ...refusal(-1013, 'Invalid parameters') }),
      control: {
        kind: 'rejected',
        detail: '"Invalid parameters" (code -1013, status 400)',
        symbols: ['nosuch'],
        channel: 'trades',
      },
    },
    {
      frame: answer('btcusd@trade', { status: 429, ...refusal(-1003, 'Rate limit exceeded') }),
      control: { kind: 'rate_limited', detail: '"Rate limit exceeded" (code -1003, status 429)' },
    },
    {
      frame: answer('ping', { status: 500, ...refusal(-1000, 'Internal server error') }),
      control: { kind: 'error', detail: '"Internal server error" (code -1000, status 500)' },
    },
    {
      frame: quote,
      quotes: [QUOTE],
    },
    {
      // Received, from tardis-node's tests, which round the last digits of `E`.
      frame:
        '{"u":1764549594389752,"E":1783981140076872200,"s":"xrpgusd","b":"1.0614900","B":"958.69148000","a":"1.0615000","A":"38.39060000","c":"1.0612500","C":"4.71027100"}',
      quotes: [
        {
          symbol: 'xrpgusd',
          micros: 1_783_981_140_076_872,
          nanos: 200,
          bid: [1.06149, 958.69148],
          ask: [1.0615, 38.3906],
          sequence: 1_764_549_594_389_752,
          flags: 0,
        },
      ],
    },
    { frame: quote.replace('1751505576085', '-1'), refused: 'rejected_value' },
    { frame: quote.replace('"45001.00"', 'null'), refused: 'rejected_value' },
    { frame: quote.replace('1751508438600117161', '1751508438600'), refused: 'rejected_value' },
    { frame: '{"lastUpdateId":12345678,"bids":[],"asks":[]}', ignored: true },
    {
      frame: '{"e":"depthUpdate","E":1751508260659505382,"s":"btcusd","U":12345677,"u":12345678,"b":[],"a":[]}',
      ignored: true,
    },
    { frame: trade(7).replace('"m":true', '"m":1'), refused: 'rejected_value' },
    // A time in ms is another protocol's.
    { frame: trade(7).replace('1751508438600117161', '1751508438600'), refused: 'rejected_value' },
    { frame: trade(7).replace('"p":"45000.50"', '"p":45000.50'), refused: 'rejected_value' },
    { frame: answer('other', { status: 200 }), refused: 'unknown_message' },
    { frame: '{"e":"contractStatus"}', refused: 'unknown_message' },
  ],
  stretch: [
    trade(2_840_141_000_000_001),
    trade(2_840_141_000_000_004, 'ethusd'),
    trade(2_840_141_000_000_009),
    trade(2_840_141_000_000_022),
  ],
}
