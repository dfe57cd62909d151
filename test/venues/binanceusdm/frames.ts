import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

/** As recorded in October 2026, with other ids. */
const trade = (id: number, first: number, last: number, symbol = 'BTCUSDT') =>
  `{"stream":"${symbol.toLowerCase()}@aggTrade","data":{"e":"aggTrade","E":1791391082024,"a":${id},"s":"${symbol}","p":"83434.40","q":"0.016","nq":"0.016","f":${first},"l":${last},"T":1791391081874,"m":true,"st":1}}`

const first = {
  symbol: 'BTCUSDT',
  micros: 1_791_391_081_874_000,
  nanos: 0,
  price: 83_434.4,
  volume: 0.016,
  side: 'sell',
  tradeId: 3_478_018_549,
  joined: [8_154_045_700, 8_154_045_704] as [number, number],
}

/** As recorded in September and October 2026. */
const mark =
  '{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1790526539000,"s":"BTCUSDT","p":"84551.10762319","ap":"84551.10762319","P":"84559.09090930","i":"84590.87304348","r":"0.00000801","T":1790553600000,"st":1}}'
const liquidation =
  '{"stream":"xrpusdt@forceOrder","data":{"e":"forceOrder","E":1791091175227,"o":{"s":"XRPUSDT","S":"BUY","o":"LIMIT","f":"IOC","q":"127.2","p":"1.4984","ap":"1.4912","X":"FILLED","l":"108.1","z":"127.2","T":1791091174219,"ps":"XRPUSDT","st":1}}}'

const firstMark = {
  symbol: 'BTCUSDT',
  mark_price: 84_551.10762319,
  index_price: 84_590.87304348,
  settle_price: 84_559.0909093,
  funding_rate: 0.00000801,
  timestamp: 1_790_526_539_000_000,
  next_funding_at: 1_790_553_600_000_000,
}

const firstLiquidation = {
  ...{ symbol: 'XRPUSDT', side: 'buy', order_type: 'LIMIT', time_in_force: 'IOC', status: 'FILLED' },
  ...{ price: 1.4984, size: 127.2, average_price: 1.4912, filled_size: 127.2, timestamp: 1_791_091_174_219_000 },
}

