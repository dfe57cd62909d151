/**
 * A soak: 60 symbols of three venues recorded and stored by `tickhouse start`, while one thing after another breaks at
 * a random moment. At the end every trade that the venues made is accounted for, and each fault was reported once. An
 * hour, or SOAK_MINUTES; `npm run test:soak`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { binance } from '../../src/venues/binance/server.ts'
import { coinbase } from '../../src/venues/coinbase/server.ts'
import { kraken } from '../../src/venues/kraken/server.ts'
import { Ballast } from '../support/data/ballast.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'
import { account } from './account.ts'
import { SoakVenue } from './venue.ts'

const MINUTES = Number(process.env.SOAK_MINUTES ?? 60)
const SYMBOLS_A_VENUE = 20
const TRADES_A_SECOND = 100
const TURN_MS = 100
const DISK_BYTES = 1024 * 2 ** 20

const names = (pattern: (number: string) => string) =>
  Array.from({ length: SYMBOLS_A_VENUE }, (_, index) => pattern(String(index).padStart(2, '0')))

/** A view that a user may read, and that ends the engine by a fatal signal of its own. */
const nested = `repeat('{"a":', n) || '1' || repeat('}', n)`
const CRASH = `CREATE VIEW crash AS SELECT JSONMergePatch(${nested}, ${nested}) FROM (SELECT number + 200000 AS n FROM numbers(1))`

const status = (system: string) =>
  JSON.stringify({
    channel: 'status',
    type: 'update',
    data: [{ system, api_version: 'v2', connection_id: 1, version: '2.0.0' }],
  })

test(`${MINUTES} minutes of 60 symbols, with everything that may break broken once`, {
  timeout: (MINUTES + 15) * 60_000,
}, async t => {
  const venues = {
    binance: new SoakVenue(
      'binance',
      binance,
      names(n => `S${n}USDT`),
    ),
    coinbase: new SoakVenue(
      'coinbase',
      coinbase,
      names(n => `C${n}-USD`),
    ),
    kraken: new SoakVenue(
      'kraken',
      kraken,
      names(n => `K${n}/USD`),
    ),
  }
  const all = Object.values(venues)
  const settings: Record<string, string> = {
    SOURCES: all.map(({ name, symbols }) => `${name}:${symbols.join(',')}`).join(' '),
    DISK_FREE_MIB_MIN: '0',
    LOG_LEVEL: 'info',
    // The same for each process that follows another.
    LISTEN: `127.0.0.1:${await freePort()}`,
  }
  for (const venue of all) settings[`${venue.name.toUpperCase()}_WS`] = await venue.listen()
  t.after(() => Promise.all(all.map(venue => venue.close())))
  const instance = new TestInstance(t, settings)
  const disk = instance.mountSmall('data/store', DISK_BYTES)
  const store = await instance.store()
  await store.command(CRASH)
  await store.close()

  const refusedSymbol = venues.kraken.symbols[3]!
  venues.kraken.refused.set(
    refusedSymbol,
    JSON.stringify({ method: 'subscribe', success: false, symbol: refusedSymbol, error: 'Exceeded msg rate' }),
  )
  let whole = instance.run('start')
  const parts = [whole]
  const logged = (event: Parameters<TestProcess['logged']>[0], fields = {}) =>
    parts.flatMap(part => part.logged(event, fields))
  await whole.waitFor('ingest_started', { partition: 0 })
  for (const { name } of all) await whole.waitFor('connection_opened', { venue: name })

  let making = true
  t.after(() => {
    making = false
  })
  const made = (async () => {
    while (making) {
      const startedMs = performance.now()
      await Promise.all(all.map(venue => venue.make((TRADES_A_SECOND * TURN_MS) / 1000)))
      await sleep(Math.max(0, TURN_MS - (performance.now() - startedMs)))
    }
  })()

  const faults: Record<string, () => Promise<void>> = {
    'a refused symbol is taken': async () => {
      venues.kraken.refused.clear()
    },
    'one symbol falls silent': async () => {
      const symbol = venues.binance.symbols[5]!
      venues.binance.silent.add(symbol)
      await sleep(60_000)
      venues.binance.silent.delete(symbol)
    },
    maintenance: async () => {
      venues.kraken.say(status('maintenance'))
      await sleep(10_000)
      venues.kraken.say(status('online'))
    },
    'ids begin again': async () => venues.coinbase.reset(venues.coinbase.symbols[7]!),
    'the disk is full': async () => {
      if (!disk) return console.log('no small disk could be mounted')
      using _ballast = new Ballast(disk)
      await sleep(15_000)
    },
    'the engine crashes': async () => {
      await fetch(`${whole.logged('serving').at(-1)!.url}/?query=${encodeURIComponent('SELECT * FROM crash')}`).catch(
        () => {},
      )
      await whole.waitFor('engine_failed')
    },
    'a query without an end': async () => {
      const query = 'SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1'
      await fetch(`${whole.logged('serving').at(-1)!.url}/?query=${encodeURIComponent(query)}`).then(
        answer => answer.text(),
        () => {},
      )
    },
    'a restart': async () => {
      assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
      whole = instance.run('start')
      parts.push(whole)
      await whole.waitFor('connection_opened', { venue: 'kraken' })
    },
  }
  const only = process.env.SOAK_FAULTS?.split(',')
  const order = Object.keys(faults)
    .filter(name => only?.includes(name) ?? true)
    .sort(() => Math.random() - 0.5)
  const spanMs = MINUTES * 60_000
  const startedMs = performance.now()
  for (const [index, name] of order.entries()) {
    const atMs = ((index + 0.2 + Math.random() * 0.6) / order.length) * spanMs
    await sleep(Math.max(0, atMs - (performance.now() - startedMs)))
    console.log(`${Math.round((performance.now() - startedMs) / 1000)} s: ${name}`)
    await faults[name]!().catch(error => {
      throw new Error(`${name}: ${error.message}\n${whole.recentOutput()}`, { cause: error })
    })
  }
  await sleep(Math.max(60_000, spanMs - (performance.now() - startedMs)))
  making = false
  await made
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })

  const after = await instance.store()
  const sums = await account(after, all)
  const quarantined = await after.rows(
    'SELECT reason, sum(ticks) AS ticks FROM quarantine GROUP BY reason ORDER BY reason',
  )
  await after.close()
  const warned = new Map<string, number>()
  for (const part of parts)
    for (const { event } of part.events) if (WATCHED.test(event)) warned.set(event, (warned.get(event) ?? 0) + 1)
  console.log(
    JSON.stringify({ ...sums, quarantined, refusals: venues.kraken.refusals, events: Object.fromEntries(warned) }),
  )
  assert.deepEqual(sums.wrong, [])
  assert.equal(sums.stored + sums.missing + sums.before, sums.made)
  for (const [event, { fault, of }] of TOLD_ONCE)
    if (order.includes(fault)) assert.equal(logged(event, of).length, 1, event)
})

/** Expected events of each fault. */
const TOLD_ONCE = [
  ['engine_failed', { fault: 'the engine crashes', of: {} }],
  ['venue_not_online', { fault: 'maintenance', of: { venue: 'kraken' } }],
  ['venue_online', { fault: 'maintenance', of: { venue: 'kraken' } }],
  ['trade_ids_restarted', { fault: 'ids begin again', of: { venue: 'coinbase' } }],
] as const

/** Events of faults, printed with their counts. */
const WATCHED =
  /subscri|venue_|id_|ids_|insert_failed|insert_recovered|engine_failed|query_|silent|connection_lost|audit_failed|gap_found|range_lost/
