import type { VenueEvidence } from '../../contracts/venue.ts'

/** The exchange's letter in the highest byte, its number below. */
export const stockId = (exchange: string, number: number) => (BigInt(exchange.charCodeAt(0)) << 56n) | BigInt(number)

const trade = (number: number | bigint, exchange = 'D', time = '2021-02-22T15:51:44.208Z') =>
  `{"T":"t","i":${number},"S":"AAPL","x":"${exchange}","p":126.55,"s":1,"t":"${time}","c":["@","I"],"z":"C"}`
const meaning = (number: number, exchange = 'D', micros = 1_614_009_104_208_000, nanos = 0) => ({
  symbol: 'AAPL',
  micros,
  nanos,
  price: 126.55,
  volume: 1,
  side: 'unknown',
  tradeId: stockId(exchange, number),
  conditions: '@,I',
})
const error = (code: number, msg: string) => `[{"T":"error","code":${code},"msg":"${msg}"}]`

export const evidence: VenueEvidence = {
  document: 'https://docs.alpaca.markets/docs/real-time-stock-pricing-data',
  frames: [
    // The document's example.
    { frame: `[${trade(96_921)}]`, trades: [meaning(96_921)] },
    {
      frame: `[${trade(1, 'V', '2021-02-22T15:51:45.335689322Z')},${trade(79_372_207_866_957)},${trade(2, 'V')}]`,
      trades: [meaning(1, 'V', 1_614_009_105_335_689, 322), meaning(79_372_207_866_957), meaning(2, 'V')],
    },
    {
      frame: `[${trade(96_921).replace('["@","I"]', '[" ","7","V"]')}]`,
      trades: [{ ...meaning(96_921), conditions: ' ,7,V' }],
    },
    // Fractional shares, and a number beyond 2^53.
    {
      frame: `[${trade(9_007_199_254_740_993n).replace('"s":1', '"s":0.2501')}]`,
      trades: [{ ...meaning(0), volume: 0.2501, tradeId: (68n << 56n) | 9_007_199_254_740_993n }],
    },
    // As a user received it: https://forum.alpaca.markets/t/message-type-c/8116.
    {
      frame:
        '[{"T":"c","S":"IWM","x":"D","oi":79372207866957,"op":208.65,"os":14950,"oc":[" ","7","V"],"ci":79372223926359,"cp":208.65,"cs":14950,"cc":[" ","7","Z","V"],"z":"B","t":"2022-01-20T17:26:08.000760661Z"}]',
      amendments: [
        {
          ...{ venue: '', symbol: 'IWM', action: 'correction', exchange: 'D' },
          ...{ tradeId: stockId('D', 79_372_207_866_957), price: 208.65, volume: 14_950, conditions: ' ,7,V' },
          ...{ newTradeId: stockId('D', 79_372_223_926_359), newPrice: 208.65, newVolume: 14_950 },
          ...{ newConditions: ' ,7,Z,V', timestampMicros: 1_642_699_568_000_760, timestampNanos: 661 },
          receivedAtMicros: 0,
        },
      ],
    },
    {
      frame: '[{"T":"x","S":"GOOGL","i":465,"x":"D","p":2895.03,"s":18,"a":"E","z":"C","t":"2022-01-20T17:26:08Z"}]',
      amendments: [
        {
          ...{ venue: '', symbol: 'GOOGL', action: 'error', exchange: 'D' },
          ...{ tradeId: stockId('D', 465), price: 2895.03, volume: 18, conditions: '' },
          ...{ newTradeId: 0, newPrice: 0, newVolume: 0, newConditions: '' },
          ...{ timestampMicros: 1_642_699_568_000_000, timestampNanos: 0, receivedAtMicros: 0 },
        },
      ],
    },
    {
      frame: '[{"T":"x","S":"GOOGL","i":465,"x":"D","p":2895.03,"s":18,"a":"Z","t":"2022-01-20T17:26:08Z"}]',
      refused: 'rejected_value',
    },
    {
      frame: '[{"T":"x","S":"GOOGL","i":465,"x":"D","p":"2895","s":18,"a":"C","t":"2022-01-20T17:26:08Z"}]',
      refused: 'rejected_value',
    },
    {
      frame: '[{"T":"c","S":"IWM","x":"D","oi":1,"op":1,"os":1,"cp":1,"cs":1,"t":"2022-01-20T17:26:08Z"}]',
      refused: 'rejected_value',
    },
    { frame: '[{"T":"success","msg":"connected"}]', control: { kind: 'heartbeat' } },
    { frame: '[{"T":"success","msg":"authenticated"}]', control: { kind: 'authenticated' } },
    {
      frame:
        '[{"T":"subscription","trades":["AAPL"],"quotes":["AMD","CLDR"],"bars":["*"],"updatedBars":[],"dailyBars":["VOO"],"statuses":["*"],"lulds":[],"corrections":["AAPL"],"cancelErrors":["AAPL"]}]',
      controls: [
        { kind: 'subscribed', symbols: ['AAPL'], all: true, channel: 'trades' },
        { kind: 'subscribed', symbols: ['AMD', 'CLDR'], all: true, channel: 'quotes' },
      ],
    },
    // The document's example.
    {
      frame:
        '[{"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":1,"ax":"Q","ap":87.68,"as":4,"t":"2021-02-22T15:51:45.335689322Z","c":["R"],"z":"C"}]',
      quotes: [
        {
          symbol: 'AMD',
          micros: 1_614_009_105_335_689,
          nanos: 322,
          bid: [87.66, 1],
          ask: [87.68, 4],
          sequence: 0,
          flags: 0,
        },
      ],
    },
    {
      frame: '[{"T":"q","S":"AMD","bp":87.66,"bs":1,"ap":87.68,"as":4,"t":"2021-02-22"}]',
      refused: 'rejected_value',
    },
    { frame: error(400, 'invalid syntax'), control: { kind: 'rejected', detail: 'invalid syntax (code 400)' } },
    { frame: error(401, 'not authenticated'), control: { kind: 'denied', detail: 'not authenticated (code 401)' } },
    {
      frame: error(402, 'auth failed'),
      control: { kind: 'denied', detail: 'auth failed (code 402)', cause: 'account' },
    },
    { frame: error(403, 'already authenticated'), control: { kind: 'authenticated' } },
    { frame: error(404, 'auth timeout'), control: { kind: 'denied', detail: 'auth timeout (code 404)' } },
    {
      frame: error(405, 'symbol limit exceeded'),
      control: { kind: 'rejected', detail: 'symbol limit exceeded (code 405)' },
    },
    {
      frame: error(406, 'connection limit exceeded'),
      control: { kind: 'denied', detail: 'connection limit exceeded (code 406)', cause: 'connections' },
    },
    { frame: error(407, 'slow client'), control: { kind: 'denied', detail: 'slow client (code 407)' } },
    {
      frame: error(408, 'v2 not enabled'),
      control: { kind: 'denied', detail: 'v2 not enabled (code 408)', cause: 'plan' },
    },
    {
      frame: error(409, 'insufficient subscription'),
      control: { kind: 'denied', detail: 'insufficient subscription (code 409)', cause: 'plan' },
    },
    {
      frame: error(410, 'invalid subscribe action for this feed'),
      control: { kind: 'rejected', detail: 'invalid subscribe action for this feed (code 410)' },
    },
    { frame: error(500, 'internal error'), control: { kind: 'error', detail: 'internal error (code 500)' } },
    { frame: error(499, 'news'), control: { kind: 'error', detail: 'news (code 499)' } },
    { frame: '[]', control: { kind: 'heartbeat' } },
    { frame: '[{"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378}]', ignored: true },
    {
      frame: '[{"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Trading Halted","z":"C"}]',
      ignored: true,
    },
    { frame: `[${trade(1).replace('"p":126.55', '"p":"126.55"')}]`, refused: 'rejected_value' },
    { frame: `[${trade(-1)}]`, refused: 'rejected_value' },
    { frame: `[${trade(1, 'V', 'yesterday')}]`, refused: 'rejected_value' },
    { frame: `[${trade(1).replace('"x":"D",', '')}]`, refused: 'rejected_value' },
    { frame: trade(1), refused: 'malformed_frame' },
    { frame: '[7]', refused: 'malformed_frame' },
    {
      frame: '[{"T":"subscription","trades":"AAPL","quotes":[]}]',
      refused: 'malformed_frame',
    },
    { frame: '[{"T":"success","msg":"goodbye"}]', refused: 'unknown_message' },
    { frame: '[{"T":"z"}]', refused: 'unknown_message' },
  ],
  // Made up in the document's form: ids of two exchanges, each rising.
  stretch: [`[${trade(501)},${trade(17, 'V')}]`, `[${trade(504)},${trade(9, 'A')},${trade(18, 'V')}]`],
}
