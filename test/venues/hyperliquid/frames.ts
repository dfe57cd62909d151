import type { VenueEvidence } from '../../contracts/venue.ts'

const [BUYER, SELLER] = [`0x${'3c'.repeat(20)}`, `0x${'01'.repeat(20)}`]
const HASH = `0x${'1f'.repeat(32)}`
const trade = (id: number, coin = 'SOL', side = 'B') =>
  `{"coin":"${coin}","side":"${side}","px":"145.5","sz":"0.25","time":1730160006192,"hash":"${HASH}","tid":${id},"users":["${BUYER}","${SELLER}"]}`
const trades = (...items: string[]) => `{"channel":"trades","data":[${items.join(',')}]}`
const message = (channel: string, data: unknown) => JSON.stringify({ channel, data })
const answer = (method: string, subscription: object) => message('subscriptionResponse', { method, subscription })

const EXPECTED = {
  symbol: 'SOL',
  micros: 1_730_160_006_192_000,
  nanos: 0,
  price: 145.5,
  volume: 0.25,
  side: 'buy',
  tradeId: 604_438_142_537_040,
}
const QUOTE = {
  symbol: '@162',
  micros: 1_750_948_919_838_000,
  nanos: 0,
  bid: [0.97925, 4144.6] as [number, number],
  ask: [0.97934, 50] as [number, number],
  sequence: 0,
  flags: 0,
}
const [BID, ASK] = [
  { px: '0.97925', sz: '4144.6', n: 1 },
  { px: '0.97934', sz: '50.0', n: 1 },
]
const bbo = (...levels: unknown[]) => message('bbo', { coin: '@162', time: 1_750_948_919_838, bbo: levels })
const INVALID = 'Invalid subscription {"type":"trades","coin":"NOSUCH"}'
const ALREADY = 'Already subscribed: {"type":"trades","coin":"SOL"}'

export const evidence: VenueEvidence = {
  document: 'https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/websocket/subscriptions',
  frames: [
    {
      frame: trades(trade(604_438_142_537_040), trade(153_378_402_400_850, '@107', 'A')),
      trades: [EXPECTED, { ...EXPECTED, symbol: '@107', side: 'sell', tradeId: 153_378_402_400_850 }],
    },
    {
      frame: trades(trade(1).replace('"tid":1,', '"tid":18446744073709551615,')),
      trades: [{ ...EXPECTED, tradeId: 18_446_744_073_709_551_615n }],
    },
    { frame: trades(), control: { kind: 'heartbeat' } },
    {
      frame: answer('subscribe', { type: 'trades', coin: 'SOL' }),
      control: { kind: 'subscribed', symbols: ['SOL'], channel: 'trades' },
    },
    {
      frame: answer('unsubscribe', { type: 'trades', coin: 'SOL' }),
      control: { kind: 'ended', symbols: ['SOL'], channel: 'trades' },
    },
    {
      frame: answer('subscribe', { type: 'bbo', coin: 'SOL' }),
      control: { kind: 'subscribed', symbols: ['SOL'], channel: 'quotes' },
    },
    { frame: answer('subscribe', { type: 'l2Book', coin: 'SOL' }), ignored: true },
    { frame: '{"channel":"pong"}', control: { kind: 'heartbeat' } },
    { frame: 'Websocket connection established.', control: { kind: 'heartbeat' } },
    {
      frame: message('error', INVALID),
      control: { kind: 'rejected', detail: INVALID, symbols: ['NOSUCH'], channel: 'trades' },
    },
    // The subscription counts as confirmed by this text: see src/sources/subscription/refusal-kind.ts.
    {
      frame: message('error', ALREADY),
      control: { kind: 'rejected', detail: ALREADY, symbols: ['SOL'], channel: 'trades' },
    },
    {
      frame: message('error', 'Error parsing JSON into valid websocket request: {}'),
      control: { kind: 'error', detail: 'Error parsing JSON into valid websocket request: {}' },
    },
    {
      // Received, from tardis-node's tests.
      frame:
        '{"channel":"bbo","data":{"coin":"@162","time":1750948919838,"bbo":[{"px":"0.97925","sz":"4144.6","n":1},{"px":"0.97934","sz":"50.0","n":1}]}}',
      quotes: [QUOTE],
    },
    { frame: bbo(BID, null), quotes: [{ ...QUOTE, ask: [0, 0] }] },
    { frame: bbo(null, ASK), quotes: [{ ...QUOTE, bid: [0, 0] }] },
    { frame: bbo(BID), refused: 'rejected_value' },
    { frame: bbo(BID, { px: 0.97934, sz: '50.0' }), refused: 'rejected_value' },
    { frame: message('bbo', { coin: '@162', time: 1_750_948_919_838 }), refused: 'rejected_value' },
    { frame: message('bbo', 7), refused: 'rejected_value' },
    { frame: trades(trade(7, 'SOL', 'S')), refused: 'rejected_value' },
    { frame: trades(trade(7).replace('1730160006192', '"1730160006192"')), refused: 'rejected_value' },
    { frame: trades('7'), refused: 'malformed_frame' },
    { frame: message('anything', {}), refused: 'unknown_message' },
  ],
  stretch: [
    trades(trade(604_438_142_537_040), trade(153_378_402_400_850)),
    trades(trade(99, 'ETH')),
    trades(trade(663_834_423_078_060)),
  ],
}
