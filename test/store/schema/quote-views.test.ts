/** The views about quotes, against naive models, recorded sessions, and DuckDB over the archive. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { openTarget } from '../../../src/archive/targets/open.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import type { Store } from '../../../src/store/store.ts'
import { QuoteColumns } from '../../../src/tick/quotes/quotes.ts'
import { quotesRecord } from '../../../src/tick/quotes/record.ts'
import { tradesRecord } from '../../../src/tick/records.ts'
import { TradeColumns } from '../../../src/tick/trades.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { archiverOf } from '../../support/data/archiving.ts'
import { quoteColumnsOf } from '../../support/data/quotes.ts'
import { binanceLines, skipWithoutData } from '../../support/data/recorded-data.ts'
import { openBoth } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { columnsOf, NOON_MICROS } from '../../support/data/trades.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const NOON = '2026-11-22 12:00:00'

/** A quote or a trade of the models: ms after noon, and prices in ticks. */
interface QuoteAt {
  ms: number
  bid: number
  width: number
  sizes: [number, number]
}
const quoteAt: fc.Arbitrary<QuoteAt> = fc.record({
  ms: fc.integer({ min: 0, max: 20_000 }),
  bid: fc.integer({ min: 100, max: 120 }),
  width: fc.integer({ min: 0, max: 5 }),
  sizes: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
})
const quotesAt = fc.array(quoteAt, { minLength: 1, maxLength: 60 }).map(all => all.sort((a, b) => a.ms - b.ms))

/** Stores quotes of one symbol, received as stated. */
async function storeQuotes(log: OpenLog, symbol: string, quotes: readonly QuoteAt[], venue = 'binance'): Promise<void> {
  const columns = quoteColumnsOf(
    venue,
    quotes.map(({ bid, width, sizes }, at) => ({
      ...{ symbol, sequence: at + 1, bid: [bid, sizes[0]], ask: [bid + width, sizes[1]] },
    })),
  )
  for (const [row, { ms }] of quotes.entries()) columns.receivedAt[row] = BigInt(NOON_MICROS + ms * 1000) * 1000n
  await log.append(0, [quotesRecord(columns)])
}

const near = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b))

