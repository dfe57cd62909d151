/** The cause of each gap, provoked for real: real processes, the simulated exchange or a local venue, and a proxy between them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { causeText } from '../../src/coverage/condition.ts'
import { GapCauses } from '../../src/coverage/gap-causes/gap-causes.ts'
import { coverageStatement } from '../../src/coverage/read.ts'
import { CoverageRollup } from '../../src/coverage/rollup.ts'
import { KnownMarket } from '../support/data/market.ts'
import { storeAll } from '../support/data/storing.ts'
import { within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { ListServer } from '../support/servers/list-server.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** Table `uptime` has a sample every ten seconds. */
const SAMPLED_MS = 12_000

test('trades that the exchange skips, that are refused, and that a cut connection or a stopped recorder misses: each gap states which', async t => {
  const market = await KnownMarket.start({ symbols: ['BTCUSDT'], seed: 17, ratePerSecond: 100 })
  t.after(() => market[Symbol.asyncDispose]())
  const proxy = await TcpProxy.open(t, Number(new URL(market.exchange.wsUrl).port))
  // Without a REST address nothing is requested: the gaps stay as they are.
  const path = new URL(market.exchange.wsUrl).pathname
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_WS: `${proxy.url}${path === '/' ? '' : path}` })
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  market.run()
  await pause(SAMPLED_MS)
  const found = async (count: number) => {
    await storing.waitFor('gap_found', {}, count)
    await pause(1_000)
  }
  market.exchange.control('drop', { trades: 20 })
  await found(1)
  await pause(SAMPLED_MS)
  market.exchange.control('malformed', { frames: 5 })
  await found(2)
  proxy.cut()
  await recorder.waitFor('connection_opened', {}, 2)
  await found(3)
  await recorder.end('SIGTERM')
  await pause(1_000)
  const again = instance.run('record')
  await again.waitFor('connection_opened')
  await found(4)
  await pause(SAMPLED_MS)
  market.pause()
  const rows = async () => {
    const query =
      'SELECT toUInt32(missing) AS missing, toUInt32(refused) AS refused, cause, detail FROM gaps_final ORDER BY first_id'
    const answer = await fetch(`${await storing.url()}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
    const lines = (await answer.text()).trim().split('\n')
    return lines.map(line => JSON.parse(line) as { missing: number; refused: number; cause: string; detail: string })
  }
  await within(300_000, async () => {
    const now = await rows()
    return now.slice(1).every(({ cause }) => cause !== '') ? undefined : JSON.stringify(now)
  })
  const gaps = await rows()
  // On a machine too busy to take samples, it is not known that it was recorded all the time.
  if (gaps[0]!.cause === '') gaps[0]!.cause = 'venue'
  assert.deepEqual(
    gaps.map(({ cause }) => cause),
    ['venue', 'refused', 'connection', 'recorder'],
    JSON.stringify(gaps),
  )
  const [skipped, refused, lost, stopped] = gaps
  assert.deepEqual([skipped!.missing, skipped!.refused], [20, 0])
  assert.deepEqual(
    [refused!.missing, refused!.refused, refused!.detail],
    [5, 5, 'all 5 ids reached the log and were refused: malformed_frame'],
  )
  assert.match(lost!.detail, /^connection lost at \d\d:\d\d:\d\d$/)
  assert.match(stopped!.detail, /^(the recorder of the venue started|nothing was recorded) at \d\d:\d\d:\d\d$/)
})

const HOUR_MS = 3_600_000

/** A program that runs tickhouse under a clock that is behind by this much. */
function programBehind(directory: string, byMs: number): string {
  const file = join(directory, `behind-${byMs}.mjs`)
  const cli = new URL('../../src/cli.ts', import.meta.url)
  writeFileSync(file, `const now = Date.now\nDate.now = () => now() - ${byMs}\nawait import('${cli}')\n`)
  return file
}

test('while the venue states that a symbol does not trade, its hours are halted and a gap is by the halt; afterwards it is recorded again', async t => {
  const venue = await LocalVenue.open(t)
  let halted: string[] = []
  const symbols = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
  const rest = await ListServer.open(t, response => {
    const listed = symbols.map(symbol => ({ symbol, status: halted.includes(symbol) ? 'BREAK' : 'TRADING' }))
    response.end(JSON.stringify({ symbols: listed }))
  })
  const sources = `binance:${symbols.join(',')}@trades`
  // Nothing is requested: gaps stay open.
  const addresses = { BINANCE_WS: venue.url, BINANCE_REST: rest.url, REPAIR_REACH: '0' }
  const instance = new TestInstance(t, { SOURCES: sources, ...addresses })
  const firstHourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 3 * HOUR_MS
  /** Records these ids under a clock that begins at `atMs`, once the list has been read. */
  const record = async (atMs: number, halts: string[], ids: Record<string, number[]>) => {
    halted = halts
    const behindMs = Date.now() - atMs
    const visit = venue.visit()
    const recorder = instance
      .withProgram(programBehind(instance.directory, behindMs))
      .run('record', { INSTRUMENTS_EVERY_MINUTES: '60' })
    const { socket } = await visit
    await recorder.waitFor(atMs === firstHourMs ? 'instruments_found' : 'instruments_read')
    for (const [symbol, own] of Object.entries(ids))
      for (const id of own) {
        const time = (Date.now() - behindMs) * 1000
        const trade = { e: 'trade', E: time, s: symbol, t: id, p: '60000.10', q: '0.5', T: time, m: false, M: true }
        venue.broadcast(JSON.stringify({ stream: `${symbol.toLowerCase()}@trade`, data: trade }))
      }
    // Answered behind the frames before it.
    socket.ping()
    await once(socket, 'pong')
    assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
    return recorder
  }
  await record(firstHourMs, [], { BTCUSDT: [1, 2], ETHUSDT: [1, 2], SOLUSDT: [1, 2] })
  const during = await record(firstHourMs + HOUR_MS / 2, ['BTCUSDT', 'SOLUSDT'], {
    BTCUSDT: [3, 4, 7],
    ETHUSDT: [3, 4],
  })
  assert.match(String(during.logged('instrument_halted')[0]!.symbols), /^BTCUSDT \(BREAK\), SOLUSDT \(BREAK\)$/)
  await record(firstHourMs + 3 * HOUR_MS, ['SOLUSDT'], { BTCUSDT: [8, 9], ETHUSDT: [5] })

  const log = await instance.log()
  const store = await instance.store()
  t.after(async () => {
    await log.close()
    await store.close()
  })
  await storeAll(log, store)
  const causes = new GapCauses({ store, nowMicros: () => Date.now() * 1000, settledMicros: 0 })
  while (await causes.step());
  const rollup = new CoverageRollup({
    ...{ store, idKinds: new Map([['binance', 'dense']]), selected: () => null },
    now: () => firstHourMs / 1000 + 4 * 3_600 + 600,
  })
  while (await rollup.step());
  const query = { sources: 'binance', kind: 'trades', from: firstHourMs / 1000, to: firstHourMs / 1000 + 3 * 3_600 }
  const rows = await store.rows<Record<string, string>>(coverageStatement(query, 'hour'))
  const conditions = rows.map(row => `${row.symbol} ${row.condition}: ${causeText(row.cause!, row)}`)
  const began = 'unprovable: no earlier trade to adjoin: recording began here'
  const halt = 'halted: no trade: ids are dense over the silence, and the venue had halted the instrument'
  const silence = 'halted: no trade was made: the ids before and after adjoin'
  const stillHalted = 'pending: no trade: the venue has halted the instrument; proved when the next trade arrives'
  assert.deepEqual(conditions, [
    conditions[0],
    ...[`BTCUSDT ${halt}`, `BTCUSDT ${halt}`],
    ...[`ETHUSDT ${began}`, `ETHUSDT ${silence}`, `ETHUSDT ${silence}`],
    ...[`SOLUSDT ${began}`, `SOLUSDT ${stillHalted}`, `SOLUSDT ${stillHalted}`],
  ])
  assert.match(
    conditions[0]!,
    /^BTCUSDT degraded: 2 trade ids are missing, .*: the venue lists the instrument as BREAK at \d\d:3\d:\d\d$/,
  )
  const gaps = await store.rows('SELECT symbol, toUInt32(missing) AS missing, cause FROM gaps_final')
  assert.deepEqual(gaps, [{ symbol: 'BTCUSDT', missing: 2, cause: 'halt' }])
  const [found, halts, resumed] = await store.rows<{ change: string }>(
    "SELECT change FROM instruments WHERE symbol = 'BTCUSDT' ORDER BY log_offset, log_index",
  )
  assert.deepEqual([found!.change, halts!.change, resumed!.change], ['found', 'halted', 'resumed'])
})
