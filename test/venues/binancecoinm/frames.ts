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
    // Recorded in 2021, when no index price was stated; and the document's example of a contract that expires.
    {
      frame:
        '{"stream":"btcusd_perp@markPrice","data":{"e":"markPriceUpdate","E":1617309477000,"s":"BTCUSD_PERP","p":"59012.56007222","P":"58896.00503145","r":"0.00073689","T":1617321600000}}',
      marks: [
        {
          symbol: 'BTCUSD_PERP',
          mark_price: 59_012.56007222,
          index_price: 0,
          settle_price: 58_896.00503145,
          funding_rate: 0.00073689,
          timestamp: 1_617_309_477_000_000,
          next_funding_at: 1_617_321_600_000_000,
        },
      ],
    },
    {
      frame:
        '{"e":"markPriceUpdate","E":1596095725000,"s":"BTCUSD_201225","p":"10934.62615417","P":"10962.17178236","i":"10933.62615417","r":"","T":0}',
      marks: [
        {
          symbol: 'BTCUSD_201225',
          mark_price: 10_934.62615417,
          index_price: 10_933.62615417,
          settle_price: 10_962.17178236,
          funding_rate: 0,
          timestamp: 1_596_095_725_000_000,
          next_funding_at: 0,
        },
      ],
    },
    // The document's example: the size is in contracts.
    {
      frame:
        '{"e":"forceOrder","E":1591154240950,"o":{"s":"BTCUSD_200925","ps":"BTCUSD","S":"SELL","o":"LIMIT","f":"IOC","q":"1","p":"9425.5","ap":"9496.5","X":"FILLED","l":"1","z":"1","T":1591154240949}}',
      liquidations: [
        {
          ...{ symbol: 'BTCUSD_200925', side: 'sell', order_type: 'LIMIT', time_in_force: 'IOC', status: 'FILLED' },
          ...{ price: 9425.5, size: 1, average_price: 9496.5, filled_size: 1, timestamp: 1_591_154_240_949_000 },
        },
      ],
    },
    { frame: '{"e":"trade","s":"BTCUSD_PERP","t":1,"p":"1","q":"1","X":"MARKET","T":1,"m":false}', ignored: true },
  ],
  stretch: [trade(500, 900, 900), trade(501, 901, 905), trade(502, 906, 906)],
  session: { frames: () => captureFrames('BINANCE_DELIVERY'), trades: 31, skip: skipWithoutData },
}
