/**
 * A watcher beside a real instance in which one thing after another breaks: each sends one message by mail and webhook,
 * and one more when it is over. Nothing else is sent.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { ANSWER_MS_MAX } from '../../src/watch/instance-client.ts'
import { Ballast } from '../support/data/ballast.ts'
import { KnownMarket } from '../support/data/market.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { Schedule } from '../support/faults.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { within } from '../support/judges/within.ts'
import { type Settings, TestInstance, type TestProcess, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { freePort } from '../support/servers/free-port.ts'
import { startKafka } from '../support/servers/kafka/kafka.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'
import { type AlertMessage, Receivers } from '../support/servers/watching.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const EVERY_MS = 1_000
/** A busy machine stores nothing for some seconds now and then. */
const SILENCE_MS_MIN = 10_000
/** After a few seconds of a symbol the watcher has learned its usual gaps. */
const LEARNED_TRADES = 30_000
const MIB = 2 ** 20

interface Watched {
  receivers: Receivers
  watcher: TestProcess
}

/** An address an instance can be started on again. */
async function freeAddress(): Promise<string> {
  return `127.0.0.1:${await freePort()}`
}

async function watching(
  t: TestContext,
  instance: TestInstance,
  listen: string,
  settings: Settings = {},
): Promise<Watched> {
  const receivers = await Receivers.open(t)
  const watcher = instance.run('watch', {
    WATCH_URL: `http://${listen}`,
    WATCH_EVERY_SECONDS: String(EVERY_MS / 1000),
    WATCH_STALE_SECONDS_MIN: String(SILENCE_MS_MIN / 1000),
    ...receivers.settings,
    ...settings,
  })
  await watcher.waitFor('watching')
  return { receivers, watcher }
}

/** Breaks and repairs one thing: one alert, in time, and one message when it is over. */
async function toldOnce(
  t: TestContext,
  { receivers }: Watched,
  name: string,
  fault: () => unknown,
  mend: () => unknown,
): Promise<AlertMessage> {
  const brokenMs = Date.now()
  await fault()
  const opened = await receivers.takes(name, 'opened')
  t.diagnostic(`${name}: reported ${Date.now() - brokenMs} ms after the fault: ${opened.what}`)
  const repairedMs = Date.now()
  await mend()
  const closed = await receivers.takes(name, 'closed')
  t.diagnostic(
    `${name}: closed ${Date.now() - repairedMs} ms after the repair, reported duration ${closed.lasted_seconds} s`,
  )
  return opened
}

/** All messages, in order, without `unless` and the alert that a busy machine causes itself. */
async function assertTold({ receivers, watcher }: Watched, names: readonly string[], unless = ''): Promise<void> {
  const expected = names.flatMap(name => [`opened ${name}`, `closed ${name}`])
  assert.deepEqual(
    receivers.messages
      .filter(({ name }) => name !== unless && name !== 'ingest_behind')
      .map(({ kind, name }) => `${kind} ${name}`),
    expected,
    watcher.recentOutput(),
  )
  await within(WAIT_MS_MAX, async () => {
    const [mails, messages] = [receivers.mails, receivers.messages.length]
    return mails === messages ? undefined : `${messages} messages, each by mail too: ${mails}`
  })
}

test('a silent feed, a closed feed, a stopped ingest, a killed instance: each is reported once and closed once', {
  timeout: 600_000,
}, async t => {
  const { seed } = new Schedule(t)
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond: 1_500 })
  const proxy = await TcpProxy.open(t, Number(new URL(market.exchange.wsUrl).port))
  const listen = await freeAddress()
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_WS: proxy.url, LISTEN: listen })
  let whole = instance.run('start')
  await whole.waitFor('connection_opened')
  await using log = new LogWatch(await instance.log())
  market.run()
  const enough = [...market.lastIds()].map(
    ([symbol, id]) => [symbol, id + LEARNED_TRADES / SYMBOLS.length / 3] as const,
  )
  await log.until(new Map(enough), whole)
  const watched = await watching(t, instance, listen)

  const silent = await toldOnce(
    t,
    watched,
    'stale',
    () => market.pause(),
    () => market.run(),
  )
  assert.equal(silent.severity, 'critical')
  // Each is stale after its own usual gaps; on a busy machine they differ.
  const names = SYMBOLS.map(symbol => `simulator ${symbol}`)
  assert.ok(silent.affected.length > 0 && silent.affected.every(name => names.includes(name)), `${silent.affected}`)

  await toldOnce(
    t,
    watched,
    'sources_trouble',
    () => {
      proxy.refusesNew = true
      proxy.cut()
    },
    () => {
      proxy.refusesNew = false
    },
  )

  const pidOf = (child: string) => Number(whole.logged('child_started', { child }).at(-1)!.pid)
  const stopped = await toldOnce(
    t,
    watched,
    'house_down',
    () => process.kill(pidOf('ingest'), 'SIGSTOP'),
    () => process.kill(pidOf('ingest'), 'SIGCONT'),
  )
  assert.match(stopped.what, new RegExp(`no answer within ${ANSWER_MS_MAX / 1000} s`))
  await assertTold(watched, ['stale', 'sources_trouble', 'house_down'])

  watched.receivers.forget()
  await toldOnce(
    t,
    watched,
    'house_down',
    async () => {
      // The supervisor first, so that it starts nothing again.
      const pids = [whole.pid, pidOf('record'), pidOf('ingest')]
      for (const pid of pids) process.kill(pid, 'SIGKILL')
      await whole.exited
    },
    () => {
      whole = instance.run('start')
    },
  )
  // Its first tick may come later after its start than a tick usually does.
  await assertTold(watched, ['house_down'], 'stale')
  assert.deepEqual(await watched.watcher.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
})

