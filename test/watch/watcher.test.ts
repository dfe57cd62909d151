/** Probes at times of the test, of an HTTP server that answers as the test wants. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import type { ServerResponse } from 'node:http'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { BUILT_IN_VENUES, type Followed, type HealthAnswer } from '../../src/status/health.ts'
import type { EventName } from '../../src/telemetry/events.ts'
import { hourOfTicks } from '../../src/watch/alerts/gap-model.ts'
import { GapModels } from '../../src/watch/alerts/gap-models.ts'
import { InstanceClient } from '../../src/watch/instance-client.ts'
import { Outbox } from '../../src/watch/outbox.ts'
import { loadState } from '../../src/watch/state.ts'
import { Watcher } from '../../src/watch/watcher.ts'
import { HOUR_MS, hourOf } from '../support/data/tick-times.ts'
import { HttpReceiver } from '../support/servers/alert-receivers.ts'

const EVERY_MS = 10_000
const BEGIN_MS = Date.UTC(2026, 10, 25, 12, 30)

class Scene {
  nowMs = BEGIN_MS
  /** Ticks by symbol, such as `binance:BTCUSDT`. */
  readonly ticks = new Map<string, number[]>()
  following: Followed[] = [{ venue: 'binance', symbols: ['BTCUSDT', 'ETHUSDT'] }]
  ingest: 'ok' | 'behind' = 'ok'
  /** Answers with 500 while false. */
  answers = true
  readonly sent: string[] = []
  readonly events: EventName[] = []
  readonly queries: string[] = []
  readonly stateFile: string
  readonly #receiver: HttpReceiver
  #watcher!: Watcher
  #healthSent = Promise.withResolvers<void>()

  static async open(t: TestContext): Promise<Scene> {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-watcher-'))
    t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
    const scene = new Scene(await HttpReceiver.open(t), path.join(directory, 'watch.json'))
    await scene.start()
    return scene
  }

  constructor(receiver: HttpReceiver, stateFile: string) {
    this.#receiver = receiver
    this.stateFile = stateFile
    receiver.answer = response => {
      const { path: target, body } = receiver.posted.at(-1)!
      if (target === '/station/health') this.#hang(response)
      else if (!this.answers) response.writeHead(500).end()
      else response.end(target === '/health' ? JSON.stringify(this.#health()) : this.#rows(target, body))
      if (target === '/health') this.#healthSent.resolve()
    }
  }

  /** Fails after six seconds, long after the instance sent its health. */
  async #hang(response: ServerResponse): Promise<void> {
    await this.#healthSent.promise
    this.nowMs += 6_000
    response.writeHead(500).end()
  }

  /** A watcher that goes on where the one before left off. */
  async start({ stations = 0 } = {}): Promise<void> {
    const { url } = this.#receiver
    const emit = (name: EventName) => this.events.push(name)
    const { state } = await loadState(this.stateFile)
    const channel = {
      name: 'test',
      reference: null,
      send: async ({ kind, alert }: { kind: string; alert: { name: string } }) => {
        this.sent.push(`${kind} ${alert.name}`)
      },
    }
    this.#watcher = new Watcher({
      instance: new InstanceClient(url, undefined),
      processes: Array.from({ length: stations }, () => new InstanceClient(`${url}/station`, undefined)),
      references: [],
      gapModels: await GapModels.open(`${this.stateFile}.rhythms`, this.nowMs),
      outbox: new Outbox([channel], url, emit, state.unsent),
      state,
      stateFile: this.stateFile,
      everyMs: EVERY_MS,
      repeatMs: HOUR_MS,
      staleMsMin: 15_000,
      ignored: new Set(),
      watcher: 'w',
      clock: { ...SYSTEM_CLOCK, nowMicros: () => this.nowMs * 1000 },
      emit,
    })
  }

  async probes(count: number): Promise<void> {
    for (let probe = 0; probe < count; probe++) {
      this.#healthSent = Promise.withResolvers()
      await this.#watcher.probe()
      this.nowMs += EVERY_MS
    }
  }

  get healthy(): boolean | null {
    return this.#watcher.last!.healthy
  }

  /** A tick a second from half an hour before, up to then. */
  busy(key: string, untilMs: number): void {
    const fromMs = BEGIN_MS - HOUR_MS / 2
    this.ticks.set(
      key,
      Array.from({ length: Math.floor((untilMs - fromMs) / 1000) }, (_, second) => fromMs + second * 1000),
    )
  }

  #health(): HealthAnswer {
    const ok = { state: 'ok', advice: '', lagMs: 0 } as const
    return {
      state: 'ok',
      version: '0',
      process: 'ingest',
      instance: 'i',
      startedAtMs: BEGIN_MS - 60_000,
      atMs: this.nowMs,
      following: this.following,
      builtInVenues: BUILT_IN_VENUES,
      symbols: [],
      symbolsDown: [],
      venues: [],
      stations: { sources: ok, log: ok, store: ok, ingest: { ...ok, state: this.ingest } },
      audit: null,
      diskFreeBytes: null,
      diskFreeBytesMin: 0,
      archiveBehindMs: null,
    }
  }

  #rows(target: string, query: string): string {
    if (target.startsWith('/api/watch')) return ''
    // No strategies run on paper.
    if (/lab_(limits|verifications)/.test(query)) return ''
    this.queries.push(query)
    const [from = 0, until = Number.POSITIVE_INFINITY] = [...query.matchAll(/Milli\((\d+),/g)].map(([, ms]) =>
      Number(ms),
    )
    const found = [...this.ticks].flatMap(([key, all]) => {
      const times = all.filter(ms => ms >= from && ms < Math.min(until, this.nowMs))
      if (times.length === 0) return []
      const [venue, symbol] = key.split(':')
      const { firstMs, lastMs, beats, pauses, pausedMs, longestMs } = hourOfTicks(hourOf(times[0]!), times)
      const figures = query.includes('slots') ? [firstMs, lastMs, beats, pauses, pausedMs, longestMs] : [times.at(-1)]
      return [JSON.stringify([venue, symbol, ...figures])]
    })
    return found.join('\n')
  }

  /** How far back the newest ticks were fetched by the last request, ms. */
  get fetchedBackMs(): number {
    const query = this.queries.findLast(each => !each.includes('slots'))!
    return this.nowMs - EVERY_MS - Number(/Milli\((\d+),/.exec(query)![1])
  }
}

