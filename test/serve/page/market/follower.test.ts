import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { parseConfig } from '../../../../src/config.ts'
import { Ingest } from '../../../../src/ingest/ingest.ts'
import type { OpenLog } from '../../../../src/log/log.ts'
import { openLog } from '../../../../src/log/open.ts'
import { limitsOf, venuesOf } from '../../../../src/modes/ingest-settings.ts'
import { Follower } from '../../../../src/serve/page/market/follower.ts'
import { LocalIngest } from '../../../../src/status/local-ingest.ts'
import { tradesRecord } from '../../../../src/tick/records.ts'
import { ORIGIN, TradeColumns } from '../../../../src/tick/trades.ts'
import { quotesOf } from '../../../support/data/quotes.ts'
import { openTestStore, type TestStore } from '../../../support/data/storage.ts'
import { WAIT_MS_MAX, within } from '../../../support/judges/within.ts'

const START_MICROS = 1_790_000_000_000_000
const RECORDS = 6
const QUOTES = [10, 11, 12].map(sequence => ({
  symbol: 'BTCUSDT',
  bid: [100, sequence] as const,
  ask: [101, 1] as const,
  sequence,
}))
const TICKS_PER_RECORD = 4

let house: TestStore
let log: OpenLog
before(async () => {
  house = await openTestStore()
  log = await openLog(`sqlite:${house.directory}/log?partitions=2`, 'write')
})
after(async () => {
  await log.close()
  await house.remove()
})

/** One record of either partition, ids going on from record to record. */
function record(symbol: string, number: number): Uint8Array {
  const trades = new TradeColumns(TICKS_PER_RECORD)
  for (let row = 0; row < TICKS_PER_RECORD; row++) {
    const id = number * TICKS_PER_RECORD + row + 1
    const micros = START_MICROS + id * 1_000
    trades.add({
      venue: 'binance',
      symbol,
      timestampMicros: micros,
      timestampNanos: 0,
      receivedAtMicros: micros,
      price: 100 + id,
      volume: 1,
      side: 1,
      tradeId: id,
      origin: ORIGIN.live,
    })
  }
  return tradesRecord(trades).payload
}

/** An ingest on the same log and store; it has no partition until started. */
function storingSide(): Ingest {
  const config = parseConfig({}, {})
  return new Ingest({
    limits: limitsOf(config),
    venues: venuesOf(config),
    log,
    store: house.store,
    emit: () => {},
  })
}

async function append(from: number, below: number): Promise<void> {
  for (const [partition, symbol] of ['BTCUSDT', 'ETHUSDT'].entries()) {
    for (let number = from; number < below; number++) {
      const payload = record(symbol, number)
      await log.append(partition, [{ kind: 'trades', format: 'native', version: 1, ticks: TICKS_PER_RECORD, payload }])
    }
  }
}

test('trades stored by another process arrive once each, from the end of the table on', async () => {
  await append(0, 1)
  const other = storingSide()
  other.start()
  while (!other.drained) await new Promise(resolve => setImmediate(resolve))

  const told: string[] = []
  const moved = new EventTarget()
  const follower = new Follower({
    store: house.store,
    log,
    ingest: { own: [] },
    emit: (_name, fields) => assert.fail(JSON.stringify(fields)),
    take: trades => {
      for (let row = 0; row < trades.length; row++)
        told.push(`${trades.symbols.words[trades.symbol[row]!]} ${trades.tradeId[row]} ${trades.price[row]}`)
      moved.dispatchEvent(new Event('moved'))
    },
    takeQuotes: () => {},
  })
  assert.equal(follower.offsets(), undefined, 'nothing is known before the first poll')
  follower.start()
  try {
    while (!follower.offsets()) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(
      [...follower.offsets()!],
      [
        [0, 1],
        [1, 1],
      ],
    )
    await append(1, RECORDS)
    const expected = 2 * (RECORDS - 1) * TICKS_PER_RECORD
    while (told.length < expected) await once(moved, 'moved', { signal: AbortSignal.timeout(WAIT_MS_MAX) })
    const ids = Array.from({ length: expected / 2 }, (_, index) => index + TICKS_PER_RECORD + 1)
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      assert.deepEqual(
        told.filter(line => line.startsWith(symbol)),
        ids.map(id => `${symbol} ${id} ${100 + id}`),
      )
    }
    assert.deepEqual(
      [...follower.offsets()!],
      [
        [0, RECORDS],
        [1, RECORDS],
      ],
    )
  } finally {
    follower.close()
    await other.stop()
  }
})

