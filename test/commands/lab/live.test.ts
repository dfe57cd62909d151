/** A live portfolio beside a running instance, killed at random moments and switched off by a file: it goes on, and equals its replay. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { lstatSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Live } from '../../../src/lab/live/live.ts'
import { readPortfolioText } from '../../../src/lab/portfolio/read.ts'
import { RowWriter } from '../../../src/lab/results/row-writer.ts'
import type { Store } from '../../../src/store/store.ts'
import { KnownMarket } from '../../support/data/market.ts'
import { moveToArchive } from '../../support/data/move-to-archive.ts'
import { rounds, Schedule } from '../../support/faults.ts'
import { TestInstance } from '../../support/processes/tickhouse.ts'
import { freePort } from '../../support/servers/free-port.ts'

const KILLS = rounds(3, 50)

const PORTFOLIO = `
name: living
currency: USDT
mark_seconds: 1
order_latency_ms: [5, 50]
fees: { simulator: { maker: 0.0002, taker: 0.0005 } }
strategies:
  - { name: hold, kind: buy-and-hold, symbols: ["simulator:BTCUSDT"], capital: 100000 }
  - name: flow
    kind: order-flow
    symbols: ["simulator:BTCUSDT", "simulator:ETHUSDT"]
    capital: 50000
    parameters: { every_seconds: 1, periods: 2, entry: 0.05, exit: 0.02, money: 2000 }
    limits: { position: 5000, drawdown: 0.2 }
`

const HELD = `
name: held
currency: USDT
mark_seconds: 1
strategies:
  - { name: one, kind: buy-and-hold, symbols: ["simulator:BTCUSDT"], capital: 1000 }
`

/** SHA-256 of the fills of each strategy, when the cuts of a live run are played again. */
async function hashesOfReplay(store: Store, run: string): Promise<string[]> {
  const live = await Live.open({
    run,
    portfolio: await readPortfolioText(PORTFOLIO, 'portfolio.yaml'),
    runQuery: (query, format) => store.untrusted(query, format),
    storedOffsets: async () => undefined,
    writer: new RowWriter(async () => {}),
    nowMicros: () => 0,
  })
  assert.ok(await live.replay())
  return live.recorded.map(({ fillsHash }) => fillsHash)
}

