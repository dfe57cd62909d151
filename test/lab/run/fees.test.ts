import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VenueFees } from '../../../src/lab/execution/venue-fees.ts'
import { parsePortfolio, readPortfolioText } from '../../../src/lab/portfolio/read.ts'
import type { Row } from '../../../src/lab/results/rows.ts'
import { setUp } from '../../../src/lab/run/set-up.ts'
import { BTC, LAB_START_MICROS, play } from '../../support/data/lab-market.ts'

const DAY = 86_400_000_000
const DAY_MS = DAY / 1000

const portfolioOf = (fees: string) => `{ name: p, currency: X, order_latency_ms: 0, stale_seconds: 1e9, ${fees},
  strategies: [{ name: s, kind: buy-and-hold, symbols: ["test:BTC"], capital: 1000 }] }`

/** Fees of a fill of 1000 · 2 at each of these days after the start. */
async function feesAt(fees: string, days: readonly number[]): Promise<string[]> {
  const portfolio = await readPortfolioText(portfolioOf(fees), 'p.yaml')
  let sent = 0
  const strategies = portfolio.strategies.map(strategy => ({
    ...strategy,
    kind: {
      ...strategy.kind,
      make: () => ({
        onQuote: (quote, context) => {
          context.order({ instrument: quote.instrument, direction: sent++ % 2 === 0 ? 1 : -1, quantity: 2 })
        },
      }),
    } satisfies typeof strategy.kind,
  }))
  const rows: Row[] = []
  const add = (table: string, row: Row) => {
    if (table === 'lab_fills') rows.push(row)
  }
  const { engine } = setUp('r', { ...portfolio, strategies }, [BTC], new Set(['test:BTC']), add)
  engine.start(LAB_START_MICROS)
  play(
    engine,
    days.flatMap(day => {
      const quote = { bid: 1_000, ask: 1_000, bidSize: 9, askSize: 9 }
      return [{ atMs: day * DAY_MS, ...quote }]
    }),
  )
  engine.end(LAB_START_MICROS + (days.at(-1)! + 1) * DAY)
  return rows.map(({ fee }) => String(fee))
}

const TIERS = 'tiers: [{ from: 0, maker: 0, taker: 0.001 }, { from: 4000, maker: 0, taker: 0.0005 }]'

test('a fill pays by what the strategy traded at the venue in the 30 days before, from the next day on', async () => {
  // 2,000 each; the second tier begins at 4,000.
  const paid = async (...days: number[]) => (await feesAt(`fees: { test: { ${TIERS} } }`, days)).map(Number)
  assert.deepEqual(await paid(0, 1, 1.1, 2), [2, 2, 2, 1])
  // The start is at noon: day 30.4 is the last that day 0 counts for.
  assert.deepEqual(await paid(0, 1, 30.4), [2, 2, 1])
  assert.deepEqual(await paid(0, 1, 30.6), [2, 2, 2])
})

test('what the account trades beside the strategy counts for its tier, and a venue without fees has those of default', async () => {
  assert.deepEqual((await feesAt(`fees: { test: { volume: 2000, ${TIERS} } }`, [0, 1])).map(Number), [2, 1])
  assert.deepEqual((await feesAt(`fees: { default: { volume: 4000, ${TIERS} } }`, [0])).map(Number), [1])
  assert.deepEqual((await feesAt('fees: { test: { maker: 0, taker: 0.0005 } }', [0])).map(Number), [1])
  assert.deepEqual((await feesAt('fees: { other: { maker: 0, taker: 0 } }', [0])).map(Number), [2])
})

test('the tier is that of a sum over all earlier fills, whatever the fills', () => {
  const rates = (taker: bigint) => ({ maker: 0n, taker })
  const fill = fc.record({ hours: fc.integer({ min: 0, max: 400 }), notional: fc.bigInt({ min: 1n, max: 10n ** 15n }) })
  fc.assert(
    fc.property(fc.array(fill, { maxLength: 60 }), fc.bigInt({ min: 0n, max: 10n ** 15n }), (fills, volume) => {
      const tiers = [0n, 10n ** 14n, 10n ** 15n, 10n ** 16n].map((from, at) => ({ from, rates: rates(BigInt(at)) }))
      const fees = new VenueFees(tiers, volume)
      let hours = 0
      const seen: { day: number; notional: bigint }[] = []
      for (const { hours: later, notional } of fills) {
        hours += later
        const day = Math.floor(hours / 24)
        let sum = volume
        for (const each of seen) if (each.day < day && each.day >= day - 30) sum += each.notional
        const { taker } = fees.take(notional, hours * 3_600_000_000)
        assert.equal(taker, BigInt(tiers.filter(({ from }) => from <= sum).length - 1))
        seen.push({ day, notional })
      }
    }),
  )
})

test('each mistake in the fees is named', () => {
  const refused = (fees: string, message: RegExp) =>
    assert.throws(() => parsePortfolio(portfolioOf(`fees: { test: ${fees} }`), 'p.yaml'), {
      code: 'config_invalid',
      message,
    })
  const tier = (from: number) => `{ from: ${from}, maker: 0, taker: 0.001 }`
  refused('{ maker: 0.1 }', /fees\.test: state maker and taker, or tiers/)
  refused('{ maker: 0.2, taker: 0 }', /fees\.test\.maker: /)
  refused(`{ maker: 0, taker: 0, tiers: [${tier(0)}] }`, /fees\.test: state maker and taker, or tiers/)
  refused('{ maker: 0, taker: 0, volume: 5 }', /volume chooses one of tiers/)
  refused(`{ tiers: [${tier(5)}] }`, /the first tier is from 0/)
  refused(`{ tiers: [${tier(0)}, ${tier(5)}, ${tier(5)}] }`, /each tier is from more than the last/)
  refused('{ tiers: [] }', /fees\.test\.tiers: /)
  refused('{ tiers: [{ from: 0, maker: 0 }] }', /fees\.test\.tiers\.0\.taker: /)
})
