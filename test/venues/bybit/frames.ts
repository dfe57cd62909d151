import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'
import type { Quote } from '../../support/judges/collecting-sink.ts'

const FIRST = 2_290_000_000_700_000_001n

const item = (id: bigint | string, side = 'Buy', symbol = 'BTCUSDT') =>
  `{"i":"${id}","T":1722945600123,"p":"55000.5","v":"0.1234","S":"${side}","seq":112000000001,"s":"${symbol}","BT":false,"RPI":false}`
const frameOf = (items: string[], symbol = 'BTCUSDT') =>
  `{"topic":"publicTrade.${symbol}","ts":1722945600125,"type":"snapshot","data":[${items.join()}]}`
const trade = (id: bigint | string, side = 'Buy', symbol = 'BTCUSDT') => frameOf([item(id, side, symbol)], symbol)
/** Of 2023, when no time of the matching engine was stated yet. */
const book = (update: number) =>
  `{"topic":"orderbook.1.BTCUSDT","ts":1680652806504,"type":"snapshot","data":{"s":"BTCUSDT","b":[["28165.07","0.175231"]],"a":[["28165.08","0.996816"]],"u":${update},"seq":4281281856},"cts":1680652806501}`
const answer = (success: boolean, text: string, id?: string) =>
  JSON.stringify({ success, ret_msg: text, conn_id: 'd9avt8-1', req_id: id, op: 'subscribe' })

const first = {
  symbol: 'BTCUSDT',
  micros: 1_722_945_600_123_000,
  nanos: 0,
  price: 55_000.5,
  volume: 0.1234,
  side: 'buy',
  tradeId: FIRST,
}

const firstQuote: Quote = {
  symbol: 'BTCUSDT',
  micros: 1_680_652_806_501_000,
  nanos: 0,
  bid: [28_165.07, 0.175231],
  ask: [28_165.08, 0.996816],
  sequence: 7_001,
  flags: 0,
}

export const evidence: VenueEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/websocket/public/trade',
  frames: [
    { frame: trade(FIRST), trades: [first] },
    {
      // Trades of one order share `seq`, never the id.
      frame: frameOf([item(FIRST, 'Sell'), item(FIRST + 1n, 'Sell')]),
      trades: [
        { ...first, side: 'sell' },
        { ...first, side: 'sell', tradeId: FIRST + 1n },
      ],
    },
    { frame: frameOf([]), control: { kind: 'heartbeat' } },
    { frame: book(7_001), quotes: [firstQuote] },
    // After 3 s without a change it comes again: no new quote. A restarted service begins at 1.
    {
      frame: book(7_001),
      after: [book(7_001)],
      control: { kind: 'heartbeat', symbol: 'BTCUSDT', channel: 'quotes' },
    },
    { frame: book(7_002), after: [book(7_001)], quotes: [{ ...firstQuote, sequence: 7_002 }] },
    { frame: book(1), after: [book(7_001)], quotes: [{ ...firstQuote, sequence: 1 }] },
    { frame: book(7_001).replace('[["28165.07","0.175231"]]', '[]'), quotes: [{ ...firstQuote, bid: [0, 0] }] },
    {
      frame: answer(true, 'subscribe', 'publicTrade.BTCUSDT'),
      control: { kind: 'subscribed', symbols: ['BTCUSDT'], channel: 'trades' },
    },
    {
      frame: answer(true, 'subscribe', 'orderbook.1.BTCUSDT'),
      control: { kind: 'subscribed', symbols: ['BTCUSDT'], channel: 'quotes' },
    },
    { frame: answer(true, 'subscribe'), control: { kind: 'subscribed' } },
    {
      frame: answer(true, '', 'publicTrade.BTCUSDT').replace('"op":"subscribe"', '"op":"unsubscribe"'),
      control: { kind: 'ended', symbols: ['BTCUSDT'], channel: 'trades' },
    },
    {
      frame: answer(false, 'error:already subscribed,topic:publicTrade.BTCUSDT', 'publicTrade.BTCUSDT'),
      control: {
        kind: 'rejected',
        detail: '"error:already subscribed,topic:publicTrade.BTCUSDT"',
        symbols: ['BTCUSDT'],
        channel: 'trades',
      },
    },
    {
      frame: answer(false, 'Invalid symbol :[publicTrade.BTCXXX]', 'publicTrade.BTCXXX'),
      control: {
        kind: 'rejected',
        detail: '"Invalid symbol :[publicTrade.BTCXXX]"',
        symbols: ['BTCXXX'],
        channel: 'trades',
      },
    },
    { frame: '{"success":true,"ret_msg":"pong","conn_id":"d9avt8-1","op":"ping"}', control: { kind: 'heartbeat' } },
    {
      frame: '{"success":false,"ret_msg":"unknown op","conn_id":"d9avt8-1","op":""}',
      control: { kind: 'error', detail: '"unknown op"' },
    },
    { frame: '{"topic":"orderbook.50.BTCUSDT","type":"snapshot","data":{"b":[],"a":[]}}', ignored: true },
    // Differences, as until 2023.
    { frame: book(7_002).replace('snapshot', 'delta'), refused: 'unknown_message' },
    { frame: '{"topic":"orderbook.1.BTCUSDT","type":"snapshot","data":[]}', refused: 'malformed_frame' },
    { frame: '{"topic":"orderbook.1.BTCUSDT","type":"snapshot","data":{"b":[],"a":[]}}', refused: 'rejected_value' },
    { frame: book(7_001).replace('"0.996816"', '0.996816'), refused: 'rejected_value' },
    { frame: book(7_001).replace('[["28165.08","0.996816"]]', '{}'), refused: 'rejected_value' },
    { frame: book(7_001).replace(',"cts":1680652806501', ''), refused: 'rejected_value' },
    { frame: trade(FIRST, 'None'), refused: 'rejected_value' },
    // The id of a derivative, and one beyond 64 bits.
    { frame: trade('20f43950-d8dd-5b31-9112-a178eb6023af'), refused: 'rejected_value' },
    { frame: trade('18446744073709551616'), refused: 'rejected_value' },
    { frame: trade(FIRST).replace('1722945600123', '"1722945600123"'), refused: 'rejected_value' },
    { frame: trade(FIRST).replace('"55000.5"', '55000.5'), refused: 'rejected_value' },
    { frame: '{"topic":"publicTrade.BTCUSDT","data":{}}', refused: 'malformed_frame' },
    { frame: '{"topic":"anything"}', refused: 'unknown_message' },
  ],
  stretch: [
    trade(FIRST),
    trade(FIRST + 5n, 'Buy', 'ETHUSDT'),
    trade(FIRST + 1n),
    frameOf([item(FIRST + 4n), item(FIRST + 5n)]),
    trade(FIRST + 9n),
  ],
  session: { frames: () => captureFrames('BYBIT', 'captures-2026', '3'), trades: 7, skip: skipWithoutData },
}
