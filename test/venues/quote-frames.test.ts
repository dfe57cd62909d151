/** Single frames that others received from venues: each is one quote, or the trades stated here, and nothing is refused. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bitstamp } from '../../src/venues/bitstamp/decode.ts'
import { deribit } from '../../src/venues/deribit/decode.ts'
import { finnhub } from '../../src/venues/finnhub/decode.ts'
import { gemini } from '../../src/venues/gemini/decode.ts'
import { hyperliquid } from '../../src/venues/hyperliquid/decode.ts'
import { singleFrames, skipWithoutData } from '../support/data/recorded-data.ts'
import { decoded } from '../support/judges/collecting-sink.ts'

suite('single frames', { skip: skipWithoutData }, () => {
  for (const [venue, channel, expected] of [
    [gemini, 'bookTicker', ['xrpgusd 1.06149 1.0615']],
    [hyperliquid, 'bbo', ['@162 0.97925 0.97934']],
    [deribit, 'quote', ['BTC-PERPETUAL 9600.5 9601', 'BTC-30SEP22 32499 32503.5']],
  ] as const)
    test(`${venue.name}: each received frame of ${channel} is a quote`, () => {
      const sinks = singleFrames(venue.name, channel).map(frame => decoded(venue.decoder(), frame))
      assert.deepEqual(
        sinks.flatMap(({ quotes }) => quotes.map(({ symbol, bid, ask }) => `${symbol} ${bid[0]} ${ask[0]}`)),
        expected,
      )
      assert.ok(sinks.every(({ calls }) => calls === 1))
    })

  test('finnhub: nine messages are three trades, each sent three times with the same id', () => {
    const trades = singleFrames('finnhub', 'trade').flatMap(frame => decoded(finnhub.decoder(), frame).trades)
    const times = Map.groupBy(trades, ({ symbol, tradeId }) => `${symbol} ${tradeId}`)
    assert.deepEqual(
      [...times.values()].map(({ length }) => length),
      [3, 3, 3, 1],
    )
  })

  test('bitstamp: an amount of 1E-8 is read', () => {
    const trades = singleFrames('bitstamp', 'live_trades').flatMap(frame => decoded(bitstamp.decoder(), frame).trades)
    assert.deepEqual(
      trades.map(({ volume }) => volume),
      [1e-8, 0.02834],
    )
  })
})
