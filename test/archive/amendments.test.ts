/** Corrections and cancels of a day: `trades_final` equals a model that applies them one after the other. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { restore } from '../../src/archive/restore/restore.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { viewArchive } from '../../src/archive/view.ts'
import { diagnose, isSound } from '../../src/audit/diagnosis.ts'
import { type Amendment, AmendmentColumns } from '../../src/tick/amendments/amendments.ts'
import { AMENDMENTS, TRADES } from '../../src/tick/kinds.ts'
import { ORIGIN, SIDE, type Trade, TradeColumns } from '../../src/tick/trades.ts'
import { archiverOf, openArchiveFixture } from '../support/data/archiving.ts'
import { storeAll } from '../support/data/storing.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
/** A session that crosses midnight UTC, and the one after it: ids begin again. */
const SESSIONS = [Date.UTC(2026, 0, 5, 19), Date.UTC(2026, 0, 6, 19)]
const TRADES_EACH = 2_500
const CORRECTIONS = 1_000
const CANCELS = 500

let state = SEED
/** A whole number from 0 to `below`-1. */
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return Math.floor((state / 2 ** 32) * below)
}

const idOf = (exchange: string, number: number) => (BigInt(exchange.charCodeAt(0)) << 56n) | BigInt(number)

/** Two symbols, two exchanges with the same numbers, over five hours. */
const trades: Trade[] = SESSIONS.flatMap(beganMs =>
  Array.from({ length: TRADES_EACH }, (_, n) => ({
    ...{ venue: 'alpaca', symbol: n % 2 === 0 ? 'AAPL' : 'MSFT', side: SIDE.unknown, origin: ORIGIN.live },
    ...{ timestampMicros: (beganMs + n * 7_200) * 1000, timestampNanos: n % 1000 },
    ...{ receivedAtMicros: (beganMs + n * 7_200 + 5) * 1000, price: 100 + n / 100, volume: 1 + (n % 9) },
    tradeId: idOf(n % 4 < 2 ? 'D' : 'V', 1 + (n >> 2)),
    conditions: n % 3 === 0 ? '' : `@,${n % 3}`,
  })),
)

/** A trade as it is after some amendments. */
interface Final {
  trade: Trade
  id: bigint
  price: number
  volume: number
  conditions: string
  amendedNanos: bigint
}

const nanosOf = (each: { timestampMicros: number; timestampNanos: number }) =>
  BigInt(each.timestampMicros) * 1000n + BigInt(each.timestampNanos)

/** Amendments in the venue's order, of trades and of corrected trades; some keep the id. And what is left. */
function amend(): { amendments: Amendment[]; left: Final[] } {
  const actions = Array.from({ length: CORRECTIONS + CANCELS }, (_, n) => (n % 3 < 2 ? 'correction' : 'cancel'))
  const amendments: Amendment[] = []
  let number = 1_000_000
  const left = SESSIONS.flatMap((beganMs, session) => {
    const finals: Final[] = trades.slice(session * TRADES_EACH, (session + 1) * TRADES_EACH).map(trade => {
      const { tradeId, price, volume, conditions = '' } = trade
      return { trade, id: BigInt(tradeId), price, volume, conditions, amendedNanos: 0n }
    })
    for (const [n, action] of actions.entries()) {
      if (n % SESSIONS.length !== session) continue
      // Half of them among few trades, so that corrections are corrected and cancelled.
      const one = finals[random(n % 4 < 2 ? 40 : finals.length)]!
      const exchange = String.fromCharCode(Number(one.id >> 56n))
      const at = { timestampMicros: (beganMs + 19_000_000 + n) * 1000, timestampNanos: 7 }
      const before = { tradeId: one.id, price: one.price, volume: one.volume, conditions: '@' }
      if (action === 'correction') {
        one.id = random(5) === 0 ? one.id : idOf(exchange, ++number)
        one.price = 1 + random(900)
        one.volume = 1 + random(9)
        one.conditions = ['', '@', ' ,7,Z'][random(3)]!
        one.amendedNanos = nanosOf(at)
      } else finals.splice(finals.indexOf(one), 1)
      const isCorrection = action === 'correction'
      amendments.push({
        ...{ venue: 'alpaca', symbol: one.trade.symbol, exchange, ...before, ...at },
        action: isCorrection ? 'correction' : n % 2 === 0 ? 'cancel' : 'error',
        newTradeId: isCorrection ? one.id : 0,
        newPrice: isCorrection ? one.price : 0,
        newVolume: isCorrection ? one.volume : 0,
        newConditions: isCorrection ? one.conditions : '',
        receivedAtMicros: at.timestampMicros + 9,
      })
    }
    return finals
  })
  return { amendments, left }
}

