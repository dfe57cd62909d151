import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diagnose, isSound } from '../../../src/audit/diagnosis.ts'
import { QuoteSequences } from '../../../src/ingest/ids/quote-sequences.ts'
import { QuoteColumns, QuoteDraft } from '../../../src/tick/quotes/quotes.ts'
import { reasonOf } from '../../../src/tick/validate.ts'
import { quoteColumnsOf, quotesOf, type SampleQuote } from '../../support/data/quotes.ts'
import { openBoth } from '../../support/data/storage.ts'
import { storeAll } from '../../support/data/storing.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { assertPositions, checkPositions } from '../../support/judges/oracle.ts'

const SIDES = { bid: [1, 1], ask: [2, 1] } as const
type Seen = readonly [symbol: string, sequence: number | bigint, receivedMs?: number]

function following() {
  const events = new EventLog()
  const sequences = new QuoteSequences(events.emit, () => 0)
  /** Which quotes of a record are new. */
  const follow = (...seen: Seen[]) => {
    const quotes = quoteColumnsOf(
      'binance',
      seen.map(([symbol, sequence]) => ({ symbol, sequence, ...SIDES })),
    )
    for (const [row, [, , receivedMs]] of seen.entries())
      if (receivedMs !== undefined) quotes.receivedAt[row] = BigInt(receivedMs) * 1_000_000n
    const codes = new Uint8Array(seen.length)
    const marked = sequences.follow(quotes, codes)
    assert.equal(marked, codes.filter(Boolean).length)
    for (const code of codes) if (code) assert.match(reasonOf(code), /^quote_(not_new|repeated)$/)
    return [...codes].map(code => code === 0)
  }
  return { events, sequences, follow }
}

test('what a second connection repeats is not new, in whatever records and interleaving it comes', () => {
  const symbol = fc.constantFrom('A', 'B', 'C')
  const quote = fc.tuple(symbol, fc.integer({ min: 1_000, max: 1_999 }))
  fc.assert(
    fc.property(fc.array(fc.array(quote, { maxLength: 20 }), { maxLength: 20 }), records => {
      const { follow, events } = following()
      const last = new Map<string, number>()
      for (const record of records) {
        const expected = record.map(([name, sequence]) => {
          const isNew = sequence > (last.get(name) ?? 0)
          if (isNew) last.set(name, sequence)
          return isNew
        })
        assert.deepEqual(follow(...record), expected)
      }
      assert.deepEqual(events.emitted, [])
    }),
  )
})

/** Quotes of one symbol with values that follow from the number, but for those of `unlike`. */
const numbered = (numbers: readonly number[], unlike: Readonly<Record<number, Partial<SampleQuote>>> = {}) =>
  quoteColumnsOf(
    'binance',
    numbers.map((sequence, at) => ({
      ...{ symbol: 'A', sequence, bid: [sequence, 1] as const, ask: [sequence + 1, 2] as const, micros: sequence },
      ...unlike[at],
    })),
  )
const reasonsOf = (sequences: QuoteSequences, quotes: QuoteColumns) => {
  const codes = new Uint8Array(quotes.length)
  sequences.follow(quotes, codes)
  return [...codes].map(code => (code === 0 ? 'new' : reasonOf(code)))
}

test('a repeat is one only with equal values, time and flags, of one of the last quotes; anything else is not new', () => {
  const { sequences } = following()
  const numbers = Array.from({ length: 300 }, (_, at) => 1_000 + at)
  assert.ok(reasonsOf(sequences, numbered(numbers)).every(reason => reason === 'new'))
  const unlike: Record<number, Partial<SampleQuote>> = {
    1: { bid: [1_298.5, 1] },
    2: { bid: [1_299, 1.5] },
    3: { ask: [1_301, 2] },
    4: { ask: [1_300, 3] },
    5: { micros: 7 },
    6: { flags: 2 },
  }
  assert.deepEqual(reasonsOf(sequences, numbered([1_299, 1_299, 1_299, 1_299, 1_299, 1_299, 1_299, 1_299], unlike)), [
    'quote_repeated',
    ...Object.keys(unlike).map(() => 'quote_not_new'),
    'quote_repeated',
  ])
  assert.deepEqual(reasonsOf(sequences, numbered([1_180, 1_172, 1_000, 1_300, 1_299])), [
    ...['quote_repeated', 'quote_repeated', 'quote_not_new', 'new', 'quote_repeated'],
  ])
})

test('a copy that is behind by fewer than the last quotes is repeated, however both interleave', () => {
  const behind = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(behind, steps => {
      const { sequences } = following()
      let newest = 1_000
      let copy = 1_001
      for (const step of steps) {
        const numbers = Array.from({ length: step }, () => ++newest)
        assert.ok(reasonsOf(sequences, numbered(numbers)).every(reason => reason === 'new'))
        const repeats: number[] = []
        while (copy <= newest && (newest - copy > 20 || step % 2 === 0)) repeats.push(copy++)
        if (newest - 128 < (repeats[0] ?? newest))
          assert.ok(reasonsOf(sequences, numbered(repeats)).every(reason => reason === 'quote_repeated'))
      }
    }),
  )
})