test('a live run that is killed again and again goes on, its ledger sums to 0, and it equals its replay', {
  timeout: rounds(600_000, 3_600_000),
}, async t => {
  const schedule = new Schedule(t)
  const { seed } = schedule
  await using market = await KnownMarket.start({ symbols: ['BTCUSDT', 'ETHUSDT'], seed, ratePerSecond: 200 })
  // The page is at the same address again after its process was killed.
  const LISTEN = `127.0.0.1:${await freePort()}`
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_REST: market.exchange.restUrl, LISTEN })
  const file = join(instance.directory, 'portfolio.yaml')
  writeFileSync(file, PORTFOLIO)
  const start = instance.run('start')
  const url = await start.url()
  await start.waitFor('connection_opened')
  market.run()
  const ask = async <T>(sql: string) => {
    const response = await fetch(`${url}/api/query?format=JSON`, { method: 'POST', body: sql })
    return ((await response.json()) as { data: T[] }).data
  }
  const lab = (...flags: string[]) => instance.run('lab', {}, flags)

  let running = lab('start', file)
  await running.waitForOutput(/beginning run/)
  for (let kill = 0; kill < KILLS - 1; kill++) {
    await sleep(2_000)
    await schedule.moment(4_000)
    running.child.kill('SIGKILL')
    await running.exited
    if (kill === 0) market.exchange.control('drop', { trades: 3 })
    running = lab('start', file)
    await running.waitForOutput(/going on with run/)
  }
  await sleep(8_000)
  // The kill switch has something to close, and enough was bought and sold, however slow the machine is.
  const traded = () =>
    ask<{ enough: number }>(`SELECT (SELECT count() FROM lab_fills WHERE strategy = 'flow') > 2
      AND (SELECT count() FROM lab_fills WHERE strategy = 'hold') > 0 AS enough`)
  while (!Number((await traded())[0]?.enough ?? 0)) await sleep(500)

  // Set while the run pauses, it acts on the ticks that were recorded since.
  running.child.kill('SIGKILL')
  await running.exited
  const killSwitch = join(instance.directory, 'living.stop')
  await sleep(1_000)
  writeFileSync(killSwitch, '')
  const setAtMs = lstatSync(killSwitch).ctimeMs
  await sleep(3_000)
  running = lab('start', file)
  await running.waitForOutput(/kill switch \S+living\.stop was set/)
  running.child.kill('SIGKILL')
  await running.exited
  running = lab('start', file)
  await running.waitForOutput(/going on with run/)
  // Two marks after it, however busy the machine is.
  const marked = () =>
    ask<{ since: string }>(`SELECT count() AS since FROM lab_equity
      WHERE at > (SELECT max(at) FROM lab_limits WHERE limit_name = 'kill_switch') + 2
        AND (SELECT count() FROM lab_limits WHERE limit_name = 'kill_switch') = 2`)
  while (Number((await marked())[0]?.since ?? 0) < 2) await sleep(500)
  const [closed] = await ask<Record<string, string>>(`SELECT
    (SELECT groupArray((strategy, action)) FROM (SELECT * FROM lab_limits WHERE limit_name = 'kill_switch' ORDER BY strategy)) AS rows,
    (SELECT max(at) FROM lab_limits WHERE limit_name = 'kill_switch') AS killed,
    toUnixTimestamp64Milli(killed) AS killed_ms,
    (SELECT sum(abs(quantity)) FROM lab_positions) AS left,
    (SELECT count() FROM lab_orders WHERE flattening AND sent_at >= killed) AS closing,
    (SELECT count() FROM lab_orders WHERE NOT flattening AND state != 'refused' AND sent_at > killed) AS later`)
  assert.deepEqual(closed!.rows, [
    ['flow', 'flattened, off'],
    ['hold', 'flattened, off'],
  ])
  assert.deepEqual([closed!.left, closed!.later].map(Number), [0, 0])
  const lateMs = Number(closed!.killed_ms) - setAtMs
  assert.ok(Math.abs(lateMs) <= 1, `closed when the file was set, not when the run went on: ${lateMs} ms later`)
  assert.ok(Number(closed!.closing) > 0)

  const meanwhile = lab('verify', 'last')
  assert.equal((await meanwhile.exited).code, 0, meanwhile.recentOutput())
  assert.match(meanwhile.output, /lab_equity: [1-9]\d* rows equal/)
  assert.match(meanwhile.output, /equals its replay/, 'while it runs, up to what is written')

  writeFileSync(file, PORTFOLIO.replace('0.05', '0.06'))
  const other = lab('start', file)
  assert.notEqual((await other.exited).code, 0)
  assert.match(other.output.replace(/\s+/g, ' '), /portfolio living runs with another file/)

  const stop = lab('stop', 'living')
  assert.equal((await stop.exited).code, 0, stop.recentOutput())
  assert.match(stop.output, /has ended/)
  if (running.running) await once(running.child, 'close')
  const refused = lab('start', file)
  assert.notEqual((await refused.exited).code, 0)
  assert.match(refused.output.replace(/\s+/g, ' '), /living\.stop is there: it is the kill switch of portfolio living/)
  rmSync(killSwitch)

  const [run] = await ask<Record<string, string>>("SELECT * FROM lab_runs FINAL WHERE strategy = 'flow'")
  assert.equal(run!.state, 'ended')
  const [sums] = await ask<Record<string, number>>(`SELECT
    (SELECT max(abs(s)) FROM (SELECT sum(amount) AS s FROM lab_ledger GROUP BY strategy, entry)) AS unbalanced,
    (SELECT count() = uniqExact(strategy, id) FROM lab_fills) AS once,
    (SELECT sum(abs(quantity)) FROM lab_positions) AS left,
    (SELECT count() FROM lab_fills WHERE strategy = 'flow') AS fills`)
  assert.equal(Number(sums!.unbalanced), 0)
  assert.equal(Number(sums!.once), 1, 'no fill is written twice')
  assert.ok(Number(sums!.fills) > 2)

  assert.match(running.output, /equals its replay/, 'a run that ends is verified')
  const [verification] = await ask<Record<string, string>>('SELECT * FROM lab_verifications ORDER BY at DESC')
  assert.deepEqual([verification!.run, verification!.difference], [run!.run, ''])

  // Another run ends with a position, after the process with the page was killed.
  const heldFile = join(instance.directory, 'held.yaml')
  writeFileSync(heldFile, HELD)
  const held = lab('start', heldFile)
  await held.waitForOutput(/beginning run/)
  const filled = () => ask<{ count: string }>("SELECT count() AS count FROM lab_fills WHERE run LIKE '%-held-%'")
  while (Number((await filled())[0]?.count ?? 0) === 0) await sleep(200)
  process.kill(Number(start.logged('child_started', { child: 'ingest' }).at(-1)!.pid), 'SIGKILL')
  await held.waitForOutput(/a step failed and is repeated/)
  while (!(await fetch(url).catch(() => undefined))?.ok) await sleep(200)
  const closing = lab('stop', 'held')
  assert.equal((await closing.exited).code, 0, closing.recentOutput())
  assert.match(closing.output, /has ended/)
  if (held.running) await once(held.child, 'close')
  assert.match(held.output, /equals its replay/)
  const [flat] = await ask<Record<string, string>>(`SELECT
    (SELECT sum(abs(quantity)) FROM lab_positions WHERE run LIKE '%-held-%') AS left,
    (SELECT count() FROM lab_orders WHERE run LIKE '%-held-%' AND flattening AND state = 'filled') AS closing,
    (SELECT count() FROM lab_limits WHERE run LIKE '%-held-%') AS limits`)
  assert.deepEqual([flat!.left, flat!.closing, flat!.limits].map(Number), [0, 1, 0], 'closed, and no limit was reached')

  market.pause()
  await start.drained()
  assert.deepEqual(await start.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  const stated = await store.rows<{ fills_hash: string }>(
    "SELECT fills_hash FROM lab_runs FINAL WHERE portfolio = 'living' ORDER BY strategy DESC",
  )
  const hashes = stated.map(row => row.fills_hash)
  assert.equal(new Set(hashes).size, 2)
  assert.deepEqual(await hashesOfReplay(store, run!.run!), hashes, 'over the tables')
  await moveToArchive(instance, store)
  assert.deepEqual(await hashesOfReplay(store, run!.run!), hashes, 'over the archive')
  await store.command(
    'INSERT INTO lab_fills SELECT * REPLACE (price + 1 AS price) FROM lab_fills ' +
      `WHERE run = '${run!.run}' ORDER BY id LIMIT 1`,
  )
  await store.close()
  const unread = instance.run('lab', { ARCHIVE: 'off' }, ['verify', run!.run!])
  assert.equal((await unread.exited).code, 2, 'not 1, which means that it differs')
  assert.match(unread.output.replace(/\s+/g, ' '), /quotes of run \S+ cannot be read: .* Set TICKHOUSE_ARCHIVE/)
  assert.doesNotMatch(unread.output, /does NOT equal/)
  const changed = instance.run('lab', { ARCHIVE: `file:${instance.directory}/archive` }, ['verify', run!.run!])
  assert.equal((await changed.exited).code, 1)
  assert.match(changed.output, /lab_fills: \d+ rows equal, 1 only stored, 0 only in the replay/)
  assert.match(changed.output, /does NOT equal its replay/)
})
