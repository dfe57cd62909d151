/**
 * Upgrades of a running tickhouse: the processes are replaced one after the other while it records. `UPGRADES=50`,
 * `UPGRADE_RATE=20000` and `UPGRADE_KINDS=trades` set how many, at which rate and of what.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownMarket } from '../support/data/market.ts'
import { report, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, checkPositions, distinctQuotes, gapsOf } from '../support/judges/oracle.ts'
import { within } from '../support/judges/within.ts'
import { InstalledProgram } from '../support/processes/installed-program.ts'
import { type Settings, TestInstance, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const UPGRADES = Number(process.env.UPGRADES ?? 2)
const BROKEN_UPGRADES = Number(process.env.BROKEN_UPGRADES ?? 4)
/** At a high rate quotes, which are four times as many as trades, need more than a small machine. */
const KINDS = process.env.UPGRADE_KINDS ?? 'trades,quotes'
const RATE = Number(process.env.UPGRADE_RATE ?? 500)

async function started(t: TestContext, ratePerSecond: number, more: Settings = {}) {
  const market = await KnownMarket.start({ symbols: SYMBOLS, seed: new Schedule(t).seed, ratePerSecond })
  t.after(() => market.exchange.close())
  const program = new InstalledProgram(t)
  const settings = {
    ...market.settings,
    SOURCES: `${market.settings.SOURCES}@${KINDS}`,
    LOG: 'sqlite:data/log?partitions=2',
    ARCHIVE: 'off',
    // The page listens at the same address after an upgrade.
    LISTEN: `127.0.0.1:${await freePort()}`,
    ...more,
  }
  const instance = new TestInstance(t, settings, program.cli)
  const whole = instance.run('start')
  await whole.waitFor('symbols_counted', {}, KINDS.split(',').length)
  await whole.waitFor('ingest_started', { partition: 1 })
  // The quotes of the first order, which were shown before anyone listened.
  const quotesBefore = market.exchange.stats().quotes
  return { market, program, instance, whole, quotesBefore, firstIds: market.exchange.nextIds() }
}

type Running = Awaited<ReturnType<typeof started>>

/** Runs `tickhouse upgrade`: what it prints, and its exit code. */
async function upgrade(instance: TestInstance): Promise<{ code: number | null; output: string }> {
  const command = instance.run('upgrade')
  const { code } = await command.exited
  return { code, output: command.output }
}

/** Ends it, and checks that every trade and quote of the market is stored once, without a gap. */
async function judge(t: TestContext, tried: string, { market, instance, whole, quotesBefore, firstIds }: Running) {
  market.pause()
  await using watch = new LogWatch(await instance.log())
  await watch.until(market.lastIds(), whole)
  if (KINDS.includes('quotes')) {
    // The last quotes follow the last trade.
    const url = await whole.url()
    await within(WAIT_MS_MAX, async () => {
      const made = market.exchange.stats().quotes - quotesBefore
      const body = 'SELECT uniqExact(venue, symbol, sequence) FROM quotes'
      const answer = await fetch(`${url}/api/query?format=TSV`, { method: 'POST', body })
      const stored = await answer.text()
      return Number(stored) >= made ? undefined : `${stored.trim()} of ${made} quotes are stored`
    })
  }
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null }, whole.recentOutput())
  const store = await instance.store()
  const log = await instance.log()
  try {
    const positions = await checkPositions(store, log)
    const trades = await store.rows<{ symbol: string; rows: string; ids: string; first: string; last: string }>(
      `SELECT symbol, toString(count()) AS rows, toString(uniqExact(trade_id)) AS ids, toString(min(trade_id)) AS first,
         toString(max(trade_id)) AS last FROM trades GROUP BY symbol ORDER BY symbol`,
    )
    const made = [...market.lastIds()].map(([symbol, last]) => {
      const [first, rows] = [firstIds[symbol]!, last - firstIds[symbol]! + 1]
      return { symbol, rows: `${rows}`, ids: `${rows}`, first: `${first}`, last: `${last}` }
    })
    const tradesMade = made.reduce((sum, { rows }) => sum + Number(rows), 0)
    const { quotes: shown, tradesSkipped, cut } = market.exchange.stats()
    const quotes = shown - quotesBefore
    const stored = await distinctQuotes(store)
    const refused = await store.rows(
      'SELECT reason, toUInt32(count()) AS ticks FROM quarantine GROUP BY reason ORDER BY reason',
    )
    const figures = {
      tradesMade,
      quotesMade: quotes,
      quotesStored: stored,
      tradesSkipped,
      slowCut: cut.slow,
      refused: JSON.stringify(refused),
    }
    report(t, tried, positions)
    t.diagnostic(
      Object.entries(figures)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
    )
    assertPositions(positions)
    assert.deepEqual(
      trades,
      made.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)),
      'every trade once',
    )
    assert.deepEqual(await gapsOf(store, 'simulator', 'open'), [])
    assert.deepEqual(await gapsOf(store, 'simulator', 'repaired'), [], 'not even for a moment')
    if (KINDS.includes('quotes')) assert.equal(stored, quotes, 'every quote that the exchange made is stored')
  } finally {
    await store.close()
    await log.close()
  }
}

