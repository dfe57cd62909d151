/** Single messages with another project's reading of them: trades must be equal, everything else must give no trade. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findVenue } from '../../src/venues/index.ts'
import { mappingPairs, type Pair, skipWithoutData } from '../support/data/recorded-data.ts'
import { decoded, type Quote } from '../support/judges/collecting-sink.ts'

const isKrakenV1 = (pair: Pair) => pair.exchange === 'kraken' && Array.isArray(pair.raw)
/** That project drops Kraken's snapshots; we record them, since they fill a short outage and repeats are known by id. */
const isTradeSnapshot = ({ raw }: Pair) =>
  typeof raw === 'object' &&
  raw !== null &&
  'channel' in raw &&
  raw.channel === 'trade' &&
  'type' in raw &&
  raw.type === 'snapshot'

/** Coinbase's `ticker` is sent with trades only. */
const isQuoteFeed = ({ exchange }: Pair) => exchange !== 'coinbase'

/** Binance states no time; that project puts its own in its place. */
const theirQuotes = ({ exchange, normalized }: Pair) =>
  normalized
    .filter(({ type }) => type === 'book_ticker')
    .map(({ symbol, bidPrice, bidAmount, askPrice, askAmount, timestamp }) => ({
      ...{ symbol, bid: [bidPrice, bidAmount], ask: [askPrice, askAmount] },
      timestamp: exchange === 'binance' ? undefined : timestamp,
    }))

const quoteFields = ({ symbol, bid, ask, micros }: Quote) => ({
  ...{ symbol, bid, ask },
  timestamp: micros === 0 ? undefined : new Date(Math.floor(micros / 1000)).toISOString(),
})

describe('message pairs', { skip: skipWithoutData }, () => {
  const pairs = skipWithoutData ? [] : mappingPairs()
  for (const [index, pair] of pairs.entries()) {
    const raw = JSON.stringify(pair.raw)
    test(`${pair.exchange} ${index}: ${raw.slice(0, 70)}`, () => {
      const sink = decoded(findVenue(pair.exchange)!.decoder(), raw)
      const theirs = pair.normalized.filter(({ type }) => type === 'trade')
      if (isKrakenV1(pair)) {
        assert.equal(sink.trades.length, 0)
        assert.equal(sink.refusals[0]?.reason, 'malformed_frame')
      } else if (isTradeSnapshot(pair)) {
        assert.equal(theirs.length, 0)
        assert.deepEqual(
          sink.trades.map(({ tradeId }) => tradeId),
          [122],
        )
      } else {
        const ours = sink.trades.map(trade => ({
          symbol: trade.symbol,
          id: String(trade.tradeId),
          price: trade.price,
          amount: trade.volume,
          side: trade.side,
          // Theirs keep milliseconds.
          timestamp: new Date(Math.floor(trade.micros / 1000)).toISOString(),
        }))
        const expected = theirs.map(({ symbol, id, price, amount, side, timestamp }) => ({
          symbol,
          id,
          price,
          amount,
          side,
          timestamp,
        }))
        assert.deepEqual(ours, expected)
        // That project drops quotes without any order; we quarantine them.
        const quotes = sink.quotes.filter(({ bid, ask, flags }) => flags === 0 && (bid[0] > 0 || ask[0] > 0))
        assert.deepEqual(quotes.map(quoteFields), isQuoteFeed(pair) ? theirQuotes(pair) : [])
        if (theirs.length + sink.quotes.length === 0) assert.equal(sink.ignored, 1)
      }
    })
  }

  test('the pairs contain trades of three venues', () => {
    const venues = pairs
      .filter(({ normalized }) => normalized.some(({ type }) => type === 'trade'))
      .map(({ exchange }) => exchange)
    assert.deepEqual(new Set(venues), new Set(['binance', 'coinbase', 'kraken']))
  })
})
