/**
 * Two recorders of one feed on a real Kafka, killed in turn at random moments, and the ingest with them: the copies of each trade are
 * counted, and nothing is missing or twice. `FAULT_ROUNDS=long` does it for ten minutes.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { KnownMarket } from '../support/data/market.ts'
import { LONG, report, Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades, gapsOf } from '../support/judges/oracle.ts'
import { Cluster, startClusterServers } from '../support/processes/cluster.ts'
import type { TestProcess } from '../support/processes/tickhouse.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT']
const RATE = 500
const FOR_MS = LONG ? 600_000 : 8_000
/** Both record for at least this long before one is killed. */
const TOGETHER_MS = 1_500
const MOMENT_MS_MAX = 1_500

/** What the last row of counts is looked for by. */
const COUNTED = 'venue, symbol, hour, recorder, log_partition, epoch, part'

const NAMES = ['tokyo', 'frankfurt'] as const

const ground = await startClusterServers({ after })
const { skip } = ground

test(`two recorders killed in turn for ${FOR_MS / 1000} s: nothing missing, nothing twice, copies are counted in ranges`, {
  skip,
  timeout: FOR_MS + 300_000,
}, async t => {
  const schedule = new Schedule(t)
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed: schedule.seed, ratePerSecond: RATE })
  const cluster = await Cluster.start(t, ground, { settings: market.settings })
  const recorder = async (name: string) => {
    const started = cluster.instance.run('record', { RECORDER: name })
    // Of each connection's trades: from here on it receives all of them.
    await started.waitFor('symbols_counted')
    return started
  }
  let ingest = cluster.instance.run('ingest')
  const ingests = [ingest]
  const pair: [TestProcess, TestProcess] = [await recorder(NAMES[0]), await recorder(NAMES[1])]
  market.run()
  // What one had not appended when it is killed the other one must have received: all from its start on.
  await using watch = new LogWatch(await cluster.instance.log())
  const together = async () => {
    await sleep(TOGETHER_MS)
    // A tenth of all trades so far, however long a recorder took to start.
    const further = 20 + market.trades().length / SYMBOLS.length / 10
    await watch.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + further])), pair[0])
    market.pause()
    await watch.untilTimes(market.lastIds(), 2, pair[0])
    market.run()
  }
  const endMs = performance.now() + FOR_MS
  let [kills, ingestKills] = [0, 0]
  // Each is killed, so that the other one has trades that it does not, also on a slow machine.
  while (kills < NAMES.length || performance.now() < endMs) {
    await together()
    await schedule.moment(MOMENT_MS_MAX)
    const at = kills++ % 2
    await pair[at]!.end('SIGKILL')
    await schedule.moment(MOMENT_MS_MAX)
    if (schedule.below(3) === 0) {
      await ingest.end('SIGKILL')
      ingest = cluster.instance.run('ingest')
      ingests.push(ingest)
      ingestKills++
    }
    pair[at] = await recorder(NAMES[at]!)
  }
  market.pause()
  await watch.until(market.lastIds(), pair[0])
  for (const one of pair) assert.deepEqual(await one.end('SIGTERM'), { code: 0, signal: null }, one.recentOutput())
  await cluster.drained()
  await ingest.waitFor('audit_passed')
  assert.deepEqual(await ingest.end('SIGTERM'), { code: 0, signal: null })
  for (const one of ingests) assert.deepEqual(one.logged('audit_failed'), [])

  const positions = await checkPositions(cluster.store, cluster.log)
  const trades = await compareTrades(cluster.store, 'simulator', market.trades())
  report(t, `${kills} recorders and ${ingestKills} ingests killed`, positions, trades)
  assertPositions(positions)
  assertTrades(trades)
  assert.deepEqual(await gapsOf(cluster.store, 'simulator', 'open'), [])
  const quarantined = await cluster.store.rows<{ reason: string; rows: string; ticks: string }>(
    `SELECT reason, toString(count()) AS rows, toString(sum(ticks)) AS ticks FROM quarantine WHERE kind = 'trades' GROUP BY reason`,
  )
  assert.deepEqual(
    quarantined.map(({ reason }) => reason),
    ['trade_repeated'],
  )
  const { rows, ticks } = quarantined[0]!
  t.diagnostic(`${ticks} copies of ${market.trades().length} trades in ${rows} rows`)
  assert.ok(Number(ticks) > market.trades().length / 20, 'both have recorded')
  assert.ok(Number(rows) < Number(ticks) / 20, 'no row a copy')
  // Each stored trade and each copy is counted for its recorder once, whatever was killed.
  const [sums] = await cluster.store.rows<{ stored: string; copies: string }>(
    `SELECT toString(sum(counts.1)) AS stored, toString(sum(counts.2)) AS copies
     FROM (SELECT argMax((stored, copies), batch_first_offset) AS counts FROM line_arbitration GROUP BY ${COUNTED})`,
  )
  assert.deepEqual(sums, { stored: String(market.trades().length), copies: ticks })
  const [kept] = await cluster.store.rows<{ rows: string; keys: string }>(
    `SELECT toString(count()) AS rows, toString(uniqExact(${COUNTED})) AS keys FROM line_arbitration FINAL`,
  )
  t.diagnostic(`${kept!.rows} rows of counts, for ${kept!.keys} symbols, recorders, hours and owners`)
  assert.ok(Number(kept!.rows) <= 2 * Number(kept!.keys), 'no row a batch')
  const had = await cluster.store.rows<{
    recorder: string
    trades: number
    only: number
    first: number
    median: number
  }>(
    `SELECT recorder, toUInt32(sum(trades)) AS trades, toUInt32(sum(only_it_had)) AS only, toUInt32(sum(first_by_clock)) AS first,
       toUInt32(max(lead_median_us)) AS median FROM recorders GROUP BY recorder ORDER BY recorder`,
  )
  assert.deepEqual(
    had.map(one => one.recorder),
    ['frankfurt', 'tokyo'],
  )
  for (const { recorder, trades, only, first, median } of had) {
    t.diagnostic(`${recorder}: ${trades} trades, ${only} only it had, ${first} first, by ${median} µs in the median`)
    assert.ok(only > 0 && only <= trades)
  }
})
