import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { Checkpoint } from '../../src/ingest/checkpoint.ts'
import { SealedBatch } from '../../src/ingest/sealed-batch.ts'
import { openStore } from '../../src/store/open.ts'
import { batchOf, tradesNumbered } from '../contracts/store.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'

test('a part of a batch in the table is a contradiction, but not where a later owner has cut it elsewhere', async t => {
  const server = await openTestServer(t)
  const store = await openStore(server.freshStore())
  t.after(() => store.close())
  const checkpoint = new Checkpoint(store, SYSTEM_CLOCK)
  const trades = tradesNumbered(1, 2_000)
  const sealed = new SealedBatch(batchOf(0, 0, trades))

  const before = await store.claim(0)
  await store.settle(before)
  // Taken over between settling and asking.
  const later = await store.claim(0)
  await store.insertBlock('trades', batchOf(0, 0, trades.slice(0, 1_000)).block('trades', 0), later)
  await assert.rejects(sealed.findArrived(store, checkpoint, before), { code: 'store_fenced' })
  await assert.rejects(sealed.findArrived(store, checkpoint, later), { code: 'store_inconsistent' })
})
