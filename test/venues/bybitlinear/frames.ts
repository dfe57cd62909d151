import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

/** Of a frame recorded on 9 August 2026, with their hashes. */
const IDS = [
  ['19d7df56-4f10-5290-a969-d9d9f2c74cc3', 0xb0be068fbdd71e53n],
  ['4d4ad26c-901f-5146-adc0-1db29b6b9ab6', 0xe08acfde0b74cbf0n],
  ['031145f9-efdc-5dc3-a03d-5f01f40c6222', 0xa32c1af81bd03fe1n],
] as const

const item = (id: string, symbol = 'ETHUSDT') =>
  `{"T":1786310820346,"s":"${symbol}","S":"Buy","v":"0.01","p":"1922.50","L":"PlusTick","i":"${id}","BT":false,"RPI":false,"seq":430879434439}`
const trades = (...items: string[]) =>
  `{"topic":"publicTrade.ETHUSDT","type":"snapshot","ts":1786310820347,"data":[${items.join()}]}`

const first = {
  symbol: 'ETHUSDT',
  micros: 1_786_310_820_346_000,
  nanos: 0,
  price: 1922.5,
  volume: 0.01,
  side: 'buy',
  tradeId: IDS[0][1],
}

/** As recorded on 9 August 2026, without fields that are not read. */
const ticker = (type: string, fields: string) =>
  `{"topic":"tickers.BTCUSDT","type":"${type}","data":{"symbol":"BTCUSDT",${fields}},"cs":753843907770,"ts":1786310817583}`
const snapshot = ticker(
  'snapshot',
  '"lastPrice":"65114.30","markPrice":"65117.44","indexPrice":"65137.76","nextFundingTime":"1786320000000","fundingRate":"0.0001","bid1Price":"65114.20"',
)

const firstMark = {
  symbol: 'BTCUSDT',
  mark_price: 65_117.44,
  index_price: 65_137.76,
  settle_price: 0,
  funding_rate: 0.0001,
  timestamp: 1_786_310_817_583_000,
  next_funding_at: 1_786_320_000_000_000,
}

/** As recorded on 9 October 2026: long positions, closed by selling. */
const liquidations =
  '{"topic":"allLiquidation.BTCUSDT","type":"snapshot","ts":1791565601482,"data":[{"T":1791565600992,"s":"BTCUSDT","S":"Buy","v":"0.006","p":"82396.90"},{"T":1791565601058,"s":"BTCUSDT","S":"Buy","v":"0.038","p":"82394.30"}]}'

const firstLiquidation = {
  ...{ symbol: 'BTCUSDT', side: 'sell', order_type: '', time_in_force: '', status: '' },
  ...{ price: 82_396.9, size: 0.006, average_price: 0, filled_size: 0, timestamp: 1_791_565_600_992_000 },
}

export const evidence: VenueEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/websocket/public/trade',
  frames: [
    {
      frame: trades(...IDS.map(([id]) => item(id))),
      trades: IDS.map(([, tradeId]) => ({ ...first, tradeId })),
    },
    {
      frame:
        '{"topic":"orderbook.1.BTCUSDT","type":"snapshot","ts":1680673820717,"data":{"s":"BTCUSDT","b":[["28552.00","0.047"]],"a":[["28552.10","25.433"]],"u":7003305,"seq":50193540681},"cts":1680673820715}',
      quotes: [
        {
          symbol: 'BTCUSDT',
          micros: 1_680_673_820_715_000,
          nanos: 0,
          bid: [28_552, 0.047],
          ask: [28_552.1, 25.433],
          sequence: 7_003_305,
          flags: 0,
        },
      ],
    },
    {
      frame:
        '{"success":true,"ret_msg":"","conn_id":"d8bu1olkndm7crnfs1e0-j6akw","req_id":"publicTrade.ETHUSDT","op":"subscribe"}',
      control: { kind: 'subscribed', symbols: ['ETHUSDT'], channel: 'trades' },
    },
    { frame: snapshot, marks: [firstMark] },
    {
      frame: ticker('delta', '"markPrice":"65117.43","openInterestValue":"3899995666.09"'),
      after: [snapshot],
      marks: [{ ...firstMark, mark_price: 65_117.43 }],
    },
    {
      frame: ticker('delta', '"fundingRate":"-0.0002"'),
      after: [snapshot, ticker('delta', '"indexPrice":"65138"')],
      marks: [{ ...firstMark, index_price: 65_138, funding_rate: -0.0002 }],
    },
    // A snapshot says all: here of a contract that expires, by the document.
    {
      frame: ticker(
        'snapshot',
        '"markPrice":"65117.44","indexPrice":"65137.76","predictedDeliveryPrice":"65100","nextFundingTime":"0","fundingRate":""',
      ),
      after: [snapshot],
      marks: [{ ...firstMark, settle_price: 65_100, funding_rate: 0, next_funding_at: 0 }],
    },
    {
      frame: ticker('delta', '"bid1Price":"65114.20","bid1Size":"6.054"'),
      after: [snapshot],
      control: { kind: 'heartbeat', symbol: 'BTCUSDT', channel: 'marks' },
    },
    { frame: ticker('delta', '"indexPrice":"65138"'), refused: 'rejected_value' },
    { frame: snapshot.replace('"1786320000000"', '"soon"'), refused: 'rejected_value' },
    { frame: snapshot.replace('"symbol":"BTCUSDT"', '"symbol":7'), refused: 'rejected_value' },
    { frame: '{"topic":"tickers.BTCUSDT","type":"snapshot","data":[]}', refused: 'malformed_frame' },
    {
      frame: liquidations,
      liquidations: [
        firstLiquidation,
        { ...firstLiquidation, price: 82_394.3, size: 0.038, timestamp: 1_791_565_601_058_000 },
      ],
    },
    // The document's example: a short position.
    {
      frame:
        '{"topic":"allLiquidation.ROSEUSDT","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,"s":"ROSEUSDT","S":"Sell","v":"20000","p":"0.04499"}]}',
      liquidations: [
        {
          ...{ ...firstLiquidation, symbol: 'ROSEUSDT', side: 'buy', price: 0.04499, size: 20_000 },
          timestamp: 1_739_502_302_929_000,
        },
      ],
    },
    { frame: '{"topic":"allLiquidation.BTCUSDT","data":{}}', refused: 'malformed_frame' },
    {
      frame: '{"success":true,"ret_msg":"","req_id":"allLiquidation.ETHUSDT","op":"subscribe"}',
      control: { kind: 'subscribed', symbols: ['ETHUSDT'], channel: 'liquidations' },
    },
    // The id of a spot trade, and texts that are no UUIDs.
    { frame: trades(item('2290000000700000001')), refused: 'rejected_value' },
    { frame: trades(item('19d7df56-4f10-5290-a969-d9d9f2c74cc')), refused: 'rejected_value' },
    { frame: trades(item('19d7df564f10-5290-a969-d9d9f2c74cc3')), refused: 'rejected_value' },
    { frame: trades(item('19d7df56-4f10-5290-a969-d9d9f2c74ccg')), refused: 'rejected_value' },
  ],
  stretch: [trades(...IDS.map(([id]) => item(id)))],
  session: { frames: () => captureFrames('BYBIT', 'captures-2026', '2'), trades: 140, skip: skipWithoutData },
}