describe('of made quotes', () => {
  let log: OpenLog
  let store: Store
  let next = 0
  const symbolOf = () => `S${next++}`
  let close = async () => {}
  before(async () => {
    const owner = { after: (end: () => Promise<void>) => (close = end) }
    ;({ log, store } = await openBoth(owner as Parameters<typeof openBoth>[0]))
  })
  after(() => close())

  test(`bbo_bars is what a plain loop over the quotes of each bar gives (seed ${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(quotesAt, fc.constantFrom(1, 5, 60), async (quotes, seconds) => {
        const symbol = symbolOf()
        await storeQuotes(log, symbol, quotes)
        await storeAll(log, store)
        const bars = await store.rows<Record<string, number>>(
          `SELECT toInt64(toUnixTimestamp64Milli(time)) AS ms, * EXCEPT (time)
           FROM bbo_bars(venue = 'binance', symbol = '${symbol}', seconds = ${seconds})`,
        )
        const expected = [...Map.groupBy(quotes, ({ ms }) => Math.floor(ms / 1000 / seconds))].map(([bar, own]) => {
          const mids = own.map(({ bid, width }) => bid + width / 2)
          const weights = own.map(({ ms }, at) => (own[at + 1]?.ms ?? (bar + 1) * seconds * 1000) - ms + 1e-6)
          const total = weights.reduce((sum, each) => sum + each, 0)
          const weighted = (of: (quote: QuoteAt) => number) =>
            own.reduce((sum, quote, at) => sum + of(quote) * weights[at]!, 0) / total
          return {
            ...{ ms: NOON_MICROS / 1000 + bar * seconds * 1000, quotes: own.length },
            ...{ open: mids[0]!, high: Math.max(...mids), low: Math.min(...mids), close: mids.at(-1)! },
            spread: weighted(({ width }) => width),
            spread_bp: weighted(({ bid, width }) => (1e4 * width) / (bid + width / 2)),
            imbalance: weighted(({ sizes: [b, a] }) => (b - a) / (b + a)),
          }
        })
        assert.equal(bars.length, expected.length)
        for (const [at, bar] of expected.entries())
          for (const [name, value] of Object.entries(bar))
            assert.ok(near(Number(bars[at]![name]), value), `${name}: ${bars[at]![name]} and ${value}`)
      }),
      { seed: SEED, numRuns: 15 },
    )
  })

  test(`trades_quotes finds the last quote at least the guard before each trade (seed ${SEED})`, async () => {
    const tradesAt = fc.array(fc.integer({ min: 0, max: 20_500 }), { minLength: 1, maxLength: 40 })
    await fc.assert(
      fc.asyncProperty(quotesAt, tradesAt, fc.constantFrom(0, 20, 3_000), async (quotes, trades, guard) => {
        const symbol = symbolOf()
        await storeQuotes(log, symbol, quotes)
        const columns = columnsOf(
          'binance',
          trades.map((_, tradeId) => ({ symbol, tradeId: tradeId + 1, price: 1, volume: 1, side: 'buy' })),
        )
        for (const [row, ms] of trades.entries()) columns.receivedAt[row] = BigInt(NOON_MICROS + ms * 1000) * 1000n
        await log.append(0, [tradesRecord(columns)])
        await storeAll(log, store)
        const expected = trades.map((ms, at) => [
          at + 1,
          // Of quotes received at one moment any may be found.
          quotes.findLast(quote => quote.ms <= ms - guard)?.ms ?? -NOON_MICROS / 1000,
        ])
        for (const range of ['', `_between`]) {
          const limits = range && `, since = '${NOON}', until = '2026-11-22 12:01:00'`
          const rows = await store.rows<{ id: number; ms: number }>(
            `SELECT toUInt32(trade_id) AS id, toInt64(toUnixTimestamp64Milli(quoted_at)) - ${NOON_MICROS / 1000} AS ms
             FROM trades_quotes${range}(venue = 'binance', symbol = '${symbol}', guard_ms = ${guard}${limits}) ORDER BY id`,
          )
          assert.deepEqual(
            rows.map(({ id, ms }) => [id, Number(ms)]),
            expected,
          )
        }
      }),
      { seed: SEED, numRuns: 15 },
    )
  })

  test(`nbbo is the best of each venue's last quote that is not stale (seed ${SEED})`, async () => {
    const ofVenue = fc.tuple(fc.constantFrom('binance', 'kraken', 'okx'), quoteAt)
    await fc.assert(
      fc.asyncProperty(fc.array(ofVenue, { minLength: 1, maxLength: 60 }), async made => {
        const symbol = symbolOf()
        // One at a moment: the order of several is not stated.
        const seen = new Map(made.map(each => [each[1].ms, each]))
        const all = [...seen.values()].sort((a, b) => a[1].ms - b[1].ms)
        for (const [venue, own] of Map.groupBy(all, ([name]) => name))
          await storeQuotes(
            log,
            symbol,
            own.map(([, quote]) => quote),
            venue,
          )
        await storeAll(log, store)
        const last = new Map<string, QuoteAt>()
        const expected = all.map(([venue, quote]) => {
          last.set(venue, quote)
          const fresh = [...last.values()].filter(({ ms }) => ms >= quote.ms - 2_000)
          return [Math.max(...fresh.map(({ bid }) => bid)), Math.min(...fresh.map(({ bid, width }) => bid + width))]
        })
        const rows = await store.rows<{ bid_price: number; ask_price: number; bid_venue: string }>(
          `SELECT bid_price, ask_price, bid_venue FROM
           nbbo(symbols = ['${symbol}'], stale_seconds = 2, since = '${NOON}', until = '2026-11-22 12:01:00')`,
        )
        assert.deepEqual(
          rows.map(row => [row.bid_price, row.ask_price]),
          expected,
        )
        assert.equal(rows[0]!.bid_venue, all[0]![0])
      }),
      { seed: SEED, numRuns: 15 },
    )
  })
})

