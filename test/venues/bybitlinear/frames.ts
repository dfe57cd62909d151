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
    // The id of a spot trade, and texts that are no UUIDs.
    { frame: trades(item('2290000000700000001')), refused: 'rejected_value' },
    { frame: trades(item('19d7df56-4f10-5290-a969-d9d9f2c74cc')), refused: 'rejected_value' },
    { frame: trades(item('19d7df564f10-5290-a969-d9d9f2c74cc3')), refused: 'rejected_value' },
    { frame: trades(item('19d7df56-4f10-5290-a969-d9d9f2c74ccg')), refused: 'rejected_value' },
  ],
  stretch: [trades(...IDS.map(([id]) => item(id)))],
  session: { frames: () => captureFrames('BYBIT', 'captures-2026', '2'), trades: 140, skip: skipWithoutData },
}
