import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const FIRST = 2_290_000_000_700_000_001n

const item = (id: bigint | string, side = 'Buy', symbol = 'BTCUSDT') =>
  `{"i":"${id}","T":1722945600123,"p":"55000.5","v":"0.1234","S":"${side}","seq":112000000001,"s":"${symbol}","BT":false,"RPI":false}`
const frameOf = (items: string[], symbol = 'BTCUSDT') =>
  `{"topic":"publicTrade.${symbol}","ts":1722945600125,"type":"snapshot","data":[${items.join()}]}`
const trade = (id: bigint | string, side = 'Buy', symbol = 'BTCUSDT') => frameOf([item(id, side, symbol)], symbol)
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
    {
      frame: answer(true, 'subscribe', 'publicTrade.BTCUSDT'),
      control: { kind: 'subscribed', symbols: ['BTCUSDT'] },
    },
    { frame: answer(true, 'subscribe'), control: { kind: 'subscribed' } },
    {
      frame: answer(true, '', 'publicTrade.BTCUSDT').replace('"op":"subscribe"', '"op":"unsubscribe"'),
      control: { kind: 'ended', symbols: ['BTCUSDT'] },
    },
    {
      frame: answer(false, 'error:already subscribed,topic:publicTrade.BTCUSDT', 'publicTrade.BTCUSDT'),
      control: {
        kind: 'rejected',
        detail: '"error:already subscribed,topic:publicTrade.BTCUSDT"',
        symbols: ['BTCUSDT'],
      },
    },
    {
      frame: answer(false, 'Invalid symbol :[publicTrade.BTCXXX]', 'publicTrade.BTCXXX'),
      control: { kind: 'rejected', detail: '"Invalid symbol :[publicTrade.BTCXXX]"', symbols: ['BTCXXX'] },
    },
    { frame: '{"success":true,"ret_msg":"pong","conn_id":"d9avt8-1","op":"ping"}', control: { kind: 'heartbeat' } },
    {
      frame: '{"success":false,"ret_msg":"unknown op","conn_id":"d9avt8-1","op":""}',
      control: { kind: 'error', detail: '"unknown op"' },
    },
    { frame: '{"topic":"orderbook.1.BTCUSDT","type":"snapshot","data":{"b":[],"a":[]}}', ignored: true },
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
