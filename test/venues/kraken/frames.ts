import type { VenueEvidence } from '../../contracts/venue.ts'

const trade = (id: number, symbol = 'BTC/USD') =>
  `{"symbol":"${symbol}","side":"buy","price":105944.20,"qty":0.00027625,"ord_type":"limit","trade_id":${id},"timestamp":"2023-10-06T17:35:55.440295Z"}`
const update = (...trades: string[]) => `{"channel":"trade","type":"update","data":[${trades.join(',')}]}`

const bars = (...items: string[]) =>
  `{"channel":"ohlc","type":"update","timestamp":"2023-10-04T16:26:30.524394914Z","data":[${items.join()}]}`

export const evidence: VenueEvidence = {
  document: 'https://docs.kraken.com/api/docs/websocket-v2/trade',
  frames: [
    {
      frame: bars(
        '{"symbol":"BTC/USD","open":1.1,"high":1.2,"low":1.0,"close":1.1,"trades":23,"volume":42.5,"vwap":1.1,"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":1,"timestamp":"2023-10-04T16:26:00.000000Z"}',
        '{"symbol":"ETH/USD","trades":0,"interval_begin":"2023-10-04T16:25:00.000000000Z","interval":1}',
      ),
      controls: [
        { kind: 'witness', symbol: 'BTC/USD', sinceMicros: 1_696_436_700_000_000, trades: 23, volume: '42.5' },
        { kind: 'witness', symbol: 'ETH/USD', sinceMicros: 1_696_436_700_000_000, trades: 0 },
      ],
    },
    { frame: bars('{"symbol":"BTC/USD","trades":1,"interval_begin":"soon","interval":1}'), refused: 'malformed_frame' },
    {
      frame: bars('{"symbol":"BTC/USD","trades":1,"interval_begin":"2023-10-04T16:25:00Z","interval":5}'),
      ignored: true,
    },
    {
      frame:
        '{"method":"subscribe","result":{"channel":"ohlc","interval":1,"snapshot":false,"symbol":"BTC/USD"},"success":true}',
      control: { kind: 'subscribed', symbols: ['BTC/USD'], channel: 'witness' },
    },
    {
      frame: update(
        trade(10_218_208),
        '{"symbol":"ETH/USD","side":"sell","price":1.05e3,"qty":1234567890.123456789,"ord_type":"market","trade_id":18446744073709551615,"timestamp":"2023-10-06T17:35:55.440295Z"}',
      ),
      trades: [
        {
          symbol: 'BTC/USD',
          micros: 1_696_613_755_440_295,
          nanos: 0,
          price: 105_944.2,
          volume: 0.00027625,
          side: 'buy',
          tradeId: 10_218_208,
        },
        {
          symbol: 'ETH/USD',
          micros: 1_696_613_755_440_295,
          nanos: 0,
          price: 1050,
          volume: 1_234_567_890.1234567,
          side: 'sell',
          tradeId: 18_446_744_073_709_551_615n,
        },
      ],
    },
    {
      frame:
        '{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2023-10-06T17:35:55.440295Z"}',
      control: { kind: 'subscribed', symbols: ['BTC/USD'], channel: 'trades' },
    },
    { frame: '{"channel":"heartbeat"}', control: { kind: 'heartbeat' } },
    {
      frame:
        '{"channel":"ticker","type":"update","data":[{"symbol":"BTC/USD","bid":63297.7,"bid_qty":5.45673101,"ask":63297.8,"ask_qty":0.36974422,"last":63297.8,"volume":1020.88391276,"vwap":63685.7,"low":63250,"high":64409.2,"change":0.7,"change_pct":0,"trades":47536,"timestamp":"2026-08-12T19:29:02.066592Z"}]}',
      quotes: [
        {
          symbol: 'BTC/USD',
          micros: 1_786_562_942_066_592,
          nanos: 0,
          bid: [63_297.7, 5.45673101],
          ask: [63_297.8, 0.36974422],
          sequence: 0,
          flags: 0,
        },
      ],
    },
    {
      frame:
        '{"channel":"ticker","type":"update","data":[{"symbol":"ETH/USDT","bid":0.10025,"bid_qty":740.0,"ask":0.10035,"ask_qty":740.0,"last":0.10035}]}',
      quotes: [
        { symbol: 'ETH/USDT', micros: 0, nanos: 0, bid: [0.10025, 740], ask: [0.10035, 740], sequence: 0, flags: 0 },
      ],
    },
    {
      frame:
        '{"method":"subscribe","result":{"channel":"ticker","event_trigger":"bbo","snapshot":true,"symbol":"BTC/USD"},"success":true}',
      control: { kind: 'subscribed', symbols: ['BTC/USD'], channel: 'quotes' },
    },
    {
      frame:
        '{"method":"unsubscribe","result":{"channel":"ticker","event_trigger":"bbo","symbol":"BTC/USD"},"success":true}',
      control: { kind: 'ended', symbols: ['BTC/USD'], channel: 'quotes' },
    },
    { frame: '{"channel":"book","data":[]}', ignored: true },
    { frame: '{"channel":"trade","type":"update","data":[7]}', refused: 'malformed_frame' },
  ],
  stretch: [update(trade(10_218_208), trade(10_218_209)), update(trade(5_000, 'ETH/USD')), update(trade(10_218_210))],
}
