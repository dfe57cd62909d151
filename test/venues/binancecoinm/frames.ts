import type { VenueEvidence } from '../../contracts/venue.ts'
import { captureFrames, skipWithoutData } from '../../support/data/recorded-data.ts'

/** Quantities are contracts. */
const trade = (id: number, first: number, last: number) =>
  `{"stream":"btcusd_perp@aggTrade","data":{"e":"aggTrade","E":1616201883458,"a":${id},"s":"BTCUSD_PERP","p":"58570.1","q":"58","f":${first},"l":${last},"T":1616201883304,"m":true}}`

const first = {
  symbol: 'BTCUSD_PERP',
  micros: 1_616_201_883_304_000,
  nanos: 0,
  price: 58_570.1,
  volume: 58,
  side: 'sell',
  tradeId: 41_045_788,
  joined: [91_864_326, 91_864_327] as [number, number],
}

export const evidence: VenueEvidence = {
  document: 'https://developers.binance.com/docs/derivatives/coin-margined-futures/websocket-market-streams',
  frames: [
    { frame: trade(41_045_788, 91_864_326, 91_864_327), trades: [first] },
    {
      frame:
        '{"stream":"ethusd_perp@bookTicker","data":{"u":462169572570,"e":"bookTicker","s":"ETHUSD_PERP","ps":"ETHUSD","b":"1776.25","B":"10779","a":"1776.26","A":"37544","T":1653817930434,"E":1653817930438}}',
      quotes: [
        {
          symbol: 'ETHUSD_PERP',
          micros: 1_653_817_930_434_000,
          nanos: 0,
          bid: [1776.25, 10_779],
          ask: [1776.26, 37_544],
          sequence: 462_169_572_570,
          flags: 0,
        },
      ],
    },
    { frame: '{"e":"trade","s":"BTCUSD_PERP","t":1,"p":"1","q":"1","X":"MARKET","T":1,"m":false}', ignored: true },
  ],
  stretch: [trade(500, 900, 900), trade(501, 901, 905), trade(502, 906, 906)],
  session: { frames: () => captureFrames('BINANCE_DELIVERY'), trades: 31, skip: skipWithoutData },
}
