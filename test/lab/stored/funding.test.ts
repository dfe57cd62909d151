import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { cutRows, readCuts } from '../../../src/lab/live/cuts.ts'
import { numberOf, partsOf } from '../../../src/lab/market/instrument.ts'
import type { StatedInstrument } from '../../../src/lab/stored/contracts.ts'
import { readFunding } from '../../../src/lab/stored/funding.ts'
import { instrumentOf, readInstruments } from '../../../src/lab/stored/instruments.ts'
import { openStore } from '../../../src/store/open.ts'

const directory = mkdtempSync(path.join(os.tmpdir(), 'tickhouse-funding-'))
const store = await openStore(`chdb:${directory}/store`)
after(async () => {
  await store.close()
  rmSync(directory, { recursive: true })
})
const runQuery = (sql: string, format: string) => store.untrusted(sql, format)
const micros = (time: string) => Date.parse(`2026-11-22T${time}Z`) * 1000
const PERPETUAL = instrumentOf(0, 'test:BTC', 0.1, 0.001)

test('a payment has the last rate and mark price that were received before it', async () => {
  const marks = [
    ['BTC', '07:00:00.000', '08:00:00', 0.0003, 100],
    ['BTC', '07:59:59.000', '08:00:00', 0.0001, 101],
    // Stated before the payment, and received after it.
    ['BTC', '08:00:00.500', '08:00:00', 0.0009, 102],
    ['BTC', '08:00:01.000', '16:00:00', -0.0002, 103],
    ['ETH', '07:59:00.000', '08:00:00', 0.0007, 50],
  ] as const
  const rows = marks.map(([symbol, received, paid, funding_rate, mark_price], log_offset) => ({
    ...{ venue: 'test', symbol, mark_price, funding_rate, log_partition: 0, log_offset, log_index: 0 },
    ...{ index_price: 0, settle_price: 0, timestamp: `2026-11-22 07:59:58`, logged_at: '2026-11-22 08:00:00' },
    ...{ received_at: `2026-11-22 ${received}`, next_funding_at: `2026-11-22 ${paid}`, log_day: '2026-11-22' },
    ...{ batch_first_offset: 0, batch_good: 1, epoch: 1 },
  }))
  await store.insertRows('marks', rows)
  const payment = { timeMicros: micros('08:00:00'), at: 0, rate: 0.0001, price: 101 }
  for (const table of ['marks', 'all_marks'] as const) {
    const read = (from: string, until: string) => readFunding(runQuery, [PERPETUAL], micros(from), micros(until), table)
    assert.deepEqual(await read('00:00:00', '12:00:00'), [payment])
    assert.deepEqual(await read('08:00:00', '08:00:01'), [payment], 'the begin is inclusive')
    assert.deepEqual(await read('07:00:00', '08:00:00'), [], 'the end is exclusive')
  }
  const [first, second] = [0, 1].map(number => ({
    ...{ number, ranges: new Map([[0, [0, 5] as const]]), advancedToMicros: micros('08:00:01'), changes: [] },
    ...{ funding: number === 1 ? [payment] : [], killedMicros: number === 1 ? micros('08:00:02') : 0, ends: false },
    ...{ stoppedMicros: number === 1 ? micros('08:00:03') : 0 },
  }))
  await store.insertRows('lab_cuts', [
    ...cutRows('r', first!, 0, { instruments: [], quoted: [] }),
    ...cutRows('r', second!, 0),
  ])
  assert.deepEqual(await readCuts(runQuery, 'r', 0, 10), [first, second], 'a live run is repeated with it')
})

