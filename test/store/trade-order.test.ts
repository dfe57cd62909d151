import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { schemaStatements } from '../../src/store/schema/definitions.ts'
import { TRADE_ORDER } from '../../src/store/trade-order.ts'
import { openTestStore, type TestStore } from '../support/data/storage.ts'

let opened: TestStore
before(async () => {
  opened = await openTestStore()
})
after(() => opened.remove())

test('the order of trades as one number is that of time and id, to the nanosecond and over all 64 bits of an id', async () => {
  const nanos = ['-1', '0', '1723161255000000000', '1723161255000000001', '1795596349605000000', '9223372036854775807']
  const ids = ['0', '1', '4095', '4096', '131071', '131072', '9223372036854775808', '18446744073709551615']
  const trades = `SELECT fromUnixTimestamp64Nano(toInt64(arrayJoin([${nanos}]))) AS timestamp, arrayJoin([${ids}])::UInt64 AS trade_id`
  const inOrder = (order: string) =>
    `SELECT groupArray((toString(timestamp), toString(trade_id))) AS inOrder FROM (SELECT * FROM (${trades}) ORDER BY ${order})`
  const [byTuple] = await opened.store.rows<{ inOrder: unknown[] }>(inOrder('(timestamp, trade_id)'))
  assert.equal(byTuple!.inOrder.length, nanos.length * ids.length)
  assert.deepEqual(await opened.store.rows(inOrder(TRADE_ORDER)), [byTuple])
})

test('view candles opens and closes in that order', () => {
  const view = schemaStatements().find(statement => statement.includes('VIEW candles'))!
  assert.ok(view.includes(`argMin(price, ${TRADE_ORDER})`) && view.includes(`argMax(price, ${TRADE_ORDER})`))
})
