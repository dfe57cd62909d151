import type { VenueEvidence } from '../../contracts/venue.ts'

const IDS = [
  ['b3a097be-8d22-575a-93dd-4af9c8b8095c', 0x207ddd47459a5e06n],
  ['19d7df56-4f10-5290-a969-d9d9f2c74cc3', 0xb0be068fbdd71e53n],
  ['031145f9-efdc-5dc3-a03d-5f01f40c6222', 0xa32c1af81bd03fe1n],
] as const

/** As recorded on 14 June 2026, with other ids. The volume is in USD. */
const trades = (...ids: string[]) =>
  `{"topic":"publicTrade.BTCUSD","type":"snapshot","ts":1781416510191,"data":[${ids
    .map(
      id =>
        `{"T":1781416510190,"s":"BTCUSD","S":"Buy","v":"2485","p":"64318.80","L":"MinusTick","i":"${id}","BT":false,"RPI":false,"seq":113240272847}`,
    )
    .join()}]}`

const first = {
  symbol: 'BTCUSD',
  micros: 1_781_416_510_190_000,
  nanos: 0,
  price: 64_318.8,
  volume: 2485,
  side: 'buy',
  tradeId: IDS[0][1],
}

export const evidence: VenueEvidence = {
  document: 'https://bybit-exchange.github.io/docs/v5/websocket/public/trade',
  frames: [
    { frame: trades(...IDS.map(([id]) => id)), trades: IDS.map(([, tradeId]) => ({ ...first, tradeId })) },
    // The form of the document, which is the same for all contracts, as are those below.
    {
      frame:
        '{"topic":"orderbook.1.BTCUSD","type":"snapshot","ts":1680673820717,"data":{"s":"BTCUSD","b":[["28552.00","470"]],"a":[["28552.50","25433"]],"u":7003305,"seq":50193540681},"cts":1680673820715}',
      quotes: [
        {
          symbol: 'BTCUSD',
          micros: 1_680_673_820_715_000,
          nanos: 0,
          bid: [28_552, 470],
          ask: [28_552.5, 25_433],
          sequence: 7_003_305,
          flags: 0,
        },
      ],
    },
    // Recorded in 2023 of a future, without the fields that are not read: it has no funding.
    {
      frame:
        '{"topic":"tickers.BTCUSDU23","type":"snapshot","data":{"symbol":"BTCUSDU23","lastPrice":"29026.00","markPrice":"29023.60","indexPrice":"28566.94","deliveryTime":"2023-09-29T08:00:00Z","predictedDeliveryPrice":"0.00","nextFundingTime":"","fundingRate":""},"ts":1680673822099}',
      marks: [
        {
          ...{ symbol: 'BTCUSDU23', mark_price: 29_023.6, index_price: 28_566.94, settle_price: 0, funding_rate: 0 },
          ...{ timestamp: 1_680_673_822_099_000, next_funding_at: 0 },
        },
      ],
    },
    {
      frame:
        '{"topic":"allLiquidation.BTCUSD","type":"snapshot","ts":1739502303204,"data":[{"T":1739502302929,"s":"BTCUSD","S":"Sell","v":"20000","p":"96000.50"}]}',
      liquidations: [
        {
          ...{ symbol: 'BTCUSD', side: 'buy', order_type: '', time_in_force: '', status: '' },
          ...{ price: 96_000.5, size: 20_000, average_price: 0, filled_size: 0, timestamp: 1_739_502_302_929_000 },
        },
      ],
    },
    {
      frame: '{"success":true,"ret_msg":"","req_id":"publicTrade.BTCUSD","op":"subscribe"}',
      control: { kind: 'subscribed', symbols: ['BTCUSD'], channel: 'trades' },
    },
  ],
  stretch: [trades(...IDS.map(([id]) => id))],
}
