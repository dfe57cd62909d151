import type { VenueEvidence } from '../../contracts/venue.ts'

const trades = (...items: string[]) => `{"data":[${items.join(',')}],"type":"trade"}`
const error = (msg: string) => JSON.stringify({ msg, type: 'error' })

// Received frames, from public issues: https://github.com/finnhubio/Finnhub-API/issues/143 (each came three times) and
// https://github.com/tspannhw/FLiPN-Py-Stocks.
const AAPL = '{"p":284.45,"s":"AAPL","t":1586876152227,"v":300}'
const TSLA = '{"c":["1","8","24","12"],"p":122.1,"s":"TSLA","t":1672348887195,"v":1}'
// Examples of the venue's document.
const ETH = '{"c":null,"p":7296.89,"s":"BINANCE:ETHUSDT","t":1575526691134,"v":0.011467}'
const GOLD = '{"p":1478.32,"s":"OANDA:XAU_USD","t":1575526691200,"v":0}'

const EXPECTED_AAPL = {
  symbol: 'AAPL',
  micros: 1_586_876_152_227_000,
  nanos: 0,
  price: 284.45,
  volume: 300,
  side: 'unknown',
  // A stored format: the id of the same values must never change.
  tradeId: 3_404_126_782_097_774,
}
const EXPECTED_ETH = {
  ...EXPECTED_AAPL,
  symbol: 'BINANCE:ETHUSDT',
  micros: 1_575_526_691_134_000,
  price: 7296.89,
  volume: 0.011467,
  tradeId: 6_824_257_083_751_587,
}

export const evidence: VenueEvidence = {
  document: 'https://finnhub.io/docs/api/websocket-trades',
  frames: [
    { frame: trades(AAPL), trades: [EXPECTED_AAPL] },
    { frame: trades(AAPL, ETH), trades: [EXPECTED_AAPL, EXPECTED_ETH] },
    // Equal trades of one message differ in their ids; the message again repeats both.
    { frame: trades(AAPL, AAPL), trades: [EXPECTED_AAPL, { ...EXPECTED_AAPL, tradeId: 6_565_724_011_045_463 }] },
    {
      frame: trades(TSLA),
      trades: [
        {
          ...EXPECTED_AAPL,
          symbol: 'TSLA',
          micros: 1_672_348_887_195_000,
          price: 122.1,
          volume: 1,
          tradeId: 7_177_982_361_192_308,
          conditions: '1,8,24,12',
        },
      ],
    },
    // Without `c`, with `c` null and with an empty one: no conditions.
    { frame: trades(ETH.replace('null', '[]')), trades: [EXPECTED_ETH] },
    { frame: trades(ETH.replace('"c":null,', '')), trades: [EXPECTED_ETH] },
    { frame: trades(ETH.replace('0.011467', '1.1467e-2')), trades: [EXPECTED_ETH] },
    // A price update is no trade.
    { frame: trades(GOLD), ignored: true },
    { frame: trades(), control: { kind: 'heartbeat' } },
    { frame: '{"type":"ping"}', control: { kind: 'heartbeat' } },
    {
      frame: error('Invalid symbol AAPLX'),
      control: { kind: 'rejected', detail: 'Invalid symbol AAPLX' },
    },
    {
      frame: error('Subscribing to too many symbols'),
      control: { kind: 'rejected', detail: 'Subscribing to too many symbols' },
    },
    { frame: error('Internal error'), control: { kind: 'error', detail: 'Internal error' } },
    { frame: '{"type":"error"}', control: { kind: 'error', detail: 'an error without a text' } },
    { frame: '{"data":[{"category":"company","headline":"x"}],"type":"news"}', ignored: true },
    { frame: '{"data":[{"headline":"x"}],"type":"pr"}', ignored: true },
    {
      frame: trades(AAPL.replace('300', '-300')),
      trades: [{ ...EXPECTED_AAPL, volume: -300, tradeId: 6_707_106_358_200_373 }],
    },
    { frame: trades(AAPL.replace('300', '"300"')), refused: 'rejected_value' },
    { frame: trades(AAPL.replace(',"v":300', '')), refused: 'rejected_value' },
    { frame: trades(AAPL.replace('1586876152227', '1586876152.5')), refused: 'rejected_value' },
    { frame: trades(AAPL.replace('1586876152227', '-1')), refused: 'timestamp_out_of_range' },
    { frame: trades('7'), refused: 'malformed_frame' },
    { frame: '{"type":"trade"}', refused: 'malformed_frame' },
    { frame: '{"type":"anything"}', refused: 'unknown_message' },
  ],
  stretch: [
    ...Array.from({ length: 3 }, () => trades(AAPL)),
    ...Array.from({ length: 3 }, () => trades('{"p":284.46,"s":"AAPL","t":1586876152115,"v":1}')),
    ...Array.from({ length: 3 }, () => trades('{"p":284.47,"s":"AAPL","t":1586876151964,"v":168}')),
  ],
}