test('exact repeats of a record are one row of quarantine that stands for all of them, and the audit counts each', async t => {
  const { log, store } = await openBoth(t)
  const quote = (symbol: string, sequence: number, size = 1) => ({
    ...{ symbol, sequence, bid: [1, size] as const, ask: [2, 1] as const },
  })
  const both = [1_001, 1_002, 1_003].flatMap(sequence => [quote('BTCUSDT', sequence), quote('ETHUSDT', sequence)])
  await log.append(0, [quotesOf('binance', both)])
  await log.append(0, [quotesOf('binance', [...both, quote('ETHUSDT', 1_003, 7), quote('BTCUSDT', 1_004)])])
  await log.append(0, [quotesOf('binance', [quote('BTCUSDT', 1_004)])])
  await storeAll(log, store)
  assert.deepEqual(
    await store.rows(
      `SELECT toUInt32(log_offset) AS offset, log_index AS index, toUInt32(ticks) AS ticks, reason, venue, symbol
       FROM quarantine ORDER BY log_offset, log_index`,
    ),
    [
      { offset: 1, index: 0, ticks: 6, reason: 'quote_repeated', venue: 'binance', symbol: '' },
      { offset: 1, index: 6, ticks: 1, reason: 'quote_not_new', venue: 'binance', symbol: 'ETHUSDT' },
      { offset: 2, index: 0, ticks: 1, reason: 'quote_repeated', venue: 'binance', symbol: 'BTCUSDT' },
    ],
  )
  const [{ raw }] = (await store.rows<{ raw: string }>(
    "SELECT raw FROM quarantine WHERE reason = 'quote_repeated' ORDER BY log_offset LIMIT 1",
  )) as [{ raw: string }]
  assert.deepEqual(
    JSON.parse(raw),
    ['BTCUSDT', 'ETHUSDT'].map(symbol => ({ venue: 'binance', symbol, first: '1001', last: '1003', count: 3 })),
  )
  assertPositions(await checkPositions(store, log))
  assert.ok(isSound(await diagnose(store, log, () => {})))
})

test('quotes without a sequence are all new, and sequences beyond 2^53 are compared to the last digit', () => {
  const { follow } = following()
  assert.deepEqual(follow(['A', 0], ['A', 0], ['A', 5], ['A', 0], ['A', 5]), [true, true, true, true, false])
  const [large, larger] = [2n ** 63n + 1n, 2n ** 63n + 2n]
  assert.deepEqual(follow(['B', large], ['B', larger], ['B', large]), [true, true, false])
})

test('a venue that restarts its count is followed from the first lower number on, and reported', () => {
  const { follow, events } = following()
  assert.deepEqual(follow(['A', 1_000_000, 0], ['A', 1, 10], ['A', 2, 20]), [true, true, true])
  assert.deepEqual(follow(['B', 1_000_000, 0], ['B', 900_000, 29_000], ['B', 900_001, 30_000]), [true, false, true])
  assert.deepEqual(events.named('quote_sequence_restarted'), [
    { venue: 'binance', symbol: 'A', last: '1000000', first: '1' },
    { venue: 'binance', symbol: 'B', last: '1000000', first: '900001' },
  ])
})

test('rows refused for other reasons do not count', () => {
  const { sequences } = following()
  const quotes = quoteColumnsOf('binance', [
    { symbol: 'A', sequence: 9, ...SIDES },
    { symbol: 'A', sequence: 5, ...SIDES },
  ])
  const codes = Uint8Array.of(3, 0)
  assert.equal(sequences.follow(quotes, codes), 0)
  assert.deepEqual([...codes], [3, 0])
})

test('a hostile record of tens of thousands of venues and symbols is followed like any other', () => {
  const { sequences } = following()
  const quotes = new QuoteColumns(70_000)
  for (let row = 0; row < 70_000; row++)
    quotes.add({ ...new QuoteDraft(), venue: `v${row}`, symbol: `s${row}`, sequence: 1 })
  const codes = new Uint8Array(70_000)
  assert.equal(sequences.follow(quotes, codes), 0)
  assert.equal(sequences.follow(quotes, codes), 70_000)
})

test('after a restart of ingest a repeat of a stored quote is refused; crossed and one-sided quotes are too', async t => {
  const { log, store } = await openBoth(t)
  const quote = (sequence: number, micros = 0) => ({ symbol: 'BTCUSDT', sequence, micros, ...SIDES })
  await log.append(0, [quotesOf('binance', [quote(1_001), quote(1_002)])])
  await storeAll(log, store)
  await log.append(0, [quotesOf('binance', [quote(1_002), quote(1_003), { ...quote(1_004), bid: [3, 1] }])])
  await log.append(0, [quotesOf('binance', [{ ...quote(1_005), ask: [0, 0] }, quote(1_006)])])
  await storeAll(log, store)
  const stored = 'SELECT toUInt32(sequence) AS number FROM quotes ORDER BY log_offset, log_index'
  assert.deepEqual(
    (await store.rows<{ number: number }>(stored)).map(({ number }) => number),
    [1_001, 1_002, 1_003, 1_006],
  )
  assert.deepEqual(
    await store.rows(
      `SELECT reason, kind, symbol, JSONExtractString(raw, 'sequence') AS sequence FROM quarantine ORDER BY log_offset, log_index`,
    ),
    [
      ['quote_not_new', '1002'],
      ['quote_crossed', '1004'],
      ['side_empty', '1005'],
    ].map(([reason, sequence]) => ({ reason, kind: 'quotes', symbol: 'BTCUSDT', sequence })),
  )
})
