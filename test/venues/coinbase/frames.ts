import { QUOTE_FLAG } from '../../../src/tick/quotes/quotes.ts'
import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

const match = (id: number) =>
  `{"type":"match","trade_id":${id},"maker_order_id":"4c2aa376-4bda-4947-84ee-4dc5a6337cba","taker_order_id":"247a6eb2-b5c1-42db-b0ac-cb74b85bcac8","side":"buy","size":"0.97133855","price":"4.97800000","product_id":"ETC-GBP","sequence":253395153,"time":"2019-08-01T00:00:03.816000Z"}`

const SNAPSHOT =
  '{"type":"snapshot","product_id":"BTC-USD","asks":[["37212.77","0.05724592"],["37215.39","0.00900000"]],"bids":[["37209.96","0.04016376"],["37209.32","0.00192256"]]}'

const change = (changes: string) =>
  `{"type":"l2update","product_id":"BTC-USD","changes":[${changes}],"time":"2022-09-01T12:00:01.123456Z"}`

/** The top of a book that we built. The snapshot has no time. */
const top = (bid: [number, number], ask: [number, number], micros = 0) => ({
  ...{ symbol: 'BTC-USD', micros, nanos: 0, bid, ask },
  ...{ sequence: 0, flags: QUOTE_FLAG.derived },
})

export const evidence: VenueEvidence = {
  document: 'https://docs.cdp.coinbase.com/exchange/websocket-feed/channels',
  frames: [
    { frame: SNAPSHOT.replace('BTC-USD', ''), refused: 'malformed_frame' },
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
      controls: [
        { kind: 'subscribed', symbols: ['BTC-USD'], all: true, channel: 'trades' },
        { kind: 'subscribed', symbols: [], all: true, channel: 'quotes' },
      ],
    },
    {
      frame:
        '{"type":"subscriptions","channels":[{"name":"level2_50","product_ids":["BTC-USD","ETH-USD"]},{"name":"matches","product_ids":["BTC-USD"]}]}',
      controls: [
        { kind: 'subscribed', symbols: ['BTC-USD'], all: true, channel: 'trades' },
        { kind: 'subscribed', symbols: ['BTC-USD', 'ETH-USD'], all: true, channel: 'quotes' },
      ],
    },
    { frame: SNAPSHOT, quotes: [top([37_209.96, 0.04016376], [37_212.77, 0.05724592])] },
    {
      after: [SNAPSHOT],
      frame: change('["buy","37209.96","0"],["buy","37211.00","1.5"]'),
      quotes: [top([37_211, 1.5], [37_212.77, 0.05724592], 1_662_033_601_123_456)],
    },
    { after: [SNAPSHOT], frame: change('["sell","37215.39","7"]'), ignored: true },
    { frame: change('["sell","37215.39","7"]'), ignored: true },
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
    { frame: '{"type":"snapshot","product_id":"","asks":[["2","1"]],"bids":[["1","1"]]}', refused: 'malformed_frame' },
  ],
  stretch: [match(881_613), match(881_614), match(881_615)],
  session: { frames: () => captureFrames('COINBASE'), trades: 107, skip: skipWithoutData },
}
