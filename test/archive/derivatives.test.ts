/** Mark prices and liquidations through log, store and archive, and the queries of docs/derivatives.md. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { restore } from '../../src/archive/restore/restore.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { type Liquidation, LiquidationColumns } from '../../src/tick/derivatives/liquidations.ts'
import { type Mark, MarkColumns } from '../../src/tick/derivatives/marks.ts'
import { LIQUIDATIONS, MARKS } from '../../src/tick/kinds.ts'
import { archiverOf, openArchiveFixture } from '../support/data/archiving.ts'
import { storeAll } from '../support/data/storing.ts'

const PAGE = fs.readFileSync(new URL('../../docs/derivatives.md', import.meta.url), 'utf8')
const [FUNDING_QUERY = '', LIQUIDATED_QUERY = ''] = [...PAGE.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!)

const SECOND = 1_000_000
const EIGHT_HOURS = 28_800 * SECOND
const NOW = Math.floor(Date.now() / 60_000) * 60 * SECOND
/** Of the first payment. */
const FIRST = (Math.floor(NOW / EIGHT_HOURS) - 4) * EIGHT_HOURS

/** A mark each 20 minutes for 40 hours; the rate moves until it is paid. */
const marks: Mark[] = Array.from({ length: 120 }, (_, n) => {
  const timestamp = FIRST - EIGHT_HOURS + n * 1200 * SECOND
  return {
    ...{ venue: 'binanceusdm', symbol: n % 2 === 0 ? 'BTCUSDT' : 'ETHUSDT', mark_price: 60_000 + n, index_price: 0 },
    ...{ settle_price: n, funding_rate: (n - 60) / 1e6, timestamp, received_at: timestamp + 5 },
    next_funding_at: (Math.floor(timestamp / EIGHT_HOURS) + 1) * EIGHT_HOURS,
  }
})
// Of a contract that expires.
marks.push({ ...marks[0]!, symbol: 'BTCUSDT', funding_rate: 0, next_funding_at: 0 })

const liquidations: Liquidation[] = Array.from({ length: 30 }, (_, n) => ({
  ...{ venue: n < 28 ? 'binanceusdm' : 'bybitlinear', symbol: 'BTCUSDT', side: n % 3 === 0 ? 'buy' : 'sell' },
  ...{ order_type: 'LIMIT', time_in_force: 'IOC', status: 'FILLED', price: 60_000, size: 1 + n },
  ...{ average_price: n % 2 === 0 ? 59_000 : 0, filled_size: n % 4 === 0 ? 1 : 0 },
  ...{ timestamp: NOW - n * 10 * SECOND, received_at: NOW - n * 10 * SECOND + 7 },
}))

test('mark prices and liquidations are stored, queried, archived and restored', async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-derivatives-'))
  const fixture = await openArchiveFixture(directory)
  t.after(async () => {
    await fixture.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const { log, store } = fixture
  const [markColumns, liquidationColumns] = [new MarkColumns(0), new LiquidationColumns(0)]
  for (const mark of marks) markColumns.add(mark)
  for (const liquidation of liquidations) liquidationColumns.add(liquidation)
  markColumns.add({ ...marks[0]!, funding_rate: Number.POSITIVE_INFINITY })
  liquidationColumns.add({ ...liquidations[0]!, side: 'short' })
  await log.append(0, [MARKS.encode(markColumns), LIQUIDATIONS.encode(liquidationColumns)])
  await storeAll(log, store)

  const refused = await store.rows(
    `SELECT kind, toString(reason) AS reason FROM quarantine WHERE kind IN ('marks', 'liquidations') ORDER BY kind`,
  )
  assert.deepEqual(refused, [
    { kind: 'liquidations', reason: 'side_unknown' },
    { kind: 'marks', reason: 'funding_rate_out_of_range' },
  ])
  assert.ok(isSound(await diagnose(store, log, () => {})), 'log and store agree')

  const stored = () =>
    Promise.all(
      ['marks', 'liquidations'].map(table =>
        store.rows(`SELECT * EXCEPT stored_at FROM ${table} ORDER BY log_offset, log_index`),
      ),
    )
  const before = await stored()
  const values = await store.rows<Record<string, number | string>>(
    `SELECT symbol, mark_price, settle_price, funding_rate, toUnixTimestamp64Micro(timestamp) AS timestamp,
       toUnixTimestamp64Micro(next_funding_at) AS next_funding_at, toUnixTimestamp64Micro(received_at) AS received_at
     FROM marks ORDER BY log_offset, log_index`,
  )
  assert.deepEqual(
    values.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)]))),
    marks.map(({ venue, index_price, ...mark }) => ({
      symbol: mark.symbol,
      ...Object.fromEntries(Object.entries(mark).map(([name, value]) => [name, String(value)])),
    })),
  )

  const paid = [...Map.groupBy(marks, mark => mark.next_funding_at)]
    .filter(([at]) => at > 0 && at <= NOW)
    .map(([at, of]) => {
      const last = of.filter(({ symbol }) => symbol === 'BTCUSDT').at(-1)!
      return { at: at / SECOND, rate: last.funding_rate, price: last.mark_price }
    })
  assert.ok(paid.length >= 4)
  const minutes = new Map<string, { count: number; notional: number }>()
  for (const { venue, timestamp, side, ...of } of liquidations) {
    if (venue !== 'binanceusdm') continue
    const minute = minutes.get(`${Math.floor(timestamp / SECOND / 60) * 60} ${side}`) ?? { count: 0, notional: 0 }
    minutes.set(`${Math.floor(timestamp / SECOND / 60) * 60} ${side}`, minute)
    minute.count++
    minute.notional += (of.filled_size || of.size) * (of.average_price || of.price)
  }
  const assertQueries = async () => {
    const funding = await store.rows(
      `SELECT toUnixTimestamp(toDateTime(paid_at)) AS at, rate, price FROM (${FUNDING_QUERY})`,
    )
    assert.deepEqual(funding, paid)
    const liquidated = await store.rows<{ minute: number; side: string; liquidations: number; notional: number }>(
      `SELECT toUnixTimestamp(minute) AS minute, side, toUInt32(liquidations) AS liquidations, notional FROM (${LIQUIDATED_QUERY})`,
    )
    assert.deepEqual(
      new Map(
        liquidated.map(row => [`${row.minute} ${row.side}`, { count: row.liquidations, notional: row.notional }]),
      ),
      new Map([...minutes].sort()),
    )
  }
  await assertQueries()

  const target = await openTarget(`file:${directory}/archive`, 'unused')
  await viewArchive(store, target)
  const { archiver, catalog } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 0 } })
  await archiver.round()
  await archiver.round()
  assert.deepEqual(await stored(), [[], []])
  await assertQueries()
  await restore({ store, target, catalog }, {})
  assert.deepEqual(await stored(), before, 'restored')
})
