import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Books, type Top } from '../../../src/simulator/market/books.ts'
import { Market, type MarketOptions, type Order } from '../../../src/simulator/market/market.ts'
import { Trading } from '../../../src/simulator/market/trading.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'XRPUSDT', 'NEWCOINUSDT']

type Event =
  | { quote: Top }
  | { order: Pick<Order, 'instrument' | 'isSell' | 'fills'>; prices: number[]; volumes: number[] }

/** The events of a market to which this many trades become due, one after the other. */
function eventsOf(options: Partial<MarketOptions>, dueTimes: readonly number[]): Event[] {
  const all = { symbols: SYMBOLS, seed: 1, ratePerSecond: 1_000, ...options }
  const market = new Market(all)
  const events: Event[] = []
  const trading = new Trading(market, new Books(market, all.seed), all.seed, {
    quoted: top => events.push({ quote: { ...top } }),
    executed: ({ instrument, isSell, fills, priceTicks, volumeSteps }) =>
      events.push({
        order: { instrument, isSell, fills },
        prices: [...priceTicks.subarray(0, fills)],
        volumes: [...volumeSteps.subarray(0, fills)],
      }),
  })
  let due = 0
  for (const more of dueTimes) {
    due += more
    due -= trading.run(due)
  }
  return events
}

const quotesIn = (events: readonly Event[]) => events.flatMap(event => ('quote' in event ? [event.quote] : []))
const seeds = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })
const rates = fc.integer({ min: 1, max: 500_000 })

test('an order executes at the best price shown and within its size, and takes it away', () => {
  fc.assert(
    fc.property(seeds, rates, (seed, ratePerSecond) => {
      const books = new Map<number, Top>()
      const events = eventsOf({ seed, ratePerSecond }, Array(300).fill(3))
      for (const [index, event] of events.entries()) {
        if ('quote' in event) {
          books.set(event.quote.instrument, event.quote)
          continue
        }
        const { order, prices, volumes } = event
        const before = books.get(order.instrument)
        if (!before) continue
        const [price, size] = order.isSell ? [before.bidTicks, before.bidSteps] : [before.askTicks, before.askSteps]
        assert.equal(prices[0], price)
        const taken = volumes.filter((_, fill) => prices[fill] === price).reduce((sum, volume) => sum + volume, 0)
        assert.ok(taken < size, `${taken} of ${size}`)
        const next = events[index + 1]!
        assert.ok('quote' in next && next.quote.instrument === order.instrument)
        const after = next.quote
        assert.equal(order.isSell ? after.bidTicks : after.askTicks, prices.at(-1))
        if (prices.at(-1) === price) assert.equal(order.isSell ? after.bidSteps : after.askSteps, size - taken)
      }
    }),
    { numRuns: 50 },
  )
})

test('no quote is crossed, sizes are whole and above zero, every quote changes something, update ids rise', () => {
  fc.assert(
    fc.property(seeds, rates, (seed, ratePerSecond) => {
      const last = new Map<number, Top>()
      for (const quote of quotesIn(eventsOf({ seed, ratePerSecond }, Array(300).fill(2)))) {
        assert.ok(quote.bidTicks >= 1 && quote.bidTicks < quote.askTicks)
        for (const steps of [quote.bidSteps, quote.askSteps]) assert.ok(Number.isSafeInteger(steps) && steps >= 1)
        const before = last.get(quote.instrument)
        last.set(quote.instrument, quote)
        if (!before) continue
        assert.ok(quote.updateId > before.updateId)
        assert.notDeepEqual({ ...quote, updateId: 0 }, { ...before, updateId: 0 })
      }
    }),
    { numRuns: 50 },
  )
})

test('about four quotes a trade, most of which change a size only, also of a single symbol', () => {
  for (const symbols of [SYMBOLS, ['BTCUSDT']]) {
    const events = eventsOf({ symbols }, Array(20_000).fill(1))
    const trades = events.reduce((sum, event) => sum + ('order' in event ? event.order.fills : 0), 0)
    const quotes = quotesIn(events)
    assert.ok(Math.abs(quotes.length / trades - 4) < 0.01, `${quotes.length} quotes, ${trades} trades`)
    const last = new Map<number, Top>()
    let sizeOnly = 0
    for (const quote of quotes) {
      const before = last.get(quote.instrument)
      if (before?.bidTicks === quote.bidTicks && before.askTicks === quote.askTicks) sizeOnly++
      last.set(quote.instrument, quote)
    }
    assert.ok(sizeOnly / quotes.length > 0.85, `${sizeOnly / quotes.length}`)
  }
})

test('one seed gives one sequence of events, however its time is divided', () => {
  const total = 400
  const steps = fc.array(fc.double({ min: 0.01, max: 30, noNaN: true }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(seeds, steps, (seed, dueTimes) => {
      const rest = Math.max(1, total - dueTimes.reduce((sum, due) => sum + due, 0))
      const divided = eventsOf({ seed }, [...dueTimes, rest]).map(event => JSON.stringify(event))
      const whole = eventsOf({ seed }, [total]).map(event => JSON.stringify(event))
      const length = Math.min(divided.length, whole.length)
      assert.ok(length > total)
      // Compared one by one: the difference of two long arrays takes minutes to print.
      for (let at = 0; at < length; at++) assert.equal(divided[at], whole[at])
    }),
    { numRuns: 50 },
  )
})

test('sizes change evenly between two orders instead of in a burst with the next', () => {
  const market = new Market({ symbols: SYMBOLS, seed: 3, ratePerSecond: 200 })
  const perStep: number[] = []
  let quotes = 0
  const trading = new Trading(market, new Books(market, 3), 3, { quoted: () => quotes++, executed: () => {} })
  let due = 0
  for (let step = 0; step < 4_000; step++) {
    due += 0.1
    const before = quotes
    due -= trading.run(due)
    perStep.push(quotes - before)
  }
  assert.ok(perStep.filter(count => count > 4).length < perStep.length * 0.02, 'bursts')
})
