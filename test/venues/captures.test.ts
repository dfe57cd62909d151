/**
 * Complete recorded sessions, compared with another project's normalisation of the same frames. Where the two could differ
 * the venue's document decides, and the test states it.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { binance } from '../../src/venues/binance/decode.ts'
import { bitstamp } from '../../src/venues/bitstamp/decode.ts'
import { bybit, bybitLinear } from '../../src/venues/bybit/decode.ts'
import { coinbase } from '../../src/venues/coinbase/decode.ts'
import { deribit } from '../../src/venues/deribit/decode.ts'
import { kraken } from '../../src/venues/kraken/decode.ts'
import { okx } from '../../src/venues/okx/decode.ts'
import { capturedTrades, captureFrames, singleFrames, skipWithoutData } from '../support/data/recorded-data.ts'
import { decoded, type Quote } from '../support/judges/collecting-sink.ts'

/** A trade of the other project in the form of ours. */
function expected(
  { timestamp, price, amount, side }: ReturnType<typeof capturedTrades>[number],
  symbol: string | undefined,
  tradeId: number | bigint,
) {
  return {
    symbol,
    micros: Math.round(timestamp * 1e6),
    nanos: 0,
    price: Number(price),
    volume: Number(amount),
    side,
    tradeId,
  }
}

