import type { VenueEvidence } from '../../contracts/venue.ts'

const item = (seq: number | string, symbol = 'BTC-PERPETUAL') =>
  `{"timestamp":1722945600123,"price":55000.5,"amount":1230.0,"direction":"sell","index_price":55001.25,"instrument_name":"${symbol}","trade_seq":${seq},"mark_price":55000.11,"tick_direction":2,"contracts":123.0,"trade_id":"ETH-403000001"}`
const frameOf = (items: string[], symbol = 'BTC-PERPETUAL') =>
  `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.${symbol}.100ms","data":[${items.join()}]}}`
const trade = (seq: number | string, symbol = 'BTC-PERPETUAL') => frameOf([item(seq, symbol)], symbol)
const CHANNEL = 'trades.BTC-PERPETUAL.100ms'
const QUOTE_CHANNEL = 'quote.BTC-PERPETUAL'
const quote =
  '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"quote.BTC-PERPETUAL","data":{"timestamp":1567296000183,"instrument_name":"BTC-PERPETUAL","best_bid_price":9600.5,"best_bid_amount":162800.0,"best_ask_price":9601.0,"best_ask_amount":49710.0}}}'
const QUOTE = {
  symbol: 'BTC-PERPETUAL',
  micros: 1_567_296_000_183_000,
  nanos: 0,
  bid: [9600.5, 162_800] as [number, number],
  ask: [9601, 49_710] as [number, number],
  sequence: 0,
  flags: 0,
}
const answer = (id: string, content: object) =>
  JSON.stringify({ jsonrpc: '2.0', id, ...content, usIn: 1, usOut: 2, usDiff: 1, testnet: false })

const first = {
  symbol: 'BTC-PERPETUAL',
  micros: 1_722_945_600_123_000,
  nanos: 0,
  price: 55_000.5,
  volume: 1230,
  side: 'sell',
  tradeId: 271_000_001,
}

export const evidence: VenueEvidence = {
  document: 'https://docs.deribit.com/subscriptions/trades/tradesinstrument_nameinterval',
  frames: [
    { frame: trade(271_000_001), trades: [first] },
    {
      frame: frameOf([item(271_000_001), item(271_000_002).replace('sell', 'buy')]),
      trades: [first, { ...first, side: 'buy', tradeId: 271_000_002 }],
    },
    { frame: frameOf([]), control: { kind: 'heartbeat' } },
    {
      // The trade of a combo states its legs, which are trades of other channels.
      frame: trade(1, 'BTC-CS-19MAY26-70000_75000').replace('"mark_price"', `"legs":[${item(8)}],"mark_price"`),
      trades: [{ ...first, symbol: 'BTC-CS-19MAY26-70000_75000', tradeId: 1 }],
    },
    {
      frame: answer(CHANNEL, { result: [CHANNEL] }),
      control: { kind: 'subscribed', symbols: ['BTC-PERPETUAL'], channel: 'trades' },
    },
    {
      frame: answer('unsubscribe', { result: [CHANNEL] }),
      control: { kind: 'ended', symbols: ['BTC-PERPETUAL'], channel: 'trades' },
    },
    {
      frame: answer(QUOTE_CHANNEL, { result: [QUOTE_CHANNEL] }),
      control: { kind: 'subscribed', symbols: ['BTC-PERPETUAL'], channel: 'quotes' },
    },
    {
      frame: answer(`${CHANNEL} ${QUOTE_CHANNEL}`, { result: [CHANNEL] }),
      controls: [
        { kind: 'subscribed', symbols: ['BTC-PERPETUAL'], channel: 'trades' },
        {
          kind: 'rejected',
          detail: 'not listed: the answer confirms no channel',
          symbols: ['BTC-PERPETUAL'],
          channel: 'quotes',
        },
      ],
    },
    {
      frame: answer('unsubscribe', { result: [QUOTE_CHANNEL, CHANNEL, 'quote.ETH-PERPETUAL'] }),
      controls: [
        { kind: 'ended', symbols: ['BTC-PERPETUAL', 'ETH-PERPETUAL'], channel: 'quotes' },
        { kind: 'ended', symbols: ['BTC-PERPETUAL'], channel: 'trades' },
      ],
    },
    {
      frame: answer(QUOTE_CHANNEL, { result: [] }),
      control: {
        kind: 'rejected',
        detail: 'not listed: the answer confirms no channel',
        symbols: ['BTC-PERPETUAL'],
        channel: 'quotes',
      },
    },
    // Received, from tardis-node's tests.
    { frame: quote, quotes: [QUOTE] },
    {
      frame: quote.replace('9600.5', 'null').replace('162800.0', '0.0'),
      quotes: [{ ...QUOTE, bid: [0, 0] }],
    },
    { frame: quote.replace('"best_bid_amount":162800.0,', ''), refused: 'rejected_value' },
    { frame: quote.replace('9601.0', '"9601.0"'), refused: 'rejected_value' },
    { frame: quote.replace('1567296000183', '"1567296000183"'), refused: 'rejected_value' },
    {
      frame: '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"quote.BTC-PERPETUAL","data":7}}',
      refused: 'rejected_value',
    },
    { frame: answer('unsubscribe', { result: [] }), control: { kind: 'heartbeat' } },
    {
      frame: answer(CHANNEL, { result: [] }),
      control: {
        kind: 'rejected',
        detail: 'not listed: the answer confirms no channel',
        symbols: ['BTC-PERPETUAL'],
        channel: 'trades',
      },
    },
    {
      frame: answer(CHANNEL, {
        error: { code: -32602, message: 'Invalid params', data: { param: 'channels', reason: 'wrong format' } },
      }),
      control: {
        kind: 'rejected',
        detail: '"Invalid params" (code -32602): "wrong format"',
        symbols: ['BTC-PERPETUAL'],
        channel: 'trades',
      },
    },
    {
      frame: answer(CHANNEL, { error: { code: 10028, message: 'too_many_requests' } }),
      control: { kind: 'rate_limited', detail: '"too_many_requests" (code 10028)' },
    },
    {
      frame: answer('test', { error: { code: -32601, message: 'Method not found' } }),
      control: { kind: 'error', detail: '"Method not found" (code -32601)' },
    },
    { frame: answer('test', { result: { version: '1.2.26' } }), control: { kind: 'heartbeat' } },
    {
      frame: '{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}}',
      control: { kind: 'heartbeat' },
    },
    {
      frame: '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{}}}',
      ignored: true,
    },
    { frame: trade('"271000001"'), refused: 'rejected_value' },
    { frame: trade(271_000_001).replace('"sell"', '"zero"'), refused: 'rejected_value' },
    { frame: trade(271_000_001).replace('55000.5', '"55000.5"'), refused: 'rejected_value' },
    { frame: trade(271_000_001).replace('1722945600123', '1722945600.123'), refused: 'rejected_value' },
    { frame: frameOf(['7']), refused: 'malformed_frame' },
    {
      frame: '{"jsonrpc":"2.0","method":"subscription","params":{"channel":"anything","data":{}}}',
      refused: 'unknown_message',
    },
    { frame: '{"jsonrpc":"2.0","method":"anything"}', refused: 'unknown_message' },
  ],
  stretch: [
    frameOf([item(271_000_001), item(271_000_002)]),
    trade(93_000_001, 'ETH-PERPETUAL'),
    trade(271_000_003),
    trade(93_000_002, 'ETH-PERPETUAL'),
  ],
}
