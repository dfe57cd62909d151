import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { type Amendment, AmendmentColumns } from '../../src/tick/amendments/amendments.ts'
import { LiquidationColumns } from '../../src/tick/derivatives/liquidations.ts'
import { MarkColumns } from '../../src/tick/derivatives/marks.ts'
import { InstrumentColumns, type InstrumentRow } from '../../src/tick/instruments/instruments.ts'
import { JoinedIds } from '../../src/tick/joined-ids.ts'
import { KINDS, TICK_TABLES, type TickColumns, TRADES } from '../../src/tick/kinds.ts'
import { BookTopColumns } from '../../src/tick/quotes/book-tops.ts'
import { QuoteDraft } from '../../src/tick/quotes/quotes.ts'
import { type Repair, RepairColumns } from '../../src/tick/repairs/repairs.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'
import { quoteColumnsOf } from '../support/data/quotes.ts'
import { columnsOf } from '../support/data/trades.ts'

/** Files that name the table `trades`, or the kind, because they are about trades and no other kind. */
const ABOUT_TRADES = [
  // The kind itself: its definition, its records, its topics.
  'src/simulator/controls.ts',
  'src/simulator/exchange.ts',
  'src/simulator/streams.ts',
  'src/tick/kinds.ts',
  'src/tick/records.ts',
  'src/log/kafka/topics.ts',
  // Trade ids and what follows from them.
  'src/ingest/ids/known-ids.ts',
  'src/commands/proof/program.ts',
  'src/coverage/gap-causes/facts.ts',
  'src/coverage/gap-causes/refused.ts',
  'src/ingest/gaps/stored-gaps.ts',
  'src/ingest/ids/stored-trades.ts',
  'src/ingest/reprocess/ids.ts',
  'src/watch/instance-client.ts',
  // Candles, the tape and the watch list of the page.
  'src/serve/page/market/candles.ts',
  'src/serve/page/market/stored-ticks.ts',
  'src/serve/page/market/watchlist.ts',
  'src/program.ts',
]

const withoutComments = (code: string) => code.replace(/^\s*(\/?\*|\/\/).*$/gm, '')

test('a file that names trades is about trades: what holds for any kind goes over the kinds', () => {
  const naming = fs
    .globSync('src/**/*.ts')
    // A venue's channel may be called trades.
    .filter(file => !file.startsWith('src/venues/'))
    .filter(file => /\b(FROM|INTO|JOIN|TABLE) trades\b|'trades'/.test(withoutComments(fs.readFileSync(file, 'utf8'))))
  assert.deepEqual(naming.sort(), ABOUT_TRADES.toSorted())
})

test('kinds have names and tables of their own, and trades are inserted last', () => {
  assert.equal(new Set(KINDS.map(({ name }) => name)).size, KINDS.length)
  assert.equal(new Set(TICK_TABLES).size, KINDS.length + 1)
  assert.equal(KINDS.at(-1), TRADES, 'table trades has no batch columns: see docs/decisions/kinds.md')
})

test('every table but the last states its batch: first offset, ticks that follow, epoch', () => {
  const schema = fs.globSync('src/store/schema/*.sql').map(file => fs.readFileSync(file, 'utf8'))
  for (const table of TICK_TABLES) {
    const created = schema.find(sql => sql.includes(`CREATE TABLE IF NOT EXISTS ${table}\n`))
    assert.ok(created, table)
    for (const column of ['log_partition', 'log_offset', 'log_index', 'log_hash', 'logged_at', 'log_day'])
      assert.match(created, new RegExp(`^ +${column} `, 'm'), `${table}.${column}`)
    if (table === TICK_TABLES.at(-1)) continue
    for (const column of ['batch_first_offset', 'batch_good', 'epoch'])
      assert.match(created, new RegExp(`^ +${column} `, 'm'), `${table}.${column}`)
  }
})

const change: InstrumentRow = {
  ...{ venue: 'binance', symbol: 'BTCUSDT', change: 'listed', kind: 'spot', base: 'BTC', quote: 'USDT' },
  ...{
    aliases: 'XBT/USDT,XBTUSDT',
    status: 'trading',
    sessions: '',
    tick_size: 0.01,
    lot_size: 1e-8,
    contract_size: 0,
  },
  ...{ expires_at: 0, first_seen: 1_700_000_000_000, last_seen: 1_700_000_000_000, received_at: 1_700_000_000_000 },
}
const changes = new InstrumentColumns(1)
changes.add(change)
changes.add({ ...change, symbol: 'ETHUSDT', lot_size: Number.NaN })

test('a quarantined aggregate keeps the ids of the trades that it joins', () => {
  const trades = columnsOf('binance', [{ symbol: 'BTCUSDT', tradeId: 7, price: 1, volume: 3, side: 'sell' }])
  const alone = TRADES.values(trades, 0)
  trades.joined = new JoinedIds(1)
  trades.joined.first[0] = 5n
  trades.joined.last[0] = 2n ** 53n
  const raw = TRADES.values(trades, 0)
  assert.notEqual(raw, alone)
  assert.equal(TRADES.values(TRADES.readValues(raw, 0)!, 0), raw)
  assert.equal(TRADES.readValues(raw.replace('"5"', '"-5"'), 0), undefined)
})