test('quotes of other processes arrive as the newest of each symbol, and records without a trade count as stored', async () => {
  const storing = storingSide()
  const seen: string[] = []
  const follower = new Follower({
    store: house.store,
    log,
    ingest: { own: [] },
    emit: (_name, fields) => assert.fail(JSON.stringify(fields)),
    take: () => assert.fail('no trade was stored'),
    takeQuotes: (quotes, counts) => {
      for (let row = 0; row < quotes.length; row++)
        seen.push(`${quotes.symbols.words[quotes.symbol[row]!]} ${quotes.bidSize[row]} of ${counts[row]}`)
    },
  })
  follower.start()
  try {
    while (!follower.storedOffsets()) await new Promise(resolve => setImmediate(resolve))
    const trades = follower.offsets()!.get(0)
    await log.append(0, [quotesOf('binance', QUOTES)])
    const { next } = log.bounds(0)
    storing.start()
    await within(WAIT_MS_MAX, async () =>
      follower.storedOffsets()!.get(0) === next ? undefined : 'not seen as stored',
    )
    assert.equal(follower.offsets()!.get(0), trades)
    assert.deepEqual(seen, ['BTCUSDT 12 of 3'])
  } finally {
    follower.close()
    await storing.stop()
  }
})

test('more rows than one poll returns arrive complete, record by record', async () => {
  const storing = storingSide()
  const ids = new Set<string>()
  const follower = new Follower({
    store: house.store,
    log,
    ingest: { own: [] },
    emit: (_name, fields) => assert.fail(JSON.stringify(fields)),
    take: trades => {
      for (let row = 0; row < trades.length; row++) ids.add(String(trades.tradeId[row]))
    },
    takeQuotes: () => {},
  })
  follower.start()
  try {
    while (!follower.offsets()) await new Promise(resolve => setImmediate(resolve))
    const ticks = 15_000
    const records = [0, 1].map(number => {
      const trades = new TradeColumns(ticks)
      for (let row = 0; row < ticks; row++) {
        const id = 1_000_000 + number * ticks + row
        trades.add({
          venue: 'binance',
          symbol: 'SOLUSDT',
          timestampMicros: START_MICROS + id,
          timestampNanos: 0,
          receivedAtMicros: START_MICROS + id,
          price: 1,
          volume: 1,
          side: 1,
          tradeId: id,
          origin: ORIGIN.live,
        })
      }
      return tradesRecord(trades)
    })
    await log.append(0, records)
    storing.start()
    await within(WAIT_MS_MAX, async () => (ids.size >= 2 * ticks ? undefined : `${ids.size} of ${2 * ticks} received`))
    assert.equal(ids.size, 2 * ticks)
  } finally {
    follower.close()
    await storing.stop()
  }
})

test('own partitions are not polled, and their offset is that of our ingest', async () => {
  const ours = storingSide()
  const follower = new Follower({
    store: house.store,
    log,
    ingest: new LocalIngest(ours, log),
    emit: (_name, fields) => assert.fail(JSON.stringify(fields)),
    take: () => assert.fail('received trades that this process stored itself'),
    takeQuotes: () => assert.fail('received quotes that this process stored itself'),
  })
  ours.start()
  try {
    assert.equal(follower.offsets(), undefined, 'still resuming')
    while (!follower.offsets()) await new Promise(resolve => setImmediate(resolve))
    assert.deepEqual(
      [...follower.offsets()!],
      [
        [0, RECORDS + 3],
        [1, RECORDS],
      ],
    )
  } finally {
    follower.close()
    await ours.stop()
  }
})
