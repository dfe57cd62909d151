import type { VenueEvidence } from '../../contracts/venue.ts'

const trade = (id: string, tks = 'S') =>
  `{"T":"t","S":"AVAX/USD","p":47.299,"s":29.205707815,"t":"2024-03-12T10:27:48.858228144Z","i":${id},"tks":"${tks}"}`
const meaning = {
  symbol: 'AVAX/USD',
  micros: 1_710_239_268_858_228,
  nanos: 144,
  price: 47.299,
  volume: 29.205_707_815,
  side: 'sell',
  tradeId: 3_447_222_699_101_865_076n,
}

export const evidence: VenueEvidence = {
  document: 'https://docs.alpaca.markets/docs/real-time-crypto-pricing-data',
  frames: [
    // The document's example.
    { frame: `[${trade('3447222699101865076')}]`, trades: [meaning] },
    { frame: `[${trade('7', 'B')}]`, trades: [{ ...meaning, side: 'buy', tradeId: 7 }] },
    {
      frame: '[{"T":"subscription","trades":["AVAX/USD"],"quotes":[],"orderbooks":[],"bars":[]}]',
      controls: [
        { kind: 'subscribed', symbols: ['AVAX/USD'], all: true, channel: 'trades' },
        { kind: 'subscribed', symbols: [], all: true, channel: 'quotes' },
      ],
    },
    // The document's example.
    {
      frame:
        '[{"T":"q","S":"BAT/USD","bp":0.35718,"bs":13445.46,"ap":0.3581,"as":13561.902,"t":"2024-03-12T10:29:43.111588173Z"}]',
      quotes: [
        {
          symbol: 'BAT/USD',
          micros: 1_710_239_383_111_588,
          nanos: 173,
          bid: [0.35718, 13_445.46],
          ask: [0.3581, 13_561.902],
          sequence: 0,
          flags: 0,
        },
      ],
    },
    {
      frame: '[{"T":"error","code":405,"msg":"symbol limit exceeded"}]',
      control: { kind: 'rejected', detail: 'symbol limit exceeded (code 405)' },
    },
    { frame: '[{"T":"o","S":"BTC/USD","t":"2024-03-12T10:38:50.79613221Z","b":[],"a":[],"r":true}]', ignored: true },
    { frame: `[${trade('7', 'N')}]`, refused: 'rejected_value' },
    { frame: `[${trade('18446744073709551616')}]`, refused: 'rejected_value' },
    { frame: `[${trade('7.5')}]`, refused: 'rejected_value' },
  ],
  // Made up: the order of the ids is not documented.
  stretch: [`[${trade('3447222699101865076')},${trade('3447222699101865070')}]`, `[${trade('3447222699101865090')}]`],
}
