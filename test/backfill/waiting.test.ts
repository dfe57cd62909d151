/** Which trades are in the log and not stored, on a real log and store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readWaiting } from '../../src/backfill/waiting.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'
import { tradesOf } from '../support/data/trades.ts'

const START = Date.parse('2026-11-22') * 1000
const trade = (tradeId: number, symbol = 'BTCUSDT') => ({ symbol, tradeId, price: 2, volume: 1, side: 'buy' as const })
/** A minute per id: 1,440 ids a day. */
const micros = ({ tradeId }: { tradeId: number }) => START + tradeId * 60_000_000

test('only records after the last stored one are read, and only the symbol counts, by day', async t => {
  const { log, store } = await openBoth(t)
  const append = async (...trades: ReturnType<typeof trade>[]) => {
    await log.append(0, [tradesOf('binance', trades, ORIGIN.repair, micros)])
  }
  const read: number[] = []
  const waiting = async () =>
    Object.fromEntries(
      await readWaiting({
        ...{ venue: 'binance', symbol: 'BTCUSDT', log, signal: new AbortController().signal },
        query: (query, format) => store.untrusted(query, format),
        progress: records => read.push(records),
      }),
    )
  assert.deepEqual(await waiting(), {}, 'an empty log')
  await append(trade(1), trade(2))
  assert.deepEqual(await waiting(), { '2026-11-22': [{ first: 1, last: 2 }] }, 'an empty store')
  for (let id = 3; id < 300; id++) await append(trade(id))
  await storeAll(log, store)
  assert.deepEqual(await waiting(), {}, 'all is stored')
  for (let id = 1_600; id > 1_300; id--) await append(trade(id), trade(id, 'ETHUSDT'))
  // What cannot be decoded is none of them.
  await log.append(0, [{ kind: 'trades', format: 'native', version: 1, ticks: 1, payload: new Uint8Array([9, 9]) }])
  read.length = 0
  assert.deepEqual(await waiting(), {
    '2026-11-22': [{ first: 1_301, last: 1_439 }],
    '2026-11-23': [{ first: 1_440, last: 1_600 }],
  })
  assert.equal(read.at(-1), 301)
})
