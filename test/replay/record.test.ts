/** Stored ticks, replayed by the command a user runs into a second instance, are the same there. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { KnownMarket } from '../support/data/market.ts'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import {
  assertSessionQuotes,
  assertSessionTrades,
  SESSION_FILES,
  SESSION_SOURCES,
  sessionLastIds,
  sessionLastSequences,
} from '../support/judges/recorded-truth.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { startPlayer } from '../support/servers/player.ts'

const SERVING = /replaying .*: (ws:\/\/[\d.:]+)/

/**
 * Records until the log contains these ids and all is stored; ends the recorder. `market` runs from connection to these
 * ids.
 */
async function record(
  instance: TestInstance,
  lastIds: ReadonlyMap<string, number>,
  market?: KnownMarket,
): Promise<TestProcess> {
  const recorder = instance.run('record')
  const storing = instance.run('ingest')
  await recorder.waitFor('log_opened')
  await using watch = new LogWatch(await instance.log())
  await recorder.waitFor('connection_opened')
  market?.run()
  await watch.until(lastIds, recorder)
  market?.pause()
  // It appends at its end what it has received.
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  return storing
}

async function runQuery(storing: TestProcess, query: string): Promise<string> {
  const response = await fetch(`${await storing.url()}/api/query?format=TSV`, { method: 'POST', body: query })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

/** The last trade and the last quote of each symbol. */
const sessionLast = () => new Map([...sessionLastIds(), ...sessionLastSequences()])

/** The columns that come from the venue: a replay must repeat all of them. */
const VENUE_COLUMNS = 'symbol, timestamp, price, volume, side, trade_id'
const DIGEST = `SELECT count(), sum(cityHash64(${VENUE_COLUMNS})), groupBitXor(sipHash64(${VENUE_COLUMNS})) FROM trades`
const QUOTE_VALUES = 'symbol, bid_price, bid_size, ask_price, ask_size, sequence, flags'
/** Into a log, quotes keep their times too. */
const quoteDigest = (values: string) =>
  `SELECT count() > 0, count(), sum(cityHash64(${values})), groupBitXor(sipHash64(${values})) FROM quotes`
/** As `LogWatch` names them. */
const LAST_IDS = `SELECT symbol, max(trade_id) FROM trades GROUP BY symbol
  UNION ALL SELECT concat('quotes ', symbol), max(sequence) FROM quotes GROUP BY symbol`

test('a recorded afternoon, stored, then replayed as the venue, is stored again to the last digit', {
  skip: skipWithoutData,
}, async t => {
  const player = await startPlayer({ files: SESSION_FILES, speed: Number.POSITIVE_INFINITY })
  t.after(() => player.close())
  const first = new TestInstance(t, { SOURCES: SESSION_SOURCES, BINANCE_WS: player.wsUrl })
  const storing = await record(first, sessionLast())
  await storing.end('SIGTERM')

  const replay = first.run('replay', {}, ['--as', 'binance', '--speed', 'max', '--port', '0'])
  const [, url] = await replay.waitForOutput(SERVING)
  const second = new TestInstance(t, { SOURCES: SESSION_SOURCES, BINANCE_WS: url! })
  await (await record(second, sessionLast())).end('SIGTERM')
  assert.deepEqual(await replay.exited, { code: 0, signal: null })
  const store = await second.store()
  t.after(() => store.close())
  await assertSessionTrades(store)
  await assertSessionQuotes(store)
})

async function simulated(t: TestContext): Promise<{ instance: TestInstance; storing: TestProcess; listen: string }> {
  const market = await KnownMarket.start({
    symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'],
    seed: 11,
    ratePerSecond: 50_000,
  })
  t.after(() => market[Symbol.asyncDispose]())
  const instance = new TestInstance(t, market.settings)
  const enough = new Map([['BTCUSDT', market.lastIds().get('BTCUSDT')! + 20_000]])
  const storing = await record(instance, enough, market)
  return { instance, storing, listen: (await storing.url()).replace('http://', '') }
}

test('simulated ticks of a running instance, replayed as the venue, are equal tick by tick', async t => {
  const { instance, storing, listen } = await simulated(t)
  const flags = ['--as', 'binance', '--venue', 'simulator', '--speed', 'max', '--port', '0']
  const replay = instance.run('replay', { LISTEN: listen }, flags)
  const [, url] = await replay.waitForOutput(SERVING)
  const last = (await runQuery(storing, LAST_IDS)).trim().split('\n')
  const lastIds = new Map(last.map(line => [line.split('\t')[0]!, Number(line.split('\t')[1])]))
  const second = new TestInstance(t, { SOURCES: 'binance:BTCUSDT,ETHUSDT,SOLUSDT', BINANCE_WS: url! })
  const again = await record(second, lastIds)
  assert.deepEqual(await replay.exited, { code: 0, signal: null })
  assert.equal(await runQuery(again, DIGEST), await runQuery(storing, DIGEST))
  assert.equal(await runQuery(again, quoteDigest(QUOTE_VALUES)), await runQuery(storing, quoteDigest(QUOTE_VALUES)))
  assert.match(await runQuery(storing, quoteDigest(QUOTE_VALUES)), /^(1|true)\t/)
  assert.equal(await runQuery(again, 'SELECT count() FROM quarantine'), '0\n')
})

test('a replay into a log is stored with the original times and the origin "replay"', async t => {
  const { instance, storing, listen } = await simulated(t)
  const replay = instance.run('replay', { LISTEN: listen }, [
    '--into',
    'sqlite:again/log?partitions=2',
    '--speed',
    'max',
  ])
  assert.deepEqual(await replay.exited, { code: 0, signal: null }, replay.recentOutput())
  const own = await instance.run('replay', { LISTEN: listen }, ['--into', 'sqlite:data/log', '--speed', 'max'])
  assert.notEqual((await own.exited).code, 0, 'its own log is refused')
  const again = instance.run('ingest', { LOG: 'sqlite:again/log', STORE: 'chdb:again/store' })
  await again.drained()
  assert.equal(await runQuery(again, DIGEST), await runQuery(storing, DIGEST))
  assert.equal(await runQuery(again, 'SELECT DISTINCT origin FROM trades'), 'replay\n')
  const quotes = quoteDigest(`venue, timestamp, received_at, ${QUOTE_VALUES}`)
  assert.match(await runQuery(storing, quotes), /^(1|true)\t/)
  assert.equal(await runQuery(again, quotes), await runQuery(storing, quotes))
  assert.equal(await runQuery(again, 'SELECT DISTINCT origin FROM quotes'), 'replay\n')
})