test('a contract has the size and the worth that its venue lists, or that the portfolio states; else it is refused', async () => {
  const listed = (name: string, kind: string, base: string, quote: string, contract_size: number) => ({
    ...{ ...partsOf(name), change: 'found', kind, base, quote, aliases: '', status: 'trading', sessions: '' },
    ...{ tick_size: 0.1, lot_size: 0.001, contract_size, expires_at: 0, first_seen: 0, last_seen: 0 },
    ...{ received_at: '2026-11-22 00:00:00', log_partition: 0, log_offset: 1, log_index: 0 },
    ...{ logged_at: '2026-11-22 00:00:00', log_day: '2026-11-22', batch_first_offset: 0, batch_good: 1, epoch: 1 },
  })
  await store.insertRows('instruments', [
    listed('test:LINEAR', 'perpetual', 'BTC', 'USDT', 0),
    listed('test:SPOT', 'spot', 'BTC', 'USD', 0),
    listed('test:INVERSE', 'perpetual', 'BTC', 'USD', 0),
    listed('test:CONTRACTS', 'perpetual', 'BTC', 'USDT', 0.01),
    listed('binancecoinm:BTCUSD_PERP', 'perpetual', 'BTC', 'USD', 100),
    listed('bybitinverse:BTCUSD', 'perpetual', 'BTC', 'USD', 0),
    listed('deribit:ETH-PERPETUAL', 'perpetual', 'ETH', 'USD', 1),
    listed('deribit:BTC_USDC-PERPETUAL', 'perpetual', 'BTC', 'USDC', 0.0001),
    listed('okx:BTC-USD-SWAP', 'perpetual', 'BTC', 'USD', 100),
    listed('okx:BTC-USDT-SWAP', 'perpetual', 'BTC', 'USDT', 0.01),
    listed('okx:BTC-USD_UM-SWAP', 'perpetual', 'BTC', 'USD', 0.01),
    listed('okx:BTC-USDT', 'spot', 'BTC', 'USDT', 0),
    listed('okx:SIZELESS', 'perpetual', 'BTC', 'USDT', 0),
  ])
  const read = async (name: string, currency: string, stated: StatedInstrument = {}) => {
    const [found] = await readInstruments(runQuery, [name], { currency, instruments: { [name]: stated } })
    return `${numberOf(found!.size, found!.sizeDecimals)}${found!.isInverse ? ' USD' : ''}`
  }
  const known: [name: string, currency: string, worth: string][] = [
    ['test:LINEAR', 'USDT', '1'],
    ['test:SPOT', 'USD', '1'],
    ['test:UNLISTED', 'EUR', '1'],
    ['binancecoinm:BTCUSD_PERP', 'BTC', '100 USD'],
    ['bybitinverse:BTCUSD', 'BTC', '1 USD'],
    ['deribit:ETH-PERPETUAL', 'ETH', '1 USD'],
    ['deribit:BTC_USDC-PERPETUAL', 'USDC', '1'],
    ['okx:BTC-USD-SWAP', 'BTC', '100 USD'],
    ['okx:BTC-USDT-SWAP', 'USDT', '0.01'],
    ['okx:BTC-USD_UM-SWAP', 'USD', '0.01'],
    ['okx:BTC-USDT', 'USDT', '1'],
  ]
  for (const [name, currency, worth] of known) assert.equal(await read(name, currency), worth, name)
  assert.equal(await read('test:CONTRACTS', 'USDT', { contract_size: 0.01 }), '0.01')
  assert.equal(await read('test:INVERSE', 'BTC', { inverse: true }), '1 USD')
  assert.equal(await read('binancecoinm:ETHUSD_PERP', 'ETH', { contract_size: 10, inverse: true }), '10 USD')
  const unknown = ['test:INVERSE', 'test:CONTRACTS', 'okx:SIZELESS', 'okx:UNLISTED', 'deribit:UNLISTED']
  for (const name of [...unknown, 'binancecoinm:UNLISTED'])
    await assert.rejects(read(name, 'USDT'), { code: 'usage', message: /^what \S+ is worth is not known/ }, name)
  await assert.rejects(read('bybitinverse:BTCUSD', 'USDT'), /settled in BTC, and the portfolio's currency is USDT/)
  await assert.rejects(read('test:LINEAR', 'BTC'), /paid in USDT, and the portfolio's currency is BTC/)
})
