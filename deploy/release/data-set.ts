/**
 * Makes a small data directory of this version (log, store, archive, the watcher's state) and what queries on it answer,
 * for the tests of later versions: `node deploy/release/data-set.ts test/assets/<version>`. See test/assets/README.md.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWithArchive } from '../../src/archive/open.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { ORIGIN } from '../../src/tick/trades.ts'
import { archiverOf } from '../../test/support/data/archiving.ts'
import { makeMixedLog } from '../../test/support/data/mixed-log.ts'
import { quotesOf, type SampleQuote } from '../../test/support/data/quotes.ts'
import { openTestStore } from '../../test/support/data/storage.ts'
import { storeAll } from '../../test/support/data/storing.ts'
import { tradesOf } from '../../test/support/data/trades.ts'
import { EventLog } from '../../test/support/judges/event-log.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
/** Of a second run: prose, and what depends on batches and clocks. */
const VARYING = /^(log_hash|detail|stored_at|batch_.*|epoch|found_at|changed_at)$/
const WATCHED_MS = 20_000
/** Goes to quarantine. */
const CROSSED: SampleQuote = { symbol: 'BTCUSDT', bid: [60_100, 1], ask: [60_000, 1], sequence: 3000 }

interface Answered {
  query: string
  answer: { n: string; hash: string }
}

const [output] = process.argv.slice(2)
if (output === undefined) throw new Error('name a directory, such as test/assets/0.1.0')
if (fs.existsSync(output)) throw new Error(`${output} is there already: data of a version is never changed`)

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-data-set-'))
const data = path.join(directory, 'data')
try {
  const expected = await makeData()
  const alerts = watch()
  fs.mkdirSync(output, { recursive: true })
  execFileSync('tar', ['-C', directory, '-czf', path.resolve(output, 'data.tar.gz'), 'data'])
  fs.writeFileSync(path.join(output, 'expected.json'), `${JSON.stringify({ ...expected, alerts }, null, 2)}\n`)
} finally {
  fs.rmSync(directory, { recursive: true, force: true })
}
process.exit()

async function makeData() {
  await makeMixedLog(`${data}/log`)
  const log = await openSqliteLog(`${data}/log`, 'write')
  const store = await openStore(`chdb:${data}/store`)
  const target = await openTarget(`file:${data}/archive`, 'unused')
  const fixture = { log, store, events: new EventLog(), close: async () => {} }
  const archive = async (retention: { logHours: number | undefined; storeDays: number | undefined }) =>
    await archiverOf(fixture, target, { retention }).archiver.round()
  await log.append(0, [quotesOf('binance', sampleQuotes(1000))])
  await storeAll(log, store)
  // The first two days leave log and tables.
  await archive({ logHours: 1, storeDays: 1 })
  await archive({ logHours: 1, storeDays: 1 })
  const trades = Array.from({ length: 200 }, (_, at) => ({
    symbol: 'BTCUSDT',
    tradeId: at + 1 + (at > 100 ? 3 : 0),
    price: 60_000 + at / 8,
    volume: (at + 1) / 1000,
    side: at % 3 ? 'buy' : 'sell',
  }))
  await log.append(0, [
    tradesOf('binance', trades, ORIGIN.live, () => Date.now() * 1000),
    quotesOf('binance', [...sampleQuotes(2000), CROSSED]),
  ])
  await storeAll(log, store)
  await archive({ logHours: undefined, storeDays: undefined })
  const opened = await openWithArchive({ ARCHIVE: `file:${data}/archive`, ARCHIVE_SPOOL: 'unused' }, store)
  const { first, next } = log.bounds(0)
  const ticks = await log.countTicks(0, first, next)
  const stored = await answersOf(store, await tablesOf(store))
  for (const view of ['all_trades', 'all_quotes'])
    stored.push(await answerOf(store, view, await columnsOf(store, view.slice(4))))
  const columns = new Map<string, string[]>()
  for (const table of ['trades', 'quotes', 'quarantine', 'gaps'])
    columns.set(
      table,
      (await columnsOf(store, table)).filter(name => !VARYING.test(name)),
    )
  await opened?.close()
  // A process has one embedded store open at a time.
  await store.close()
  const refilled = await openTestStore()
  await storeAll(log, refilled.store)
  const fromLog: Answered[] = []
  for (const [table, names] of columns) {
    const rows = table === 'gaps' ? `gaps FINAL WHERE symbol = 'BTCUSDT'` : `${table} WHERE log_offset >= ${first}`
    fromLog.push(await answerOf(refilled.store, rows, names))
  }
  await refilled.remove()
  await log.close()
  const restored = stored
    .filter(({ query }) => / FROM all_(trades|quotes)$/.test(query))
    .map(({ query, answer }) => ({ query: query.replace(' FROM all_', ' FROM '), answer }))
  return { log: { first, next, ticks }, stored, fromLog, restored }
}

function sampleQuotes(firstSequence: number): SampleQuote[] {
  return Array.from({ length: 60 }, (_, at) => ({
    symbol: 'BTCUSDT',
    bid: [60_000 + at / 10, 1 + at],
    ask: [60_000.5 + at / 10, 2 + at],
    sequence: firstSequence + at,
  }))
}

/** The tables that have rows which stay, with what makes them final. */
async function tablesOf(store: Store): Promise<string[]> {
  const tables = await store.rows<{ name: string; engine: string }>(
    `SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name`,
  )
  // An opening by another version, or at another address, adds a row to these.
  const kept = tables.filter(({ name }) => name !== 'schema_version' && name !== 'archives')
  return kept.map(({ name, engine }) => (engine.startsWith('Replacing') ? `${name} FINAL` : name))
}

async function columnsOf(store: Store, table: string): Promise<string[]> {
  const rows = await store.rows<{ name: string }>(
    'SELECT name FROM system.columns WHERE database = currentDatabase() AND table = {table:String} ORDER BY position',
    { table },
  )
  return rows.map(({ name }) => name)
}

async function answersOf(store: Store, tables: readonly string[]): Promise<Answered[]> {
  const answers: Answered[] = []
  for (const table of tables) answers.push(await answerOf(store, table, await columnsOf(store, table.split(' ')[0]!)))
  return answers
}

/** Rows, and a hash over their columns that does not depend on their order. */
async function answerOf(store: Store, rows: string, columns: readonly string[]): Promise<Answered> {
  const query = `SELECT toString(count()) AS n, toString(sum(cityHash64(${columns.join(', ')}))) AS hash FROM ${rows}`
  const [answer] = await store.rows<Answered['answer']>(query)
  return { query, answer: answer! }
}

/** The open alerts of a watcher of nothing, by name, as it has saved them. */
function watch(): string[] {
  const environment = {
    PATH: process.env.PATH!,
    TICKHOUSE_WATCH_URL: 'http://127.0.0.1:1',
    TICKHOUSE_WATCH_EVERY_SECONDS: '1',
  }
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [CLI, 'watch', ...args], {
      cwd: directory,
      env: environment,
      encoding: 'utf8',
      timeout: WATCHED_MS,
    })
  run()
  const { stdout } = run('--status')
  return [...stdout.matchAll(/^\w+ +(\w+): .*, for /gm)].map(([, name]) => name!)
}