test(`${UPGRADES} upgrades at ${RATE} trades a second: nothing is missing, nothing stored twice`, {
  timeout: 3_600_000,
}, async t => {
  const running = await started(t, RATE)
  const { market, instance, whole } = running
  const setRate = (ratePerSecond: number) => market.exchange.control('setRate', { ratePerSecond })
  for (let round = 1; round <= UPGRADES; round++) {
    const beganMs = performance.now()
    setRate(RATE)
    const upgrading = upgrade(instance)
    await whole.waitFor('handover_taken', {}, round)
    // Storing catches up.
    await sleep(500)
    setRate(RATE / 20)
    const { code, output } = await upgrading
    assert.equal(code, 0, `${output}\n${whole.recentOutput()}`)
    assert.match(output, /overlap shown for (\d) of \1 symbols and kinds/)
    const { byIds, all } = whole.logged('handover_proved').at(-1)!
    assert.equal(byIds, all, 'of a busy market the ids show it')
    t.diagnostic(`upgrade ${round} took ${Math.round(performance.now() - beganMs)} ms`)
  }
  assert.equal(whole.logged('handover_taken').length, UPGRADES)
  await judge(t, `${UPGRADES} upgrades`, running)
})

/** The version as it is must start and be shown within it on a busy machine; a broken one takes all of it. */
const UPGRADE_SECONDS = 60
const ROLLED_BACK_MS_MAX = (UPGRADE_SECONDS + 60) * 1000
const RECORD = 'src/modes/record.ts'
const BROKEN = [
  {
    what: 'exits immediately',
    file: RECORD,
    before: 'import type { Config }',
    after: 'process.exit(3)\nimport type { Config }',
    why: /it ended \(code 3\)/,
  },
  {
    what: 'never starts',
    file: RECORD,
    before: '  const { emit } = journal\n',
    after: '  const { emit } = journal\n  await new Promise(() => setInterval(() => {}, 1000))\n',
    why: new RegExp(`it did not start within ${UPGRADE_SECONDS} s`),
  },
  {
    what: 'runs, and records nothing',
    file: 'src/sources/recorder.ts',
    before: '  trade(trade: TradeDraft): void {\n',
    after: '  trade(trade: TradeDraft): void {\n    if (trade.venue) return\n',
    // A busy machine may not come to compare; upgrade-kafka.test.ts checks what is named.
    why: new RegExp(`(not shown|did not start) within ${UPGRADE_SECONDS} s`),
  },
  {
    what: 'refuses the data',
    file: 'src/log/sqlite/file.ts',
    before: 'SCHEMA_VERSION = 1',
    after: 'SCHEMA_VERSION = 0',
    why: /it ended \(code 2: .*was written by a newer tickhouse: version 1, this program has 0\)/,
  },
]

test('a version that does not record the same in time is rolled back: the running one has never stopped', {
  timeout: 1_800_000,
}, async t => {
  const running = await started(t, RATE, { UPGRADE_SECONDS: String(UPGRADE_SECONDS) })
  const { market, program, instance, whole } = running
  market.run()
  const pidOf = () => whole.logged('child_started', { child: 'record' })[0]!.pid
  const recorder = pidOf()
  for (let round = 0; round < BROKEN_UPGRADES; round++) {
    const { what, file, before, after, why } = BROKEN[round % BROKEN.length]!
    program.change(file, before, after)
    const beganMs = performance.now()
    const { code, output } = await upgrade(instance)
    const tookMs = performance.now() - beganMs
    program.restore(file)
    assert.equal(code, 1, output)
    assert.match(output, /rolled back: .*The running version has recorded all the time/)
    assert.match(output, why)
    assert.ok(tookMs < ROLLED_BACK_MS_MAX, `${what}: rolled back after ${Math.round(tookMs)} ms`)
    t.diagnostic(`a version that ${what}: rolled back after ${Math.round(tookMs)} ms`)
  }
  assert.equal(pidOf(), recorder)
  assert.deepEqual(whole.logged('handover_proved'), [])
  const { code, output } = await upgrade(instance)
  assert.equal(code, 0, `the version as it is: ${output}`)
  await judge(t, `${BROKEN_UPGRADES} broken versions`, running)
})
