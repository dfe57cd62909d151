import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const trade = (id: number, pair = 'btcusd') =>
  `{"data":{"id":${id},"timestamp":"1722945600","amount":0.1234,"amount_str":"0.12340000","price":55000.5,"price_str":"55000.50","type":0,"microtimestamp":"1722945600123456","buy_order_id":1775000000000001,"sell_order_id":1775000000000002},"channel":"live_trades_${pair}","event":"trade"}`
const message = (event: string, channel: string, data: object | string = {}) => JSON.stringify({ event, channel, data })

/** In the form of the document. */
const book = (bids: unknown, asks: unknown) =>
  message('data', 'order_book_btcusd', {
    timestamp: '1722945600',
    microtimestamp: '1722945600123456',
    ...{ bids, asks },
  })
const QUOTE = {
  symbol: 'btcusd',
  micros: 1_722_945_600_123_456,
  nanos: 0,
  bid: [55_000, 0.1234] as [number, number],
  ask: [55_001, 1e-8] as [number, number],
  sequence: 0,
  flags: 1,
}

export const evidence: VenueEvidence = {
  document: 'https://www.bitstamp.net/websocket/v2/',
  frames: [
    {
      frame: trade(350_000_001),
      trades: [
        {
          symbol: 'btcusd',
          micros: 1_722_945_600_123_456,
          nanos: 0,
          price: 55_000.5,
          volume: 0.1234,
          side: 'buy',
          tradeId: 350_000_001,
        },
      ],
    },
    {
      frame: message('bts:subscription_succeeded', 'live_trades_btcusd'),
      control: { kind: 'subscribed', symbols: ['btcusd'], channel: 'trades' },
    },
    {
      frame: message('bts:unsubscription_succeeded', 'live_trades_btcusd'),
      control: { kind: 'ended', symbols: ['btcusd'], channel: 'trades' },
    },
    { frame: message('bts:heartbeat', '', { status: 'success' }), control: { kind: 'heartbeat' } },
    {
      frame: message('bts:request_reconnect', '', ''),
      control: { kind: 'closing', detail: 'the server requests a reconnect' },
    },
    {
      frame: message('bts:error', '', { code: 4009, message: 'Bad subscription string.' }),
      control: { kind: 'rejected', detail: '"Bad subscription string." (code 4009)' },
    },
    {
      frame: message('bts:error', '', { code: null, message: 'Bad request.' }),
      control: { kind: 'error', detail: '"Bad request." (code null)' },
    },
    { frame: message('data', 'diff_order_book_btcusd', { bids: [], asks: [] }), ignored: true },
    { frame: trade(350_000_001).replace('"type":0', '"type":2'), refused: 'rejected_value' },
    { frame: trade(350_000_001).replace('1722945600123456', '1722945600'), refused: 'rejected_value' },
    { frame: trade(350_000_001).replace('live_trades_', 'live_orders_'), refused: 'rejected_value' },
    {
      frame: message('bts:subscription_succeeded', 'order_book_btcusd'),
      control: { kind: 'subscribed', symbols: ['btcusd'], channel: 'quotes' },
    },
    {
      frame: message('bts:unsubscription_succeeded', 'order_book_btcusd'),
      control: { kind: 'ended', symbols: ['btcusd'], channel: 'quotes' },
    },
    { frame: message('bts:subscription_succeeded', 'diff_order_book_btcusd'), ignored: true },
    {
      // Received, from crypto-msg-parser's tests.
      frame:
        '{"channel":"live_trades_btcusd","data":{"amount":1e-08,"amount_str":"1E-8","buy_order_id":1341285759094784,"id":158457579,"microtimestamp":"1616297318187000","price":57748.8,"price_str":"57748.80","sell_order_id":1341285698236416,"timestamp":"1616297318","type":0},"event":"trade"}',
      trades: [
        {
          symbol: 'btcusd',
          micros: 1_616_297_318_187_000,
          nanos: 0,
          price: 57_748.8,
          volume: 1e-8,
          side: 'buy',
          tradeId: 158_457_579,
        },
      ],
    },
    {
      frame: book(
        [
          ['55000', '0.12340000'],
          ['54999', '3'],
        ],
        [['55001', '1E-8']],
      ),
      quotes: [QUOTE],
    },
    { frame: book([], [['55001', '1E-8']]), quotes: [{ ...QUOTE, bid: [0, 0] }] },
    { frame: book([['55000', '0.12340000']], 7), refused: 'rejected_value' },
    { frame: book([['55000', '0.12340000']], [[55001, 1]]), refused: 'rejected_value' },
    { frame: book([['55000', '0.12340000']], [['55001', '1E-999']]), refused: 'rejected_value' },
    { frame: message('data', 'order_book_btcusd', 'x'), refused: 'rejected_value' },
    { frame: message('bts:anything', ''), refused: 'unknown_message' },
  ],
  stretch: [
    trade(350_000_001),
    trade(350_000_002, 'ethusd'),
    trade(350_000_004),
    trade(350_000_005),
    trade(350_000_019),
  ],
  session: { frames: () => captureFrames('BITSTAMP'), trades: 10, skip: skipWithoutData },
}
