import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'
import type { Quote } from '../../support/judges/collecting-sink.ts'

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

const quote = (sequence: string) =>
  `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["8476.98","415","0","13"]],"bids":[["8476.97","256","0","12"]],"ts":"1654032991947","seqId":${sequence}}]}`

const firstQuote: Quote = {
  symbol: 'BTC-USDT',
  micros: 1_654_032_991_947_000,
  nanos: 0,
  bid: [8476.97, 256],
  ask: [8476.98, 415],
  sequence: 123_456,
  flags: 0,
}

/** As recorded on 4 and 25 September 2026. */
const funding =
  '{"arg":{"channel":"funding-rate","instId":"BTC-USDT-SWAP"},"data":[{"formulaType":"withRate","fundingRate":"0.0000663322867090","fundingTime":"1788508800000","impactValue":"20000","instId":"BTC-USDT-SWAP","instType":"SWAP","interestRate":"0.0001","maxFundingRate":"0.00375","method":"current_period","minFundingRate":"-0.00375","nextFundingRate":"","nextFundingTime":"1788537600000","premium":"-0.0004527652078389","prevFundingTime":"1788480000000","settFundingRate":"0.0000418741079605","settState":"settled","ts":"1788487507788"}]}'
const mark =
  '{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{"instId":"BTC-USDT-SWAP","instType":"SWAP","markPx":"83679.8","ts":"1790358817778"}]}'

const firstMark = {
  symbol: 'BTC-USDT-SWAP',
  mark_price: 83_679.8,
  index_price: 0,
  settle_price: 0,
  funding_rate: 0,
  timestamp: 1_790_358_817_778_000,
  next_funding_at: 0,
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
    // Of a contract: the size is in contracts.
    {
      frame: frameOf([item(148_266_905, 'BTC-USDT-SWAP').replace('0.12340000', '5')], 'BTC-USDT-SWAP'),
      trades: [{ ...first, symbol: 'BTC-USDT-SWAP', volume: 5, tradeId: 148_266_905 }],
    },
    // Recorded in 2022, without `seqId`; and the document's example of today.
    {
      frame:
        '{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["31774.7","0.14368878","0","3"]],"bids":[["31774.6","0.3392211","0","3"]],"ts":"1654032991947"}]}',
      quotes: [{ ...firstQuote, bid: [31_774.6, 0.3392211], ask: [31_774.7, 0.14368878], sequence: 0 }],
    },
    { frame: quote('123456'), quotes: [firstQuote] },
    { frame: quote('123456').replace('[["8476.98","415","0","13"]]', '[]'), quotes: [{ ...firstQuote, ask: [0, 0] }] },
    {
      frame: answer('subscribe', 'trades-all'),
      control: { kind: 'subscribed', symbols: ['BTC-USDT'], channel: 'trades' },
    },
    {
      frame: answer('subscribe', 'bbo-tbt'),
      control: { kind: 'subscribed', symbols: ['BTC-USDT'], channel: 'quotes' },
    },
    {
      frame: answer('unsubscribe', 'trades-all'),
      control: { kind: 'ended', symbols: ['BTC-USDT'], channel: 'trades' },
    },
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
        channel: 'trades',
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
    { frame: mark, marks: [firstMark] },
    { frame: funding, control: { kind: 'heartbeat' } },
    // Paid at `fundingTime`.
    {
      frame: mark,
      after: [funding, funding.replace(/BTC-USDT-SWAP/g, 'ETH-USDT-SWAP').replace('0.00006', '0.00009')],
      marks: [{ ...firstMark, funding_rate: 0.000066332286709, next_funding_at: 1_788_508_800_000_000 }],
    },
    {
      frame: answer('subscribe', 'funding-rate'),
      control: { kind: 'subscribed', symbols: ['BTC-USDT'], channel: 'marks' },
    },
    { frame: mark.replace('"83679.8"', '83679.8'), refused: 'rejected_value' },
    { frame: mark.replace('"1790358817778"', '""'), refused: 'rejected_value' },
    { frame: funding.replace('"0.0000663322867090"', '""'), refused: 'rejected_value' },
    { frame: funding.replace('"fundingTime":"1788508800000"', '"fundingTime":""'), refused: 'rejected_value' },
    // Trades of one taker at one price, joined.
    { frame: trade(500_000_001).replace('trades-all', 'trades').replace('"source":"0"', '"count":"3"'), ignored: true },
    { frame: quote('"123456"'), refused: 'rejected_value' },
    { frame: quote('123456').replace('"415"', '415'), refused: 'rejected_value' },
    { frame: quote('123456').replace('[["8476.98"', '["8476.98"'), refused: 'malformed_frame' },
    { frame: quote('123456').replace('"instId":"BTC-USDT"', '"instId":7'), refused: 'rejected_value' },
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
