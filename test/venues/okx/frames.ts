import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const item = (id: number | string, symbol = 'BTC-USDT') =>
  `{"instId":"${symbol}","tradeId":"${id}","px":"55000.5","sz":"0.12340000","side":"sell","ts":"1722945600123","source":"0"}`
const frameOf = (items: string[], symbol = 'BTC-USDT') =>
  `{"arg":{"channel":"trades-all","instId":"${symbol}"},"data":[${items.join()}]}`
const trade = (id: number | string, symbol = 'BTC-USDT') => frameOf([item(id, symbol)], symbol)
const answer = (event: string, channel: string) =>
  JSON.stringify({ event, arg: { channel, instId: 'BTC-USDT' }, connId: 'a4d3ae55' })
const error = (code: string, msg: string) => JSON.stringify({ event: 'error', code, msg, connId: 'a4d3ae55' })

const first = {
  symbol: 'BTC-USDT',
  micros: 1_722_945_600_123_000,
  nanos: 0,
  price: 55_000.5,
  volume: 0.1234,
  side: 'sell',
  tradeId: 500_000_001,
}

export const evidence: VenueEvidence = {
  document: 'https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-all-trades-channel',
  frames: [
    { frame: trade(500_000_001), trades: [first] },
    {
      frame: frameOf([item(500_000_001), item(500_000_002).replace('sell', 'buy')]),
      trades: [first, { ...first, side: 'buy', tradeId: 500_000_002 }],
    },
    { frame: frameOf([]), control: { kind: 'heartbeat' } },
    { frame: 'pong', control: { kind: 'heartbeat' } },
    { frame: answer('subscribe', 'trades-all'), control: { kind: 'subscribed', symbols: ['BTC-USDT'] } },
    { frame: answer('unsubscribe', 'trades-all'), control: { kind: 'ended', symbols: ['BTC-USDT'] } },
    { frame: answer('subscribe', 'tickers'), ignored: true },
    {
      frame: error(
        '60018',
        "Wrong URL or channel:trades-all,instId:BTC-XXX doesn't exist. Please use the correct URL.",
      ),
      control: {
        kind: 'rejected',
        detail: `Wrong URL or channel:trades-all,instId:BTC-XXX doesn't exist. Please use the correct URL. (code "60018")`,
        symbols: ['BTC-XXX'],
      },
    },
    { frame: error('60013', 'Invalid args'), control: { kind: 'rejected', detail: 'Invalid args (code "60013")' } },
    {
      frame: error('60014', 'Requests too frequent'),
      control: { kind: 'rate_limited', detail: 'Requests too frequent (code "60014")' },
    },
    {
      frame: error('63999', 'Internal system error'),
      control: { kind: 'error', detail: 'Internal system error (code "63999")' },
    },
    {
      frame: JSON.stringify({ event: 'notice', code: '64008', msg: 'The connection will soon be closed.' }),
      control: { kind: 'closing', detail: '"The connection will soon be closed."' },
    },
    // Trades of one taker at one price, joined.
    { frame: trade(500_000_001).replace('trades-all', 'trades').replace('"source":"0"', '"count":"3"'), ignored: true },
    { frame: trade('500000001.5'), refused: 'rejected_value' },
    { frame: trade(500_000_001).replace('"sell"', '"none"'), refused: 'rejected_value' },
    { frame: trade(500_000_001).replace('"1722945600123"', '"soon"'), refused: 'rejected_value' },
    { frame: trade(500_000_001).replace('"55000.5"', '""'), refused: 'rejected_value' },
    { frame: '{"arg":{"channel":"trades-all"},"data":{}}', refused: 'malformed_frame' },
    { frame: '{"event":"subscribe","arg":{"channel":"trades-all"}}', refused: 'malformed_frame' },
    { frame: '{"event":"anything"}', refused: 'unknown_message' },
    { frame: 'ping', refused: 'malformed_frame' },
  ],
  stretch: [
    trade(500_000_001),
    trade(7_001, 'ETH-USDT'),
    frameOf([item(500_000_002), item(500_000_003)]),
    trade(500_000_004),
    trade(7_002, 'ETH-USDT'),
  ],
  session: {
    // Of the time before `trades` joined trades and `trades-all` was added: a frame of either states one trade.
    frames: () => captureFrames('OKX').map(frame => frame.replace('"channel":"trades"', '"channel":"trades-all"')),
    trades: 35,
    skip: skipWithoutData,
  },
}
