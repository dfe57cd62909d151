import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../../src/clock.ts'
import { type Outlet, Replay } from '../../src/replay/replay.ts'
import type { TickRun } from '../../src/replay/timeline.ts'
import { ORIGIN, SIDE, TradeColumns } from '../../src/tick/trades.ts'

const START_MICROS = Date.UTC(2026, 10, 21, 12) * 1000
const NEVER = new AbortController().signal

/** A clock that jumps to the end of each sleep: a day passes immediately, and every wait is known. */
class JumpingClock implements Clock {
  ms = 1000
  elapsedMs = () => this.ms
  nowMicros = () => this.ms * 1000
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise(setImmediate)
    signal.throwIfAborted()
    this.ms += ms
  }
  after = () => () => {}
}

/** Notes when each tick was sent; a `send` takes `takesMs`. */
class NotingOutlet implements Outlet {
  waitingFor: string | undefined
  readonly #clock: JumpingClock
  readonly sentAtMs: number[] = []
  readonly ids: number[] = []
  takesMs = 0
  onSend: (id: number) => void = () => {}
  opened = Promise.withResolvers<void>()
  finished = 0

  constructor(clock: JumpingClock) {
    this.#clock = clock
  }
  ready = () => this.opened.promise
  async send(runs: readonly TickRun[]): Promise<void> {
    for (const { ticks, start, end } of runs)
      for (let row = start; row < end; row++) {
        this.sentAtMs.push(this.#clock.ms)
        this.ids.push(Number((ticks as TradeColumns).tradeId[row]))
        this.onSend(this.ids.at(-1)!)
      }
    this.#clock.ms += this.takesMs
  }
  async finish(): Promise<void> {
    this.finished++
  }
}

/** Ticks `spacings` ms apart, in chunks of three; ids from 0. */
function reading(spacings: readonly number[]) {
  const micros = [START_MICROS]
  for (const ms of spacings) micros.push(micros.at(-1)! + ms * 1000)
  return async function* (fromNanos: bigint): AsyncGenerator<TradeColumns, void> {
    let chunk = new TradeColumns(3)
    for (const [id, at] of micros.entries()) {
      if (BigInt(at) * 1000n < fromNanos) continue
      chunk.add({
        venue: 'binance',
        symbol: 'BTCUSDT',
        timestampMicros: at,
        timestampNanos: 0,
        receivedAtMicros: at,
        price: 1,
        volume: 1,
        side: SIDE.buy,
        tradeId: id,
        origin: ORIGIN.live,
      })
      if (chunk.full) {
        yield chunk
        chunk = new TradeColumns(3)
      }
    }
    if (chunk.length > 0) yield chunk
  }
}

const SPACINGS = Array.from({ length: 2000 }, (_, index) => [0, 1, 250, 3, 40_000, 0.5][index % 6]!)

function replaying(speed: number, spacings = SPACINGS, startPaused = false) {
  const clock = new JumpingClock()
  const outlet = new NotingOutlet(clock)
  const fromNanos = BigInt(START_MICROS) * 1000n
  const replay = new Replay({ read: from => [reading(spacings)(from)], fromNanos, speed, outlet, clock, startPaused })
  return { clock, outlet, replay }
}

for (const speed of [1, 7, 50]) {
  test(`at speed ${speed} every tick is sent when it is due, the last no later than the first`, async () => {
    const { outlet, replay } = replaying(speed)
    await replay.run(NEVER)
    assert.equal(replay.sent, SPACINGS.length + 1)
    let dueMs = outlet.sentAtMs[0]!
    for (const [index, ms] of SPACINGS.entries()) {
      dueMs += ms / speed
      const lateMs = outlet.sentAtMs[index + 1]! - dueMs
      assert.ok(lateMs > -0.001 && lateMs <= 1.001, `tick ${index + 1} is ${lateMs} ms late`)
    }
  })
}

test('a slow send is caught up: delays do not add up', async () => {
  const { outlet, replay } = replaying(1)
  outlet.takesMs = 5
  await replay.run(NEVER)
  const wholeMs = SPACINGS.reduce((sum, ms) => sum + ms, 0)
  const tookMs = outlet.sentAtMs.at(-1)! - outlet.sentAtMs[0]!
  assert.ok(tookMs - wholeMs >= 0 && tookMs - wholeMs < 20, `${tookMs} ms for ${wholeMs}`)
})

test('full speed waits for nothing and keeps the order', async () => {
  const { clock, outlet, replay } = replaying(Number.POSITIVE_INFINITY)
  await replay.run(NEVER)
  assert.equal(clock.ms, 1000)
  assert.deepEqual(outlet.ids, [...SPACINGS.keys(), SPACINGS.length])
  assert.equal(outlet.finished, 1)
})

test('market time stops while the replay is paused or without subscriber, then continues at the original spacing', async () => {
  const { clock, outlet, replay } = replaying(1, [100, 100, 100], true)
  outlet.waitingFor = 'a subscription'
  const run = replay.run(NEVER)
  await new Promise(setImmediate)
  assert.equal(outlet.ids.length, 0)
  replay.resume()
  await new Promise(setImmediate)
  assert.equal(outlet.ids.length, 0, 'no subscriber yet')
  clock.ms += 60_000
  outlet.waitingFor = undefined
  outlet.opened.resolve()
  outlet.onSend = id => {
    if (id !== 1) return
    replay.pause()
    setImmediate(() => {
      clock.ms += 60_000
      replay.resume()
    })
  }
  await run
  const spaced = outlet.sentAtMs.map((ms, index) => ms - (outlet.sentAtMs[index - 1] ?? ms))
  assert.deepEqual(spaced.slice(0, 2), [0, 100])
  assert.ok(spaced[2]! >= 60_000, 'the pause lies between them')
  assert.deepEqual(spaced[3], 100)
})

test('a seek continues at that time, earlier or later, even after the last tick was read', async () => {
  const { outlet, replay } = replaying(1, Array(20).fill(100))
  let sought = false
  outlet.onSend = id => {
    if (id !== 3 || sought) return
    sought = true
    replay.seek(BigInt(START_MICROS + 1_850_000) * 1000n)
  }
  await replay.run(NEVER)
  assert.deepEqual(outlet.ids, [0, 1, 2, 3, 19, 20])
})

test('an abort ends it immediately, even while it waits', async () => {
  const { outlet, replay } = replaying(1, [100])
  outlet.waitingFor = 'a subscription'
  const stop = new AbortController()
  outlet.ready = () =>
    new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)))
  const run = replay.run(stop.signal)
  stop.abort()
  await assert.rejects(run, { name: 'AbortError' })
})
