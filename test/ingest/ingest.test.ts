import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { Ledger } from '../../src/ingest/ledger.ts'
import { openLog } from '../../src/log/open.ts'
import { openTestStore } from '../support/storage.ts'
import { storeAll } from '../support/storing.ts'
import { tradesOf } from '../support/trades.ts'

test('a gap that a batch found which never arrived is followed, also where nothing else of its symbol is stored', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-log-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  const { store, remove } = await openTestStore()
  t.after(async () => {
    await log.close()
    await remove()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  // Written ahead of trades 10 and 13, whose record left the log before it was stored.
  const ahead = { venue: 'binance', symbol: 'BTCUSDT', first: 11, last: 12, missing: 2, foundAtMicros: 1.7e15 }
  await new Ledger(store, SYSTEM_CLOCK).writeGaps([ahead], await store.claim(0))
  const trade = (tradeId: number) => ({ symbol: 'BTCUSDT', tradeId, price: 1, volume: 1, side: 'buy' as const })
  await log.append(0, [tradesOf('binance', [trade(11), trade(15)])])
  await storeAll(log, store)
  const gaps = await store.rows(
    'SELECT toUInt32(first_id) AS first, toUInt32(last_id) AS last, toUInt32(missing) AS missing FROM gaps FINAL ORDER BY first',
  )
  assert.deepEqual(gaps, [
    { first: 11, last: 12, missing: 1 },
    { first: 12, last: 14, missing: 3 },
  ])
})
