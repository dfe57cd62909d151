import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { Range, type RunQuery, type TickFilter } from '../../src/replay/range.ts'
import { Ranges } from '../../src/replay/ranges.ts'
import { STORED_QUOTES, STORED_TRADES } from '../../src/replay/stored-ticks.ts'
import { readChunks } from '../../src/replay/time-chunks.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'
import { type ArchiveFixture, moveAllToArchive, openArchiveFixture } from '../support/data/archiving.ts'
import { quotesOf, type SampleQuote } from '../support/data/quotes.ts'
import { storeAll } from '../support/data/storing.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-chunks-'))
let fixture: ArchiveFixture
let queries = 0
const runQuery: RunQuery = (query, format) => {
  queries++
  return fixture.store.untrusted(query, format)
}

/** The ticks as a plain query orders them: time in ns, id, symbol. */
async function expected(where = '1'): Promise<string[]> {
  const rows = await fixture.store.rows<{ line: string }>(
    `SELECT concat(toString(toUnixTimestamp64Nano(timestamp)), ' ', toString(trade_id), ' ', symbol, ' ', toString(price)) AS line
     FROM trades WHERE ${where} ORDER BY timestamp, trade_id, venue, symbol, log_offset, log_index`,
  )
  return rows.map(({ line }) => line)
}

async function rangeOf(filter: TickFilter): Promise<Range<TradeColumns>> {
  const range = await Range.find(runQuery, STORED_TRADES, filter)
  assert.ok(range)
  return range
}

async function read(range: Range<TradeColumns>, ticksMax?: number, from = range.firstNanos): Promise<string[]> {
  const lines: string[] = []
  for await (const trades of readChunks(runQuery, range, from, ticksMax)) {
    assert.ok(trades.length > 0)
    for (let row = 0; row < trades.length; row++)
      lines.push(
        `${trades.timestamp[row]} ${trades.tradeId[row]} ${trades.symbols.words[trades.symbol[row]!]} ${trades.price[row]}`,
      )
  }
  return lines
}

let all: string[]

/** Two records whose quotes were received at the same times, without a sequence. */
const QUOTES: readonly SampleQuote[] = Array.from({ length: 200 }, (_, at) => ({
  symbol: at % 3 === 0 ? 'BBB' : 'AAA',
  bid: [1 + at, 1] as const,
  ask: [2 + at, 1] as const,
  sequence: 0,
}))

before(async () => {
  fixture = await openArchiveFixture(directory)
  await fixture.log.append(0, [quotesOf('binance', QUOTES.slice(0, 100)), quotesOf('binance', QUOTES.slice(100))])
  await storeAll(fixture.log, fixture.store)
  all = await expected()
  await viewArchive(fixture.store, await openTarget(`file:${directory}/archive`, 'unused'))
  await moveAllToArchive(fixture, directory)
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('archived ticks come in order and once, for any chunk size and wherever chunks are cut', async () => {
  const range = await rangeOf({ symbols: [] })
  assert.equal(range.ticks, all.length)
  for (const ticksMax of [7, 50, undefined]) assert.deepEqual(await read(range, ticksMax), all, `${ticksMax}`)
})

test('archived quotes come by the time of receipt and in the order of the log, once, wherever chunks are cut', async () => {
  const range = await Range.find(runQuery, STORED_QUOTES, { symbols: [] })
  assert.equal(range?.ticks, QUOTES.length)
  // One each millisecond, from the same time on in each record.
  const expected = QUOTES.slice(0, 100).flatMap(({ bid }, at) => [bid[0], QUOTES[at + 100]!.bid[0]])
  const bidsFrom = async (nanos: bigint, ticksMax?: number) => {
    const bids: number[] = []
    for await (const quotes of readChunks(runQuery, range!, nanos, ticksMax))
      bids.push(...quotes.bidPrice.subarray(0, quotes.length))
    return bids
  }
  for (const ticksMax of [21, undefined]) assert.deepEqual(await bidsFrom(range!.firstNanos, ticksMax), expected)
  assert.deepEqual(await bidsFrom(range!.firstNanos + 40_000_000n, 51), expected.slice(80), 'from a time on')
  assert.deepEqual((await Ranges.find(runQuery, { symbols: ['BBB'] })).kinds, ['quotes', 'trades'])
  assert.deepEqual((await Ranges.find(runQuery, { symbols: ['BBB'] }, ['quotes'])).kinds, ['quotes'])
  const untilNanos = range!.firstNanos
  await assert.rejects(Ranges.find(runQuery, { symbols: [], untilNanos }, ['quotes']), {
    message: /no stored quotes match/,
  })
})

test('a chunk stays valid while the next one is read', async () => {
  const range = await rangeOf({ symbols: [] })
  const pricesOf = (trades: TradeColumns) => [...trades.price.subarray(0, trades.length)]
  const chunks = readChunks(runQuery, range, range.firstNanos, 20)
  let previous: { trades: TradeColumns; prices: number[] } | undefined
  let read = 0
  for await (const trades of chunks) {
    if (previous) assert.deepEqual(pricesOf(previous.trades), previous.prices)
    previous = { trades, prices: pricesOf(trades) }
    read += trades.length
  }
  assert.equal(read, all.length)
})

test('a seek starts at the first tick of that time, and the end of a range is exclusive', async () => {
  const range = await rangeOf({ symbols: [] })
  const nanos = BigInt(all[60]!.split(' ')[0]!)
  const from = all.findIndex(line => line.startsWith(`${nanos} `))
  assert.deepEqual(await read(range, 10, nanos), all.slice(from))
  const before = await rangeOf({ symbols: [], untilNanos: nanos })
  assert.deepEqual(await read(before), all.slice(0, from))
})

test('only the chosen symbols are read; a symbol or venue without ticks is a usage error', async () => {
  const range = await rangeOf({ venue: 'binance', symbols: ['BBB'] })
  assert.deepEqual(
    await read(range),
    all.filter(line => line.includes(' BBB ')),
  )
  await assert.rejects(Ranges.find(runQuery, { symbols: ['BBB', "it's"] }), { code: 'usage', message: /it's/ })
  await assert.rejects(Ranges.find(runQuery, { symbols: [], venue: 'kraken' }), { code: 'usage' })
})

test('an hour without ticks costs a few queries, not one a minute', async () => {
  const range = await rangeOf({ symbols: [] })
  queries = 0
  await read(range)
  assert.ok(queries < 10, `${queries} queries`)
})