export const evidence: VenueEvidence = {
  document: 'https://developers.binance.com/docs/derivatives/usds-margined-futures/websocket-market-streams',
  frames: [
    { frame: trade(3_478_018_549, 8_154_045_700, 8_154_045_704), trades: [first] },
    // Of 2021, without its stream.
    {
      frame:
        '{"e":"aggTrade","E":1616202009196,"a":389551486,"s":"BTCUSDT","p":"58665.00","q":"0.043","f":621622993,"l":621622993,"T":1616202009188,"m":false}',
      trades: [
        {
          symbol: 'BTCUSDT',
          micros: 1_616_202_009_188_000,
          nanos: 0,
          price: 58_665,
          volume: 0.043,
          side: 'buy',
          tradeId: 389_551_486,
          joined: [621_622_993, 621_622_993],
        },
      ],
    },
    {
      frame:
        '{"stream":"btcusdt@bookTicker","data":{"e":"bookTicker","u":185130926750,"s":"BTCUSDT","ps":"BTCUSDT","b":"33134.42","B":"0.170","a":"33139.39","A":"0.380","T":1612137603568,"E":1612137603571,"st":1}}',
      quotes: [
        {
          symbol: 'BTCUSDT',
          micros: 1_612_137_603_568_000,
          nanos: 0,
          bid: [33_134.42, 0.17],
          ask: [33_139.39, 0.38],
          sequence: 185_130_926_750,
          flags: 0,
        },
      ],
    },
    { frame: mark, marks: [firstMark] },
    // Rates may be negative. A contract that expires has no funding.
    { frame: mark.replace('"0.00000801"', '"-0.00006042"'), marks: [{ ...firstMark, funding_rate: -0.00006042 }] },
    {
      frame: mark.replace('"0.00000801"', '""').replace('1790553600000', '0'),
      marks: [{ ...firstMark, funding_rate: 0, next_funding_at: 0 }],
    },
    { frame: liquidation, liquidations: [firstLiquidation] },
    // The document's example, without its stream.
    {
      frame:
        '{"e":"forceOrder","E":1568014460893,"o":{"s":"BTCUSDT","S":"SELL","o":"LIMIT","f":"IOC","q":"0.014","p":"9910","ap":"9910","X":"FILLED","l":"0.014","z":"0.014","T":1568014460893}}',
      liquidations: [
        {
          ...{ symbol: 'BTCUSDT', side: 'sell', order_type: 'LIMIT', time_in_force: 'IOC', status: 'FILLED' },
          ...{ price: 9910, size: 0.014, average_price: 9910, filled_size: 0.014 },
          timestamp: 1_568_014_460_893_000,
        },
      ],
    },
    { frame: mark.replace('"84551.10762319","ap"', '"","ap"'), refused: 'rejected_value' },
    { frame: mark.replace('"i":"84590.87304348"', '"i":84590'), refused: 'rejected_value' },
    { frame: mark.replace('"0.00000801"', '"0.1%"'), refused: 'rejected_value' },
    { frame: mark.replace('"T":1790553600000', '"T":"soon"'), refused: 'rejected_value' },
    { frame: mark.replace('"E":1790526539000', '"E":-1'), refused: 'timestamp_out_of_range' },
    { frame: mark.replace('"s":"BTCUSDT"', '"s":7'), refused: 'rejected_value' },
    { frame: liquidation.replace('"BUY"', '"BOTH"'), refused: 'rejected_value' },
    { frame: liquidation.replace('"p":"1.4984"', '"p":"x"'), refused: 'rejected_value' },
    { frame: liquidation.replace('"T":1791091174219', '"T":null'), refused: 'rejected_value' },
    { frame: '{"e":"forceOrder","E":1,"o":[]}', refused: 'malformed_frame' },
    // The raw stream, which is in no document any more.
    {
      frame:
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":1596240000596,"T":1596240000519,"s":"BTCUSDT","t":173525189,"p":"11343.67","q":"0.467","X":"MARKET","m":true}}',
      ignored: true,
    },
    { frame: '{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[],"a":[]}', ignored: true },
    { frame: '{"result":null,"id":"SUBSCRIBE"}', control: { kind: 'subscribed' } },
    { frame: '{"result":null,"id":"UNSUBSCRIBE"}', control: { kind: 'heartbeat' } },
    {
      frame: '{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":"SUBSCRIBE"}',
      control: { kind: 'rejected', detail: '"Invalid request: unknown variant" (code 2)' },
    },
    {
      frame: '{"e":"serverShutdown","E":1770123456789}',
      control: { kind: 'closing', detail: 'the server announces its shutdown' },
    },
    // Of 2019, without its own id; ranges that are none; a spot quote, which states no time.
    { frame: trade(1, 2, 3).replace('"a":1,', ''), refused: 'rejected_value' },
    { frame: trade(1, 3, 2), refused: 'rejected_value' },
    { frame: trade(1, 2, 3).replace('"f":2,', ''), refused: 'rejected_value' },
    { frame: trade(1, 2, 3).replace('"l":3', '"l":"3"'), refused: 'rejected_value' },
    { frame: trade(1, 2, 3).replace('1791391081874', '1791391081874000'), refused: 'rejected_value' },
    {
      frame: '{"u":400900217,"s":"BNBUSDT","b":"25.3519","B":"31.21","a":"25.3652","A":"40.66"}',
      refused: 'unknown_message',
    },
    { frame: '{"e":"bookTicker","u":1,"s":"BTCUSDT","b":"1","B":"1","a":"2","A":"1"}', refused: 'rejected_value' },
    { frame: '{"e":"anything"}', refused: 'unknown_message' },
    { frame: '{"stream":"btcusdt@aggTrade","data":[]}', refused: 'malformed_frame' },
  ],
  stretch: [
    trade(500, 900, 900),
    trade(7, 30, 41, 'ETHUSDT'),
    trade(501, 901, 905),
    // A trade between them is in no stream.
    trade(502, 907, 907),
    trade(8, 42, 42, 'ETHUSDT'),
  ],
  session: { frames: () => captureFrames('BINANCE_FUTURES'), trades: 49, skip: skipWithoutData },
}