test('a quarantined trade keeps its conditions, with and without joined ids', () => {
  for (const joins of [{}, { firstId: 5, lastId: 7 }]) {
    const trades = new TradeColumns(1)
    trades.add({
      ...{
        venue: 'binance',
        symbol: 'AAPL',
        timestampMicros: 1,
        timestampNanos: 2,
        receivedAtMicros: 3,
        price: 1,
        volume: 2,
      },
      ...{ side: SIDE.unknown, tradeId: 7, origin: ORIGIN.live, conditions: ' ,7,V', ...joins },
    })
    const raw = TRADES.values(trades, 0)
    const again = TRADES.readValues(raw, 3)!
    assert.equal(again.conditions!.text(0), ' ,7,V')
    assert.equal(TRADES.values(again, 0), raw)
  }
})

const amendment: Amendment = {
  ...{ venue: 'binance', symbol: 'AAPL', action: 'correction', exchange: 'D', conditions: ' ,7,V', newConditions: '@' },
  ...{ tradeId: 7, price: 0.1, volume: 3, newTradeId: 2n ** 63n, newPrice: 0.2, newVolume: 1e-8 },
  ...{ timestampMicros: 1_700_000_000_000_001, timestampNanos: 999, receivedAtMicros: 1_700_000_000_000_002 },
}
const amendments = new AmendmentColumns(1)
amendments.add(amendment)
amendments.add({ ...amendment, symbol: 'MSFT', newPrice: Number.NaN })

const marks = new MarkColumns(1)
const mark = {
  ...{ venue: 'binance', symbol: 'BTCUSDT', mark_price: 0.1, index_price: 0, settle_price: 1e-8, funding_rate: -0.003 },
  ...{ timestamp: 1_700_000_000_000_001, next_funding_at: 0, received_at: 1_700_000_000_000_002 },
}
marks.add(mark)
marks.add({ ...mark, symbol: 'ETHUSDT', funding_rate: Number.NaN })

const liquidations = new LiquidationColumns(1)
const liquidation = {
  ...{ venue: 'binance', symbol: 'BTCUSDT', side: 'sell', order_type: 'LIMIT', time_in_force: 'IOC', status: 'FILLED' },
  ...{ price: 0.1, size: 3, average_price: 0, filled_size: 1e-8 },
  ...{ timestamp: 1_700_000_000_000_001, received_at: 1_700_000_000_000_002 },
}
liquidations.add(liquidation)
liquidations.add({ ...liquidation, symbol: 'ETHUSDT', side: 'long' })
const repair: Repair = {
  ...{
    venue: 'binance',
    symbol: 'BTCUSDT',
    outcome: 'unrepairable',
    first: 5,
    last: 2 ** 53 - 1,
    run: 3,
    httpStatus: 200,
  },
  ...{ reason: 'venue gives only the sum', acceptedBy: '', bodySha256: 'ab'.repeat(32) },
  aggregate: { price: 0.1, volume: 1e-8, side: 'sell', micros: 1_700_000_000_000_001 },
  receivedAtMicros: 1_700_000_000_000_002,
}
const repairs = new RepairColumns(1)
repairs.add(repair)
repairs.add({ ...repair, outcome: 'accepted', first: 6, last: 5, aggregate: undefined, acceptedBy: 'Ada' })

function bookTops(): BookTopColumns {
  const tops = new BookTopColumns(0)
  const top = { ...new QuoteDraft(), venue: 'binance', symbol: 'BTCUSDT', sequence: 7, bidSize: 1, askSize: 2 }
  tops.reserve(2)
  tops.add({ ...top, bidPrice: 10, askPrice: 11, lowestBid: 9.5, highestAsk: 12.5 })
  tops.add({ ...top, bidPrice: 11, askPrice: 10, lowestBid: 0, highestAsk: 1e-8 })
  return tops
}

/** Of each kind a valid tick and an invalid one. */
const SAMPLES: Record<string, TickColumns> = {
  instruments: changes,
  amendments,
  marks,
  liquidations,
  repairs,
  trades: columnsOf('binance', [
    { symbol: 'BTCUSDT', tradeId: 7, price: 0.1, volume: 3, side: 'sell' },
    { symbol: 'ETHUSDT', tradeId: 8, price: Number.NaN, volume: 1e-8, side: 'buy' },
  ]),
  book_tops: bookTops(),
  quotes: quoteColumnsOf('binance', [
    { symbol: 'BTCUSDT', bid: [0.1, 3], ask: [0.2, 1e-8], sequence: 2n ** 63n, micros: 1_700_000_000_000_001 },
    { symbol: 'ETHUSDT', bid: [0.2, 1], ask: [0.1, 1], sequence: 0, flags: 3 },
  ]),
}

for (const kind of KINDS)
  test(`${kind.name}: a record and a quarantined tick are read back value for value`, () => {
    const ticks = SAMPLES[kind.name]!
    const record = kind.encode(ticks)
    assert.equal(record.kind, kind.name)
    assert.equal(record.ticks, 2)
    const read = kind.decode(record.payload)
    const codes = new Uint8Array(2)
    assert.equal(kind.validate(read, new Set(['binance']), codes), 1)
    assert.deepEqual([codes[0], codes[1] !== 0], [0, true])
    for (let row = 0; row < 2; row++) {
      const raw = kind.values(ticks, row)
      assert.equal(kind.values(read, row), raw)
      const again = kind.readValues(raw, Number(ticks.receivedAt[row]! / 1000n))
      assert.equal(again && kind.values(again, 0), raw)
    }
    assert.equal(kind.readValues('{}', 0), undefined)
  })