describe('recorded sessions', { skip: skipWithoutData }, () => {
  test('COINBASE: the same trades, field by field', () => {
    const decode = coinbase.decoder()
    const sinks = captureFrames('COINBASE').map(frame => decoded(decode, frame))
    const ours = sinks.flatMap(sink => sink.trades)
    // The frame's side is the maker's (the venue's document); the other project, like us, turns it into the taker's.
    const theirs = capturedTrades('COINBASE').map(trade => expected(trade, trade.symbol, Number(trade.id)))
    assert.equal(theirs.length, 107)
    assert.deepEqual(ours, theirs)
    assert.ok(sinks.every(sink => sink.calls >= 1 && sink.refusals.length === 0))
  })

  test('COINBASE: the top of the book that we build is the best bid and ask that the venue states with each trade', () => {
    const decode = coinbase.decoder()
    const tops = new Map<string, Quote[]>()
    const known = new Set<string>()
    const stated: { product: string; before: number; bid: number; ask: number }[] = []
    for (const frame of captureFrames('COINBASE')) {
      for (const quote of decoded(decode, frame).quotes)
        tops.set(quote.symbol, [...(tops.get(quote.symbol) ?? []), quote])
      const { type, product_id: product, best_bid: bid, best_ask: ask } = JSON.parse(frame)
      const before = tops.get(product)?.length
      // The first of each product is from its last trade before the session.
      const isFirst = type === 'ticker' && !known.has(product)
      if (isFirst) known.add(product)
      if (type === 'ticker' && !isFirst && before) stated.push({ product, before, bid: Number(bid), ask: Number(ask) })
    }
    assert.equal(stated.length, 97)
    for (const { product, before, bid, ask } of stated) {
      // The two channels are not in order with each other: the top may come a message earlier or later.
      const near = tops.get(product)!.slice(Math.max(0, before - 2), before + 1)
      assert.ok(
        near.some(top => top.bid[0] === bid && top.ask[0] === ask),
        `${product} ${bid} ${ask}`,
      )
    }
  })

  test('BITSTAMP: the same trades, field by field', () => {
    const sinks = captureFrames('BITSTAMP').map(frame => decoded(bitstamp.decoder(), frame))
    const ours = sinks.flatMap(sink => sink.trades)
    const theirs = capturedTrades('BITSTAMP').map(trade =>
      // Theirs is spelled `ETH-USD`.
      expected(trade, trade.symbol.replace('-', '').toLowerCase(), Number(trade.id)),
    )
    assert.equal(theirs.length, 10)
    assert.deepEqual(ours, theirs)
    assert.ok(sinks.every(sink => sink.calls === 1 && sink.refusals.length === 0))
  })

  test('BYBIT: the same spot trades, field by field', () => {
    // Connection 2 is of perpetuals, which share the names of spot symbols.
    const sinks = captureFrames('BYBIT', 'captures-2026', '3').map(frame => decoded(bybit.decoder(), frame))
    const ours = sinks.flatMap(sink => sink.trades)
    const theirs = capturedTrades('BYBIT', 'captures-2026')
      .filter(trade => !trade.symbol.endsWith('-PERP'))
      .map(trade => expected(trade, trade.venue_symbol, BigInt(trade.id)))
    assert.equal(theirs.length, 7)
    assert.deepEqual(ours, theirs)
    assert.ok(sinks.every(sink => sink.calls >= 1 && sink.refusals.length === 0))
  })

  test('BYBIT: each ticker that states a field of a mark price is one, with the others as they were last', () => {
    const decode = bybitLinear.decoder()
    const last = new Map<string, Record<string, string>>()
    let compared = 0
    for (const frame of captureFrames('BYBIT', 'captures-2026', '2')) {
      const { marks, controls, refusals } = decoded(decode, frame)
      assert.deepEqual(refusals, [])
      const { topic = '', type, data, ts } = JSON.parse(frame)
      if (!topic.startsWith('tickers.')) {
        assert.deepEqual(marks, [])
        continue
      }
      const { symbol } = data
      const whole = { ...(type === 'delta' && last.get(symbol)), ...data }
      last.set(symbol, whole)
      if (!['markPrice', 'indexPrice', 'fundingRate', 'nextFundingTime'].some(name => name in data)) {
        assert.deepEqual([marks, controls], [[], [{ kind: 'heartbeat', symbol, channel: 'marks' }]])
        continue
      }
      compared++
      assert.deepEqual(marks, [
        {
          ...{ symbol, mark_price: Number(whole.markPrice), index_price: Number(whole.indexPrice), settle_price: 0 },
          ...{ funding_rate: Number(whole.fundingRate), timestamp: ts * 1000 },
          next_funding_at: Number(whole.nextFundingTime) * 1000,
        },
      ])
    }
    assert.deepEqual([compared, last.size], [71, 4])
  })

  test('DERIBIT: a session without trades is read whole, and its answer names what was subscribed to', () => {
    const sinks = captureFrames('DERIBIT').map(frame => decoded(deribit.decoder(), frame))
    assert.ok(sinks.every(sink => sink.calls === 1 && sink.refusals.length === 0 && sink.trades.length === 0))
    const [answer, ...others] = sinks.flatMap(sink => sink.controls)
    assert.deepEqual(others, [])
    assert.ok(answer?.kind === 'subscribed' && answer.symbols?.length === 10)
    assert.ok(answer.symbols.includes('BTC-30JUL21-24000-P'))
  })

  test('DERIBIT: `trade_seq` of the trades in one frame rises by one', () => {
    const sinks = singleFrames('deribit', 'trades').map(frame => decoded(deribit.decoder(), frame))
    assert.deepEqual(
      sinks.map(sink => sink.trades.map(({ symbol, tradeId }) => `${symbol} ${tradeId}`)),
      [
        ['BTC-PERPETUAL 92836831', 'BTC-PERPETUAL 92836832'],
        ['BTC-PERPETUAL 20944815', 'BTC-PERPETUAL 20944816'],
        ['BTC-26MAR21 5326971'],
        ['BTC-26MAR21-62000-C 1706'],
      ],
    )
  })

  test('OKX: a frame of `trades-all` is read, and those of `trades` are passed over', () => {
    const [all, ...more] = singleFrames('okx', 'trades-all').map(frame => decoded(okx.decoder(), frame))
    assert.deepEqual(more, [])
    assert.deepEqual(all?.trades, [
      {
        symbol: 'BSV-USDT',
        micros: 1_697_760_012_017_000,
        nanos: 0,
        price: 42.52,
        volume: 3.75,
        side: 'buy',
        tradeId: 84_834_539,
      },
    ])
    for (const frame of singleFrames('okx', 'trades')) assert.equal(decoded(okx.decoder(), frame).ignored, 1)
  })

  test('OKX: the same trades, field by field', () => {
    // Recorded when `trades` did not join trades yet: its frames are those of `trades-all` today.
    const frames = captureFrames('OKX').map(frame => frame.replace('"channel":"trades"', '"channel":"trades-all"'))
    const sinks = frames.map(frame => decoded(okx.decoder(), frame))
    const ours = sinks.flatMap(sink => sink.trades)
    const theirs = capturedTrades('OKX').map(trade => expected(trade, trade.venue_symbol, Number(trade.id)))
    assert.equal(theirs.length, 35)
    assert.deepEqual(ours, theirs)
    assert.ok(sinks.every(sink => sink.calls >= 1 && sink.refusals.length === 0))
  })

  test('BINANCE: its aggregated trades are another stream than the raw ones we record: they are passed over', () => {
    // An aggregate has its own ids and may join several trades: turned into a raw trade it would prove nothing about our decoder.
    const frames = captureFrames('BINANCE')
    assert.equal(frames.filter(frame => frame.includes('"aggTrade"')).length, capturedTrades('BINANCE').length)
    for (const frame of frames) {
      const { trades, quotes, controls, ignored } = decoded(binance.decoder(), frame)
      assert.deepEqual([trades.length, quotes.length + controls.length + ignored], [0, 1], frame)
    }
  })

  test('BINANCE: every bar of a minute states its last trade, and as many trades as its ids', () => {
    const bars = captureFrames('BINANCE').filter(frame => frame.includes('"kline"') && frame.includes('"i":"1m"'))
    assert.ok(bars.length > 0)
    for (const frame of bars) {
      const [witness] = decoded(binance.decoder(), frame).controls
      const { L, n } = JSON.parse(frame).data.k
      assert.ok(witness?.kind === 'witness', frame)
      assert.deepEqual([witness.lastTradeId, witness.trades], [n > 0 ? L : undefined, n])
    }
  })

  test('BINANCE: the fields both streams share are read as the other project reads them: m true means the taker sells', () => {
    const aggregates = captureFrames('BINANCE').filter(frame => frame.includes('"aggTrade"'))
    const theirs = capturedTrades('BINANCE')
    assert.ok(aggregates.length > 0)
    for (const [index, frame] of aggregates.entries()) {
      const { data } = JSON.parse(frame)
      const trade = JSON.stringify({
        e: 'trade',
        E: data.E,
        s: data.s,
        t: data.a,
        p: data.p,
        q: data.q,
        T: data.T,
        m: data.m,
        M: data.M,
      })
      const [ours] = decoded(binance.decoder(), trade).trades
      const expected = theirs[index]!
      assert.equal(ours?.symbol, expected.symbol.replace('-', ''))
      assert.equal(ours.price, Number(expected.price))
      assert.equal(ours.volume, Number(expected.amount))
      assert.equal(ours.side, expected.side)
      assert.equal(ours.micros, Math.round(expected.timestamp * 1e6))
    }
  })

  for (const feed of ['KRAKEN', 'BITSTAMP']) {
    // KRAKEN is protocol v1, BITSTAMP another venue's: for a decoder of Kraken v2 nothing in them is a trade.
    test(`${feed}: a protocol that is not ours is refused frame by frame, with a reason`, () => {
      const frames = captureFrames(feed)
      assert.ok(frames.length > 100)
      for (const frame of frames) {
        const { trades, refusals, calls } = decoded(kraken.decoder(), frame)
        assert.equal(trades.length, 0)
        assert.equal(calls, 1)
        assert.match(refusals[0]?.reason ?? '', /^(malformed_frame|unknown_message)$/, frame.slice(0, 100))
        assert.notEqual(refusals[0]?.detail, '')
      }
    })
  }
})
