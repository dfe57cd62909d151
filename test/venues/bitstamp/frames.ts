import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const trade = (id: number, pair = 'btcusd') =>
  `{"data":{"id":${id},"timestamp":"1722945600","amount":0.1234,"amount_str":"0.12340000","price":55000.5,"price_str":"55000.50","type":0,"microtimestamp":"1722945600123456","buy_order_id":1775000000000001,"sell_order_id":1775000000000002},"channel":"live_trades_${pair}","event":"trade"}`
const message = (event: string, channel: string, data: object | string = {}) => JSON.stringify({ event, channel, data })

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
      control: { kind: 'subscribed', symbols: ['btcusd'] },
    },
    {
      frame: message('bts:unsubscription_succeeded', 'live_trades_btcusd'),
      control: { kind: 'ended', symbols: ['btcusd'] },
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
    { frame: message('bts:subscription_succeeded', 'order_book_btcusd'), ignored: true },
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
