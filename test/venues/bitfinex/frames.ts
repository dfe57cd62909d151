import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'
import type { Quote } from '../../support/judges/collecting-sink.ts'

const subscribed = (channel: string, chanId: number, symbol: string, more = '') =>
  `{"event":"subscribed","channel":"${channel}","chanId":${chanId},"symbol":"${symbol}"${more}}`
const TRADES = subscribed('trades', 89, 'tBTCUSD', ',"pair":"BTCUSD"')
const BOOK = subscribed('book', 90, 'tBTCUSD', ',"prec":"P0","freq":"F0","len":"1","pair":"BTCUSD"')
const CONF = '{"event":"conf","status":"OK","flags":32768}'

/** Recorded in 2019, where two numbers followed; the time of the server follows today. */
const te = (id: number, amount = '0.00705845') =>
  `[89,"te",[${id},1564617600709,${amount},10087.98969503],1564617600784]`

const first = {
  symbol: 'tBTCUSD',
  micros: 1_564_617_600_709_000,
  nanos: 0,
  price: 10_087.98969503,
  volume: 0.00705845,
  side: 'buy',
  tradeId: 382_489_563,
}

const SNAPSHOT = '[90,[[10087,3,1.5],[10088,2,-0.25]],1564617600800]'
const firstQuote: Quote = {
  symbol: 'tBTCUSD',
  micros: 1_564_617_600_800_000,
  nanos: 0,
  bid: [10_087, 1.5],
  ask: [10_088, 0.25],
  sequence: 0,
  flags: 1,
}
const error = (code: number, more = '') => `{"event":"error","msg":"symbol: invalid","code":${code}${more}}`

