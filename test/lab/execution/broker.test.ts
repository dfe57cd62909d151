import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DEFAULT_RULES, type FillRules } from '../../../src/lab/execution/rules.ts'
import type { Context, OrderRequest, Strategy } from '../../../src/lab/strategy.ts'
import { BTC, LAB_START_MICROS, play, runOf, type Tick } from '../../support/data/lab-market.ts'

type Wish = Omit<OrderRequest, 'instrument'>

/** Sends one order at the first quote; cancels it at the quote of `cancelAt`, counted from 0. */
class Once implements Strategy {
  readonly #wish: Wish
  readonly #cancelAt: number
  #quotes = 0
  #id = 0

  constructor(wish: Wish, cancelAt = Number.NaN) {
    this.#wish = wish
    this.#cancelAt = cancelAt
  }

  onQuote(_quote: unknown, context: Context): void {
    if (this.#quotes === 0) this.#id = context.order({ instrument: BTC, ...this.#wish })
    if (this.#quotes++ === this.#cancelAt) context.cancel(this.#id)
  }
}

/** The fills as `ms: quantity @ price`, and how the order ended. */
function outcome(
  wish: Wish,
  ticks: readonly Tick[],
  { rules = {}, latencyMs = 0, cancelAt = Number.NaN, isQuoted = true } = {} as {
    rules?: Partial<FillRules>
    latencyMs?: number
    cancelAt?: number
    isQuoted?: boolean
  },
) {
  const { engine, rows } = runOf(new Once(wish, cancelAt), {
    rules: { ...DEFAULT_RULES, ...rules },
    latencyMicros: () => latencyMs * 1000,
    isQuoted: () => isQuoted,
  })
  play(engine, ticks)
  const fills = (rows.lab_fills ?? []).map(({ at, quantity, price, maker }) => {
    const ms = Date.parse(`${String(at).replace(' ', 'T').slice(0, 23)}Z`) - LAB_START_MICROS / 1000
    return `${ms}: ${Number(quantity)} @ ${Number(price)}${maker ? ' maker' : ''}`
  })
  const [order] = rows.lab_orders ?? []
  return { fills, state: order ? `${order.state}${order.reason ? `: ${order.reason}` : ''}` : 'open' }
}

const quote = (atMs: number, bid: number, ask: number, bidSize = 1, askSize = 1): Tick => ({
  ...{ atMs, bid, ask, bidSize, askSize },
})
const buy = (quantity: number, limit?: number): Wish => ({ direction: 1, quantity, ...(limit ? { limit } : {}) })
const sell = (quantity: number, limit?: number): Wish => ({ direction: -1, quantity, ...(limit ? { limit } : {}) })

describe('a market order', () => {
  test('without a latency takes from the quote at which it is sent', () => {
    assert.deepEqual(outcome(buy(0.5), [quote(0, 100, 101), quote(10, 200, 201)]), {
      fills: ['0: 0.5 @ 101'],
      state: 'filled',
    })
    assert.deepEqual(outcome(sell(0.5), [quote(0, 100, 101)]).fills, ['0: 0.5 @ 100'])
  })

  test('takes from the first quote that was received when it arrives or later', () => {
    const ticks = [quote(0, 100, 101), quote(10, 102, 103), quote(20, 104, 105), quote(30, 106, 107)]
    assert.deepEqual(outcome(buy(0.5), ticks, { latencyMs: 20 }).fills, ['20: 0.5 @ 105'])
    assert.deepEqual(outcome(buy(0.5), ticks, { latencyMs: 20.5 }).fills, ['30: 0.5 @ 107'])
  })

  test('takes no more than the size shown; the rest takes from the next quotes', () => {
    const ticks = [quote(0, 100, 101, 1, 0.4), quote(10, 100, 102, 1, 0.5), quote(20, 100, 103)]
    assert.deepEqual(outcome(buy(1), ticks).fills, ['0: 0.4 @ 101', '10: 0.5 @ 102', '20: 0.1 @ 103'])
  })

  test('or is filled one tick worse, where the rule says so', () => {
    const ticks = [quote(0, 100, 101, 0.3, 0.4), quote(10, 200, 201)]
    const rules = { rest: 'one_tick' } as const
    assert.deepEqual(outcome(buy(1), ticks, { rules }).fills, ['0: 0.4 @ 101', '0: 0.6 @ 101.01'])
    assert.deepEqual(outcome(sell(1), ticks, { rules }).fills, ['0: 0.3 @ 100', '0: 0.7 @ 99.99'])
  })

  test('that is to be filled at once or cancelled loses its rest', () => {
    const ticks = [quote(0, 100, 101, 1, 0.4), quote(10, 100, 102)]
    assert.deepEqual(outcome({ ...buy(1), immediateOrCancel: true }, ticks), {
      fills: ['0: 0.4 @ 101'],
      state: 'cancelled: not filled on arrival',
    })
  })

  test('takes from trades where no quotes are recorded, some ticks worse', () => {
    const strategy: Strategy = {
      onTrade: (_, context) => {
        if (context.position(BTC) === 0 && context.openQuantity(BTC) === 0)
          context.order({ instrument: BTC, direction: 1, quantity: 3 })
      },
    }
    const { engine, rows } = runOf(strategy, { isQuoted: () => false, rules: { ...DEFAULT_RULES, slippageTicks: 2 } })
    play(engine, [
      { atMs: 0, price: 100, volume: 2 },
      { atMs: 10, price: 101, volume: 5 },
    ])
    const fills = rows.lab_fills!.map(({ price, quantity }) => `${quantity} @ ${price}`)
    assert.deepEqual(fills, ['2.000 @ 100.02', '1.000 @ 101.02'])
  })
})

describe('a limit order', () => {
  test('takes at once what the quote offers within its limit, and rests', () => {
    const ticks = [quote(0, 100, 101, 1, 0.4), quote(10, 100, 101), quote(20, 99, 100.5, 1, 2)]
    assert.deepEqual(outcome(buy(1, 101), ticks), { fills: ['0: 0.4 @ 101', '20: 0.6 @ 101 maker'], state: 'filled' })
  })

  test('that rests is filled at its price by a quote or a trade beyond it, up to their size', () => {
    const rests = quote(0, 100, 102)
    assert.deepEqual(outcome(buy(1, 101), [rests, quote(10, 99, 101), { atMs: 20, price: 101 }]).fills, [])
    assert.deepEqual(
      outcome(buy(1, 101), [rests, { atMs: 10, price: 100.99, volume: 0.3 }, quote(20, 99, 100.9, 1, 0.2)]).fills,
      ['10: 0.3 @ 101 maker', '20: 0.2 @ 101 maker'],
    )
    assert.deepEqual(outcome(sell(1, 101), [quote(0, 99, 100), { atMs: 10, price: 101.01, volume: 5 }]).fills, [
      '10: 1 @ 101 maker',
    ])
  })

  test('or by one at its price, where the rule says so', () => {
    const rules = { limits: 'touch' } as const
    assert.deepEqual(outcome(buy(1, 101), [quote(0, 100, 102), quote(10, 99, 101, 1, 0.1)], { rules }).fills, [
      '10: 1 @ 101 maker',
    ])
    assert.deepEqual(outcome(buy(1, 101), [quote(0, 100, 102), { atMs: 10, price: 101 }], { rules }).fills, [
      '10: 1 @ 101 maker',
    ])
  })

  test('is cancelled when the cancel arrives: before what is received then', () => {
    const ticks = [quote(0, 100, 102), quote(10, 100, 102), quote(20, 99, 100)]
    assert.equal(outcome(buy(1, 101), ticks, { cancelAt: 1 }).state, 'cancelled: by the strategy')
    assert.deepEqual(outcome(buy(1, 101), ticks, { cancelAt: 1, latencyMs: 10 }), {
      fills: [],
      state: 'cancelled: by the strategy',
    })
    // Order and cancel arrive in the order in which they were sent.
    assert.deepEqual(outcome(buy(1, 101), ticks, { cancelAt: 1, latencyMs: 10.5 }).fills, ['20: 1 @ 100'])
  })

  test('has a price on the tick, never more eager than asked for', () => {
    assert.deepEqual(outcome(buy(1, 101.019), [quote(0, 100, 101.01)]).fills, ['0: 1 @ 101.01'])
    assert.deepEqual(outcome(buy(1, 101.019), [quote(0, 100, 101.02)]).fills, [])
    assert.deepEqual(outcome(sell(1, 99.991), [quote(0, 99.99, 101)]).fills, [])
  })
})

test('two own orders do not take the same size of one quote', () => {
  const strategy: Strategy = {
    onStart: () => {},
    onQuote: (_, context) => {
      if (context.position(BTC) !== 0 || context.openQuantity(BTC) !== 0) return
      for (let index = 0; index < 2; index++) context.order({ instrument: BTC, direction: 1, quantity: 0.6 })
    },
  }
  const fillsBy = (consumes: boolean) => {
    const { engine, rows } = runOf(strategy, { rules: { ...DEFAULT_RULES, consumes } })
    play(engine, [quote(0, 100, 101)])
    return rows.lab_fills!.map(({ quantity }) => Number(quantity))
  }
  assert.deepEqual(fillsBy(true), [0.6, 0.4])
  assert.deepEqual(fillsBy(false), [0.6, 0.6])
})

test('an order larger than its share of what was traded in the last minute is marked', () => {
  const large = (traded: number) => {
    const { engine, rows } = runOf(new Once(buy(0.5)), { rules: { ...DEFAULT_RULES, participation: 0.1 } })
    play(engine, [{ atMs: 0, price: 101, volume: traded }, quote(59_000, 100, 101)])
    return rows.lab_fills!.map(each => each.large)
  }
  assert.deepEqual([large(4.9), large(5)], [[true], [false]])
})
