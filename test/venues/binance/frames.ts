import type { VenueEvidence } from '../../contracts/venue.ts'
import { binanceSession, skipWithoutData } from '../../support/data/recorded-data.ts'

const trade = (id: number, symbol: string) =>
  `{"stream":"${symbol.toLowerCase()}@trade","data":{"e":"trade","E":1723161255343,"s":"${symbol}","t":${id},"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}`

/** The example of web-socket-streams.md with other values. */
const kline = (bar: object) =>
  JSON.stringify({
    stream: 'bnbbtc@kline_1m',
    data: {
      ...{ e: 'kline', E: 1_672_515_782_136, s: 'BNBBTC' },
      k: {
        ...{ t: 1_672_515_780_000, T: 1_672_515_839_999, s: 'BNBBTC', i: '1m', f: 100, L: 200 },
        ...{ o: '0.0010', c: '0.0020', h: '0.0025', l: '0.0015', v: '1000', n: 101, x: false },
        ...{ q: '1.0000', V: '500', Q: '0.500', B: '123456', ...bar },
      },
    },
  })

/** Binance states no time of a quote. */
const BNB = {
  ...{ symbol: 'BNBUSDT', micros: 0, nanos: 0, flags: 0 },
  bid: [25.3519, 31.21] as [number, number],
  ask: [25.3652, 40.66] as [number, number],
}

export const evidence: VenueEvidence = {
  document: 'https://github.com/binance/binance-spot-api-docs/blob/master/web-socket-streams.md',
  frames: [
    {
      frame: trade(3_735_683_259, 'BTCUSDT'),
      trades: [
        {
          symbol: 'BTCUSDT',
          micros: 1_723_161_255_342_000,
          nanos: 0,
          price: 61_837.63,
          volume: 0.02,
          side: 'sell',
          tradeId: 3_735_683_259,
        },
      ],
    },
    {
      frame:
        '{"stream":"bnbbtc@trade","data":{"e":"trade","E":1554076800945,"s":"BNBBTC","t":40756030,"p":"0.00426990","q":"33.82000000","b":133829535,"a":133829504,"T":1554076800940,"m":false,"M":true}}',
      trades: [
        {
          symbol: 'BNBBTC',
          micros: 1_554_076_800_940_000,
          nanos: 0,
          price: 0.0042699,
          volume: 33.82,
          side: 'buy',
          tradeId: 40_756_030,
        },
      ],
    },
    {
      frame:
        '{"e":"trade","E":1723161255343001,"s":"1000SATSUSDT","t":9007199254740992,"p":"100000000.00000000","q":"1","T":1723161255342001,"m":false,"M":true}',
      trades: [
        {
          symbol: '1000SATSUSDT',
          micros: 1_723_161_255_342_001,
          nanos: 0,
          price: 1e8,
          volume: 1,
          side: 'buy',
          tradeId: 9_007_199_254_740_992n,
        },
      ],
    },
    {
      frame: '{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}',
      quotes: [{ ...BNB, sequence: 400_900_217 }],
    },
    {
      frame:
        '{"stream":"bnbusdt@bookTicker","data":{"u":9007199254740993,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}}',
      quotes: [{ ...BNB, sequence: 9_007_199_254_740_993n }],
    },
    { frame: '{"u":1,"s":"BNBUSDT","b":"x","B":"1","a":"2","A":"1"}', refused: 'rejected_value' },
    { frame: '{"lastUpdateId":160,"bids":[["0.0024","10"]],"asks":[["0.0026","100"]]}', ignored: true },
    {
      frame: '{"e":"serverShutdown","E":1770123456789}',
      control: { kind: 'closing', detail: 'the server announces its shutdown' },
    },
    { frame: '{"result":null,"id":"SUBSCRIBE"}', control: { kind: 'subscribed' } },
    {
      frame: kline({ f: 100, L: 200, n: 101 }),
      control: {
        kind: 'witness',
        symbol: 'BNBBTC',
        sinceMicros: 1_672_515_780_000_000,
        trades: 101,
        lastTradeId: 200,
        volume: '1000',
      },
    },
    // A minute without a trade names none.
    {
      frame: kline({ f: -1, L: -1, n: 0 }),
      control: { kind: 'witness', symbol: 'BNBBTC', sinceMicros: 1_672_515_780_000_000, trades: 0, volume: '1000' },
    },
    { frame: kline({ f: 100, L: 200, n: 100 }), ignored: true },
    { frame: kline({ f: -1, L: 200, n: 202 }), ignored: true },
    { frame: kline({ n: 'many' }), refused: 'malformed_frame' },
    { frame: kline({ i: '1h' }), ignored: true },
    // Answers about these streams confirm and refuse no ticks.
    { frame: '{"result":null,"id":"witness"}', control: { kind: 'heartbeat' } },
    {
      frame: '{"error":{"code":2,"msg":"Service unavailable"},"id":"witness"}',
      control: { kind: 'error', detail: 'witness streams: "Service unavailable"' },
    },
    { frame: '{"e":"trade","s":"BNBUSDT"}', refused: 'rejected_value' },
  ],
  stretch: [
    trade(3_735_683_259, 'BTCUSDT'),
    trade(1_500_000_000, 'ETHUSDT'),
    trade(3_735_683_260, 'BTCUSDT'),
    trade(3_735_683_261, 'BTCUSDT'),
  ],
  session: { frames: () => binanceSession('btcusdt'), trades: 9757, skip: skipWithoutData },
}
