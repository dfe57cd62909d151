/** Quotes proved by the order book of recorded sessions: another program counted how many comparisons hold. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { proveQuotes } from '../../src/audit/quote-proofs.ts'
import type { Store } from '../../src/store/store.ts'
import { BookTopColumns, bookTopsRecord } from '../../src/tick/quotes/book-tops.ts'
import { QuoteColumns, QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { quotesRecord } from '../../src/tick/quotes/record.ts'
import { binance } from '../../src/venues/binance/decode.ts'
import { binanceDepth } from '../../src/venues/binance/depth.ts'
import { RebuiltBook } from '../../src/venues/book/rebuilt-book.ts'
import { binanceLines, binanceSnapshot, binanceTruth, skipWithoutData } from '../support/data/recorded-data.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { EventLog } from '../support/judges/event-log.ts'

type Session = 'btcusdt' | 'ethusdt'
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)

/** A session's quotes, and the tops of the book rebuilt from its depth updates. */
function evidenceOf(session: Session) {
  const [tops, quotes] = [new BookTopColumns(10_000), [] as { quote: QuoteDraft; nanos: bigint }[]]
  const [rebuilt, decode] = [new RebuiltBook(), binance.decoder()]
  const snapshot = binanceSnapshot(session)
  const received = { venue: 'binance', symbol: session.toUpperCase() }
  let nanos = 0n
  const add = () => {
    const { bids, asks } = rebuilt.book
    const sides = { bidPrice: bids.bestPrice, bidSize: bids.bestSize, askPrice: asks.bestPrice, askSize: asks.bestSize }
    const { last, lowestBid, highestAsk } = rebuilt
    const range = { sequence: last!, lowestBid, highestAsk, receivedAtMicros: Number(nanos / 1000n) }
    tops.add({ ...new QuoteDraft(), ...received, ...sides, ...range })
  }
  let fetched = false
  for (const { receivedAtNanos, frame } of binanceLines(session)) {
    nanos = receivedAtNanos
    if (!fetched && receivedAtNanos >= snapshot.receivedAtNanos) {
      fetched = true
      // Like the other program, without a top for events that came before the snapshot.
      rebuilt.snapshot(binanceDepth.readSnapshot(snapshot.answer)!)
    }
    const event = binanceDepth.readEvent(frame)
    if (event) {
      if (rebuilt.event(event)) add()
      continue
    }
    decode(frame, {
      trade: () => {},
      quote: quote => {
        quotes.push({ quote: Object.assign(new QuoteDraft(), quote, received), nanos: receivedAtNanos })
      },
      refuse: (reason, detail) => assert.fail(`${reason}: ${detail}`),
      control: () => {},
      ignore: () => {},
      imprecise: () => {},
    })
  }
  return { tops, quotes }
}

function columnsOf(quotes: readonly { quote: QuoteDraft; nanos: bigint }[]): QuoteColumns {
  const columns = new QuoteColumns(quotes.length)
  for (const [row, { quote, nanos }] of quotes.entries()) {
    columns.add(quote)
    columns.receivedAt[row] = nanos
  }
  return columns
}

describe('recorded sessions', { skip: skipWithoutData }, () => {
  for (const session of ['btcusdt', 'ethusdt'] as const) {
    test(`${session}: every comparison holds, as many as another program counted, and each is made once`, async t => {
      const { log, store } = await openBoth(t)
      const { tops, quotes } = evidenceOf(session)
      await log.append(0, [quotesRecord(columnsOf(quotes)), bookTopsRecord(tops)])
      const events = new EventLog()
      await storeAll(log, store, { emit: events.emit })
      const truth = binanceTruth(session).depth_oracle
      // It also compares quotes beyond the snapshot.
      const compared = truth.proofs_held - truth.of_these_beyond_snapshot_reach.held
      const symbol = session.toUpperCase()
      assert.deepEqual(await proveQuotes(store, 0, Date.now() * 1000), [], 'the audit of ingest has compared all')
      assert.deepEqual(await audited(store), [
        {
          passed: true,
          compared,
          held: compared,
          below: 2,
          detail: `quotes of binance ${symbol}: ${compared} of ${compared} tops of the rebuilt book are equal`,
        },
      ])
      assert.deepEqual(events.named('quotes_missing'), [])
    })

    test(`${session}: of quotes dropped at random at least 8 % are known (seed ${SEED})`, async t => {
      const { log, store } = await openBoth(t)
      const { tops, quotes } = evidenceOf(session)
      let state = SEED
      const random = () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state / 2 ** 32
      }
      let dropped = 0
      // Enough drops for the share to be stable.
      const kept = quotes.filter(() => random() >= 0.02 || !++dropped)
      await log.append(0, [quotesRecord(columnsOf(kept)), bookTopsRecord(tops)])
      const events = new EventLog()
      await storeAll(log, store, { emit: events.emit })
      const [proof] = await audited(store)
      const known = proof!.compared - proof!.held
      assert.ok(dropped > 300)
      assert.ok(known >= 0.08 * dropped, `${known} of ${dropped}`)
      assert.deepEqual(events.named('quotes_missing'), [
        { venue: 'binance', symbol: session.toUpperCase(), failed: known, compared: proof!.compared },
      ])
      assert.equal(proof!.passed, false)
    })
  }
})

/** The rows about quotes in table `audits`. */
const audited = (store: Store) =>
  store.rows<{ passed: boolean; compared: number; held: number; below: number; detail: string }>(
    `SELECT passed, toUInt32(expected) AS compared, toUInt32(ticks) AS held, toUInt32(below_offset) AS below, detail
     FROM audits WHERE subject = 'quotes'`,
  )