export const evidence: VenueEvidence = {
  document: 'https://docs.bitfinex.com/reference/ws-public-trades',
  frames: [
    { frame: TRADES, control: { kind: 'subscribed', symbols: ['tBTCUSD'], channel: 'trades' } },
    { frame: BOOK, control: { kind: 'subscribed', symbols: ['tBTCUSD'], channel: 'quotes' } },
    { frame: te(382_489_563), after: [TRADES], trades: [first] },
    { frame: te(382_489_563, '-0.00705845'), after: [TRADES], trades: [{ ...first, side: 'sell' }] },
    // The same trade, once it is settled.
    { frame: te(382_489_563).replace('"te"', '"tu"'), after: [TRADES], ignored: true },
    // The last trades, newest first.
    {
      frame: '[89,[[382489562,1564617598688,-0.01302607,10088],[382489560,1564617598688,4.5e-7,10088]],1564617600401]',
      after: [TRADES],
      trades: [
        { ...first, micros: 1_564_617_598_688_000, price: 10_088, volume: 4.5e-7, tradeId: 382_489_560 },
        {
          ...first,
          micros: 1_564_617_598_688_000,
          price: 10_088,
          volume: 0.01302607,
          side: 'sell',
          tradeId: 382_489_562,
        },
      ],
    },
    { frame: '[89,[],1564617600401]', after: [TRADES], control: { kind: 'heartbeat' } },
    { frame: '[89,"hb",1564617600401]', after: [TRADES], control: { kind: 'heartbeat' } },
    { frame: SNAPSHOT, after: [CONF, BOOK], quotes: [firstQuote] },
    // Without the configuration no time follows.
    { frame: '[90,[[10087,3,1.5],[10088,2,-0.25]],7]', after: [BOOK], quotes: [{ ...firstQuote, micros: 0 }] },
    {
      frame: '[90,[10087.5,1,2],1564617600800]',
      after: [CONF, BOOK, SNAPSHOT],
      quotes: [{ ...firstQuote, bid: [10_087.5, 2] }],
    },
    // Both sides move up: crossed until the ask has moved too, and the end of the old levels changes nothing.
    { frame: '[90,[10089,1,2],1564617600800]', after: [CONF, BOOK, SNAPSHOT], ignored: true },
    {
      frame: '[90,[10090,1,-3],1564617600800]',
      after: [CONF, BOOK, SNAPSHOT, '[90,[10089,1,2],1]', '[90,[10087,0,1],1]', '[90,[10088,0,-1],1]'],
      quotes: [{ ...firstQuote, bid: [10_089, 2], ask: [10_090, 3] }],
    },
    { frame: '[90,[10088,0,-1],1564617600800]', after: [CONF, BOOK, SNAPSHOT], ignored: true },
    { frame: '[90,"cs",-12345,1564617600800]', after: [CONF, BOOK, SNAPSHOT], ignored: true },
    // Another depth, and another channel: not ours.
    { frame: BOOK.replace('"len":"1"', '"len":"100"'), ignored: true },
    { frame: '[7,[7616.5,31.8,7617.5,43.3]]', after: [subscribed('ticker', 7, 'tBTCUSD')], ignored: true },
    // Of 2021; a status of 0 is maintenance.
    {
      frame: '{"event":"info","version":2,"serverId":"083bd8d4-aca7-4690-a573-eabfc8103de8","platform":{"status":1}}',
      control: { kind: 'venue_state', state: 'online', upcoming: '' },
    },
    {
      frame: '{"event":"info","version":2,"platform":{"status":0}}',
      control: { kind: 'venue_state', state: 'maintenance', upcoming: '' },
    },
    {
      frame: '{"event":"info","code":20060,"msg":"Entering in Maintenance mode."}',
      control: { kind: 'venue_state', state: 'maintenance', upcoming: '' },
    },
    {
      frame: '{"event":"info","code":20051,"msg":"Stopping. Please try to reconnect"}',
      control: { kind: 'closing', detail: '"Stopping. Please try to reconnect"' },
    },
    {
      frame: '{"event":"info","code":20061,"msg":"Maintenance ended"}',
      control: { kind: 'closing', detail: '"Maintenance ended"' },
    },
    { frame: CONF, control: { kind: 'heartbeat' } },
    { frame: '{"event":"conf","status":"FAILED"}', control: { kind: 'error', detail: 'configuration "FAILED"' } },
    { frame: '{"event":"pong","ts":1511545528111,"cid":1234}', control: { kind: 'heartbeat' } },
    {
      frame: error(10_300, ',"channel":"trades","symbol":"tBTCXXX"'),
      control: {
        ...{ kind: 'rejected', detail: '"symbol: invalid" (code 10300)' },
        ...{ symbols: ['tBTCXXX'], channel: 'trades' },
      },
    },
    {
      frame: error(10_301, ',"channel":"book","symbol":"tBTCUSD"'),
      control: { kind: 'subscribed', symbols: ['tBTCUSD'], channel: 'quotes' },
    },
    { frame: error(11_010), control: { kind: 'rate_limited', detail: '"symbol: invalid" (code 11010)' } },
    { frame: error(10_000), control: { kind: 'error', detail: '"symbol: invalid" (code 10000)' } },
    {
      frame: '{"event":"unsubscribed","status":"OK","chanId":89}',
      after: [TRADES],
      control: { kind: 'ended', symbols: ['tBTCUSD'], channel: 'trades' },
    },
    // A refused trade is kept so, with its symbol.
    {
      frame: '{"channel":"trades","symbol":"tBTCUSD","data":[382489563,1564617600709,0.00705845,10087.98969503]}',
      trades: [first],
    },
    { frame: te(382_489_563), refused: 'unknown_message' },
    {
      frame: te(382_489_563),
      after: [TRADES, '{"event":"unsubscribed","status":"OK","chanId":89}'],
      refused: 'unknown_message',
    },
    { frame: te(382_489_563).replace('"te"', '"ta"'), after: [TRADES], refused: 'unknown_message' },
    { frame: te(382_489_563, '0'), after: [TRADES], refused: 'rejected_value' },
    { frame: te(382_489_563, '"1"'), after: [TRADES], refused: 'rejected_value' },
    { frame: '[89,"te",7]', after: [TRADES], refused: 'malformed_frame' },
    { frame: '[90,[10087,1],1]', after: [BOOK], refused: 'rejected_value' },
    { frame: '[90,[[10087,1,1],null],1]', after: [BOOK], refused: 'rejected_value' },
    { frame: '[90]', after: [BOOK], refused: 'rejected_value' },
    { frame: '{"event":"subscribed","channel":"trades"}', refused: 'malformed_frame' },
    { frame: '{"event":"anything"}', refused: 'unknown_message' },
    { frame: '7', refused: 'malformed_frame' },
  ],
  stretch: [TRADES, te(382_489_563), te(382_489_564), te(382_489_570)],
  session: { frames: () => captureFrames('BITFINEX'), trades: 210, skip: skipWithoutData },
}