async function openDay(t: TestContext) {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-amendments-'))
  const fixture = await openArchiveFixture(directory)
  t.after(async () => {
    await fixture.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const append = async (amendments: readonly Amendment[]) => {
    const columns = new AmendmentColumns(amendments.length)
    for (const amendment of amendments) columns.add(amendment)
    await fixture.log.append(0, [AMENDMENTS.encode(columns)])
  }
  return { ...fixture, fixture, directory, append }
}

test(`a day with ${CORRECTIONS} corrections and ${CANCELS} cancels, in any order, twice, and in the archive (seed ${SEED})`, async t => {
  const { log, store, fixture, directory, append } = await openDay(t)
  const { amendments, left } = amend()
  const expected = left
    .map(({ trade, id, price, volume, conditions, amendedNanos }) =>
      [trade.symbol, nanosOf(trade), id, price, volume, conditions, amendedNanos].join(' '),
    )
    .sort()
  const finals = async (filter = '1') =>
    (
      await store.rows<{ line: string }>(
        `SELECT concatWithSeparator(' ', symbol, toString(toUnixTimestamp64Nano(timestamp)), toString(trade_id), toString(price),
           toString(volume), conditions, toString(toUnixTimestamp64Nano(amended_at))) AS line
         FROM trades_final WHERE venue = 'alpaca' AND ${filter}`,
      )
    )
      .map(({ line }) => line)
      .sort()
  const mixed = amendments.toSorted(() => random(3) - 1)
  // Some of them before the trades that they are about.
  await append(mixed.slice(0, 300))
  const columns = new TradeColumns(trades.length)
  for (const trade of trades) columns.add(trade)
  await log.append(0, [TRADES.encode(columns)])
  await storeAll(log, store)
  await append(mixed.slice(300))
  await storeAll(log, store)
  const [stored] = await store.rows<{ trades: number }>("SELECT count() AS trades FROM trades WHERE venue = 'alpaca'")
  assert.equal(stored!.trades, trades.length, 'no trade is changed')
  assert.deepEqual(await finals(), expected)

  await append(amendments.toSorted(() => random(3) - 1))
  await storeAll(log, store)
  assert.deepEqual(await finals(), expected, 'each twice')
  assert.ok(isSound(await diagnose(store, log, () => {})), 'log and store agree')

  const rows = await store.rows('SELECT * EXCEPT stored_at FROM amendments ORDER BY ALL')
  assert.equal(rows.length, 2 * amendments.length)
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  await viewArchive(store, target)
  const { archiver, catalog } = archiverOf(fixture, target, { retention: { logHours: undefined, storeDays: 0 } })
  await archiver.round()
  await archiver.round()
  assert.deepEqual(await store.rows('SELECT 1 FROM amendments LIMIT 1'), [])
  assert.deepEqual(await store.rows('SELECT * EXCEPT stored_at FROM all_amendments ORDER BY ALL'), rows)
  assert.deepEqual(await finals(), expected, 'from the archive')
  const midnight = BigInt(Date.UTC(2026, 0, 6)) * 1_000_000n
  assert.deepEqual(
    await finals("symbol = 'AAPL' AND timestamp < '2026-01-06'"),
    expected.filter(line => line.startsWith('AAPL') && BigInt(line.split(' ')[1]!) < midnight),
  )

  await restore({ store, target, catalog }, {})
  assert.deepEqual(await store.rows('SELECT * EXCEPT stored_at FROM amendments ORDER BY ALL'), rows)
  assert.deepEqual(await finals(), expected, 'restored')
})
