import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { type Ask, Range } from '../../src/replay/range.ts'
import { readSegments } from '../../src/replay/time-chunks.ts'
import type { TradeColumns } from '../../src/tick/trades.ts'
import { type ArchiveFixture, archiverOf, openArchiveFixture } from '../support/data/archiving.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-slices-'))
let fixture: ArchiveFixture
let queries = 0
const ask: Ask = (query, format) => {
  queries++
  return fixture.store.untrusted(query, format)
}

/** The ticks as a plain question orders them: time in ns, id, symbol. */
async function expected(where = '1'): Promise<string[]> {
  const rows = await fixture.store.rows<{ line: string }>(
    `SELECT concat(toString(toUnixTimestamp64Nano(timestamp)), ' ', toString(trade_id), ' ', symbol, ' ', toString(price)) AS line
     FROM trades WHERE ${where} ORDER BY timestamp, trade_id, venue, symbol, log_offset, log_index`,
  )
  return rows.map(({ line }) => line)
}

async function read(range: Range, ticksMax?: number, from = range.firstNanos): Promise<string[]> {
  const lines: string[] = []
  for await (const trades of readSegments(ask, range, from, ticksMax)) {
    assert.ok(trades.length > 0)
    for (let row = 0; row < trades.length; row++)
      lines.push(
        `${trades.timestamp[row]} ${trades.tradeId[row]} ${trades.symbols.words[trades.symbol[row]!]} ${trades.price[row]}`,
      )
  }
  return lines
}

let all: string[]

before(async () => {
  fixture = await openArchiveFixture(directory)
  all = await expected()
  const address = `file:${directory}/archive`
  await viewArchive(fixture.store, await openTarget(address, 'unused'))
  const retention = { logHours: undefined, storeDays: 1 }
  await archiverOf(fixture, await openTarget(address, 'unused'), { retention }).archiver.round()
  const [left] = await fixture.store.rows<{ rows: number }>('SELECT count() AS rows FROM trades')
  assert.equal(Number(left!.rows), 0, 'every day has left for the archive')
})
after(async () => {
  await fixture.close()
  fs.rmSync(directory, { recursive: true, force: true })
})

test('archived ticks come in order and once, however small the slices and wherever they are cut', async () => {
  const range = await Range.find(ask, { symbols: [] })
  assert.equal(range.ticks, all.length)
  for (const ticksMax of [7, 50, undefined]) assert.deepEqual(await read(range, ticksMax), all, `${ticksMax}`)
})

test('a slice stays as it is while the next one is read', async () => {
  const range = await Range.find(ask, { symbols: [] })
  const pricesOf = (trades: TradeColumns) => [...trades.price.subarray(0, trades.length)]
  const slices = readSegments(ask, range, range.firstNanos, 20)
  let held: { trades: TradeColumns; prices: number[] } | undefined
  let read = 0
  for await (const trades of slices) {
    if (held) assert.deepEqual(pricesOf(held.trades), held.prices)
    held = { trades, prices: pricesOf(trades) }
    read += trades.length
  }
  assert.equal(read, all.length)
})

test('a seek begins at the first tick of that moment, and a range ends before its end', async () => {
  const range = await Range.find(ask, { symbols: [] })
  const nanos = BigInt(all[60]!.split(' ')[0]!)
  const from = all.findIndex(line => line.startsWith(`${nanos} `))
  assert.deepEqual(await read(range, 10, nanos), all.slice(from))
  const before = await Range.find(ask, { symbols: [], untilNanos: nanos })
  assert.deepEqual(await read(before), all.slice(0, from))
})

test('only the symbols asked for; a symbol or a time without ticks is a mistake with advice', async () => {
  const range = await Range.find(ask, { venue: 'binance', symbols: ['BBB'] })
  assert.deepEqual(
    await read(range),
    all.filter(line => line.includes(' BBB ')),
  )
  await assert.rejects(Range.find(ask, { symbols: ['BBB', "it's"] }), { code: 'usage', message: /it's/ })
  await assert.rejects(Range.find(ask, { symbols: [], venue: 'kraken' }), { code: 'usage' })
})

test('an hour without ticks costs a few questions, not one a minute', async () => {
  const range = await Range.find(ask, { symbols: [] })
  queries = 0
  await read(range)
  assert.ok(queries < 10, `${queries} questions`)
})
