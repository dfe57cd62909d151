import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const match = (id: number) =>
  `{"type":"match","trade_id":${id},"maker_order_id":"4c2aa376-4bda-4947-84ee-4dc5a6337cba","taker_order_id":"247a6eb2-b5c1-42db-b0ac-cb74b85bcac8","side":"buy","size":"0.97133855","price":"4.97800000","product_id":"ETC-GBP","sequence":253395153,"time":"2019-08-01T00:00:03.816000Z"}`

export const evidence: VenueEvidence = {
  document: 'https://docs.cdp.coinbase.com/exchange/websocket-feed/channels',
  frames: [
    {
      frame: match(881_613),
      trades: [
        {
          symbol: 'ETC-GBP',
          micros: 1_564_617_603_816_000,
          nanos: 0,
          price: 4.978,
          volume: 0.97133855,
          // The frame names the maker's side.
          side: 'sell',
          tradeId: 881_613,
        },
      ],
    },
    {
      frame: '{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}',
      control: { kind: 'subscribed', symbols: ['BTC-USD'], all: true },
    },
    {
      frame:
        '{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}',
      control: { kind: 'heartbeat', symbol: 'BTC-USD', lastTradeId: 20 },
    },
    {
      frame: '{"type":"error","message":"Failed to subscribe","reason":"A-B is not a valid product"}',
      control: { kind: 'rejected', detail: '"Failed to subscribe": "A-B is not a valid product"' },
    },
    { frame: '{"type":"ticker","product_id":"BTC-USD"}', ignored: true },
    { frame: '{"type":"match","product_id":"BTC-USD"}', refused: 'rejected_value' },
  ],
  stretch: [match(881_613), match(881_614), match(881_615)],
  session: { frames: () => captureFrames('COINBASE'), trades: 107, skip: skipWithoutData },
}