test('a filling disk is reported before it is full, once', { timeout: 600_000 }, async t => {
  const { seed } = new Schedule(t)
  const listen = await freeAddress()
  const instance = new TestInstance(t, { LISTEN: listen, DISK_FREE_MIB_MIN: '8' })
  const disk = instance.mountSmall('data/store', 192 * MIB)
  if (!disk) return t.skip('needs the right to mount a tmpfs')
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond: 1_000 })
  const whole = instance.run('start', market.settings)
  await whole.url()
  await whole.waitFor('connection_opened')
  market.run()
  const watched = await watching(t, instance, listen)
  let ballast: Ballast | undefined
  await toldOnce(
    t,
    watched,
    'disk_low',
    () => {
      ballast = new Ballast(disk)
    },
    () => ballast![Symbol.dispose](),
  )
  await assertTold(watched, ['disk_low'])
})

test('an unwritable archive is reported once, and closed when it works again', { timeout: 600_000 }, async t => {
  const listen = await freeAddress()
  const instance = new TestInstance(t, { LISTEN: listen, DISK_FREE_MIB_MIN: '1' })
  const disk = instance.mountSmall('data/archive', 32 * MIB)
  if (!disk) return t.skip('needs the right to mount a tmpfs')
  await makeMixedLog(`${instance.directory}/data/log`)
  const ballast = new Ballast(disk)
  const ingest = instance.run('ingest')
  await ingest.waitFor('archive_failed')
  // Nothing records here, which the watcher would report.
  const watched = await watching(t, instance, listen)
  await toldOnce(
    t,
    watched,
    'archive_trouble',
    () => {},
    () => ballast[Symbol.dispose](),
  )
  await ingest.waitFor('archive_recovered')
  assert.ok(readdirSync(disk).length > 0)
  assert.deepEqual(watched.receivers.of('archive_trouble', 'opened').length, 1)
  assert.deepEqual(watched.receivers.of('archive_trouble', 'closed').length, 1)
})

test('a failed audit is reported once, and closed only when log and tables agree', { timeout: 600_000 }, async t => {
  const { seed } = new Schedule(t)
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond: 1_000 })
  const listen = await freeAddress()
  const instance = new TestInstance(t, { ...market.settings, LISTEN: listen })
  let whole = instance.run('start')
  await whole.waitFor('connection_opened')
  await using log = new LogWatch(await instance.log())
  market.run()
  await log.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 100])), whole)
  market.pause()
  await whole.drained()
  assert.deepEqual(await whole.end('SIGTERM'), { code: 0, signal: null })
  const change = async (...statements: string[]) => {
    const store = await instance.store()
    for (const query of statements) await store.command(query)
    await store.close()
  }
  await change(
    'CREATE TABLE aside AS trades',
    "INSERT INTO aside SELECT * FROM trades WHERE symbol = 'BTCUSDT' AND trade_id % 50 = 0",
    "DELETE FROM trades WHERE symbol = 'BTCUSDT' AND trade_id % 50 = 0",
  )
  whole = instance.run('start')
  const watched = await watching(t, instance, listen, { WATCH_STALE_SECONDS_MIN: '86400' })
  const opened = await toldOnce(
    t,
    watched,
    'audit_failed',
    () => whole.waitFor('audit_failed', {}, 1),
    async () => {
      await whole.end('SIGTERM')
      await change('INSERT INTO trades SELECT * FROM aside')
      whole = instance.run('start')
    },
  )
  assert.match(opened.what, /ticks stored, \d+ in the log/)
  assert.ok(whole.logged('audit_passed').length > 0)
  assert.equal(watched.receivers.of('audit_failed', 'opened').length, 1)
})

test('dead brokers are one alert: the log does not respond', { timeout: 600_000 }, async t => {
  const kafka = await startKafka(t, { own: true })
  if (kafka.missing) return t.skip(kafka.missing)
  const { seed } = new Schedule(t)
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed, ratePerSecond: 1_000 })
  const listen = await freeAddress()
  const instance = new TestInstance(t, { ...market.settings, LOG: kafka.address({ partitions: 2 }), LISTEN: listen })
  const recorder = instance.run('record', { METRICS_LISTEN: '127.0.0.1:0' })
  const { url } = await recorder.waitFor('serving_figures')
  const ingest = instance.run('ingest')
  await ingest.waitFor('ingest_started')
  await using log = new LogWatch(await instance.log())
  market.run()
  await log.until(new Map([...market.lastIds()].map(([symbol, id]) => [symbol, id + 1_000])), recorder)
  const watched = await watching(t, instance, listen, { WATCH_HEALTH_URLS: String(url) })
  const [broker] = kafka.brokers
  await toldOnce(
    t,
    watched,
    'log_trouble',
    () => broker!.kill(),
    () => broker!.start(),
  )
  assert.ok(ingest.logged('log_awaited').length > 0, 'ingest reports it too')
  await assertTold(watched, ['log_trouble'])
})