test('a dead feed is an alert, closed when ticks return, although another symbol has no learned gaps yet', async t => {
  const scene = await Scene.open(t)
  scene.busy('binance:BTCUSDT', BEGIN_MS + 60_000)
  // Followed, with a single tick: its gaps are not learned.
  scene.ticks.set('binance:ETHUSDT', [BEGIN_MS - 1_000])
  await scene.probes(6)
  assert.deepEqual([scene.sent, scene.healthy], [[], true])
  await scene.probes(6)
  assert.deepEqual([scene.sent, scene.healthy], [['opened stale'], false])
  scene.busy('binance:BTCUSDT', BEGIN_MS + HOUR_MS)
  await scene.probes(4)
  assert.deepEqual([scene.sent, scene.healthy], [['opened stale', 'closed stale'], true])
})

test('an open alert survives a restart and is not sent again', async t => {
  const scene = await Scene.open(t)
  scene.busy('binance:BTCUSDT', BEGIN_MS)
  await scene.probes(12)
  await scene.start()
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened stale'])
  assert.equal(JSON.parse(fs.readFileSync(scene.stateFile, 'utf8')).alerts.conditions.stale.goneMs, null)
})

test('after downtime of the instance, ticks are fetched from before the downtime on', async t => {
  const scene = await Scene.open(t)
  scene.busy('binance:BTCUSDT', BEGIN_MS + 3 * HOUR_MS)
  await scene.probes(2)
  assert.equal(scene.fetchedBackMs, 15 * 60_000 + EVERY_MS)
  scene.answers = false
  await scene.probes(2)
  scene.nowMs += 2 * HOUR_MS
  await scene.probes(2)
  scene.answers = true
  await scene.probes(1)
  assert.ok(scene.fetchedBackMs >= 2 * HOUR_MS + 15 * 60_000)
  await scene.probes(1)
  assert.ok(scene.fetchedBackMs <= 16 * 60_000, 'and no further than needed afterwards')
  assert.equal(scene.sent.includes('opened stale'), false)
})

test('and after late storing, from before its start on', async t => {
  const scene = await Scene.open(t)
  scene.busy('binance:BTCUSDT', BEGIN_MS + 3 * HOUR_MS)
  await scene.probes(2)
  scene.ingest = 'behind'
  await scene.probes(200)
  scene.ingest = 'ok'
  await scene.probes(1)
  assert.ok(scene.fetchedBackMs >= 200 * EVERY_MS, `${scene.fetchedBackMs}`)
})

test('a venue that this version does not know is watched like any other', async t => {
  const scene = await Scene.open(t)
  scene.following = [{ venue: 'nasdaq', symbols: ['AAPL'] }]
  scene.busy('nasdaq:AAPL', BEGIN_MS)
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened stale'])
})

test('a symbol that was taken from the sources is not stale; one that another program writes is', async t => {
  const scene = await Scene.open(t)
  scene.following = [{ venue: 'binance', symbols: ['BTCUSDT'] }]
  scene.busy('binance:BTCUSDT', BEGIN_MS + HOUR_MS)
  scene.busy('binance:ETHUSDT', BEGIN_MS)
  scene.busy('kraken:BTC/USD', BEGIN_MS)
  await scene.probes(12)
  assert.deepEqual(scene.sent, [])
  scene.busy('acme:X', BEGIN_MS + 12 * EVERY_MS)
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened stale'])
})

test('a state that cannot be saved is logged, and probing continues', async t => {
  const scene = await Scene.open(t)
  fs.mkdirSync(`${scene.stateFile}.${process.pid}`)
  fs.mkdirSync(`${scene.stateFile}.rhythms.${process.pid}`)
  scene.busy('binance:BTCUSDT', BEGIN_MS)
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened stale'])
  assert.deepEqual(
    scene.events.filter(name => name === 'watch_unkept'),
    ['watch_unkept'],
  )
})

test('unreadable silences are logged at intervals, and alerts are sent as without silences', async t => {
  const scene = await Scene.open(t)
  fs.writeFileSync(`${scene.stateFile}.silences`, '{"all":')
  scene.busy('binance:BTCUSDT', BEGIN_MS)
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened stale'])
  const count = () => scene.events.filter(name => name === 'silences_unread').length
  assert.equal(count(), 1)
  await scene.probes(60)
  assert.equal(count(), 2)
})

test('a hanging process is an alert, and does not make the clock of the instance look wrong', async t => {
  const scene = await Scene.open(t)
  await scene.start({ stations: 1 })
  await scene.probes(12)
  assert.deepEqual(scene.sent, ['opened station_down'])
})