/** Share of trades whose side by the quote rule is the venue's, by guard in ms: computed by a script in another language. */
const AGREEMENT = {
  btcusdt: { 0: 0.49, 1: 0.622, 2: 0.728, 5: 0.767, 10: 0.788, 20: 0.818, 50: 0.923 },
  ethusdt: { 0: 0.505, 1: 0.688, 2: 0.83, 5: 0.885, 10: 0.921, 20: 0.941, 50: 0.955 },
}

const missing = await pythonMissing()
const skipPython = missing !== undefined && process.env.CI !== 'true' ? missing : false

describe('of recorded sessions, with their receive times', { skip: skipWithoutData }, () => {
  for (const [session, agreement] of Object.entries(AGREEMENT))
    test(`${session}: the quote rule agrees with the venue's side as often as another script counts, by guard`, async t => {
      const { log, store } = await openBoth(t)
      await log.append(0, recordsOf(session as 'btcusdt'))
      await storeAll(log, store)
      for (const [guard, expected] of Object.entries(agreement)) {
        const [row] = await store.rows<{ share: number }>(
          `SELECT round(countIf(if(price > (bid_price + ask_price) / 2, 'buy', 'sell') = side) / countIf(quoted_at > 0), 3) AS share
           FROM trades_quotes(venue = 'binance', symbol = '${session.toUpperCase()}', guard_ms = ${guard})`,
        )
        assert.equal(row!.share, expected, `${guard} ms`)
      }
    })

  test('DuckDB joins the archived trades and quotes to the same rows', {
    skip: skipPython,
    timeout: 600_000,
  }, async t => {
    const { log, store } = await openBoth(t)
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-views-'))
    t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
    await log.append(0, recordsOf('ethusdt'))
    await storeAll(log, store)
    const target = await openTarget(`file:${directory}/archive`, 'unused')
    const { archiver } = archiverOf({ log, store, events: new EventLog(), close: async () => {} }, target)
    await archiver.round()
    const ours = await store.rows<Record<string, string>>(
      `SELECT toString(trade_id) AS id, toString(toUnixTimestamp64Nano(quoted_at)) AS quoted
       FROM trades_quotes(venue = 'binance', symbol = 'ETHUSDT', guard_ms = 20) WHERE quoted_at > 0 ORDER BY trade_id`,
    )
    const script = `
import duckdb
rows = duckdb.sql("""SELECT t.trade_id, epoch_ns(q.received_at) FROM '${directory}/archive/trades/**/*.parquet' t
  ASOF JOIN '${directory}/archive/quotes/**/*.parquet' q ON t.symbol = q.symbol AND t.received_at - INTERVAL 20 MILLISECOND >= q.received_at
  ORDER BY t.trade_id""").fetchall()
for row in rows: print(*row)`
    const { command, path: packages } = await pythonWith('duckdb', 'pandas', 'pyarrow', 'polars')
    const env = { ...process.env, PYTHONPATH: packages }
    const { stdout } = await promisify(execFile)(command, ['-c', script], { env, maxBuffer: 2 ** 28 })
    const theirs = stdout.trim().split('\n')
    assert.ok(theirs.length > 6_000)
    assert.deepEqual(
      theirs,
      ours.map(({ id, quoted }) => `${id} ${quoted}`),
    )
  })
})

/** The ticks of a session as its recorder received them. */
function recordsOf(session: 'btcusdt' | 'ethusdt') {
  const [trades, quotes] = [new TradeColumns(0), new QuoteColumns(0)]
  const decode = binance.decoder()
  for (const { receivedAtNanos, frame } of binanceLines(session)) {
    const received = { venue: 'binance', receivedAtMicros: Number(receivedAtNanos / 1000n) }
    decode(frame, {
      trade: trade => {
        trades.reserve(1)
        trades.add({ ...trade, ...received })
        trades.receivedAt[trades.length - 1] = receivedAtNanos
      },
      quote: quote => {
        quotes.reserve(1)
        quotes.add({ ...quote, ...received })
        quotes.receivedAt[quotes.length - 1] = receivedAtNanos
      },
      refuse: (reason, detail) => assert.fail(`${reason}: ${detail}`),
      amendment: () => {},
      control: () => {},
      ignore: () => {},
      imprecise: () => {},
    })
  }
  return [quotesRecord(quotes), tradesRecord(trades)]
}
