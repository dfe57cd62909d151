import assert from 'node:assert/strict'
import { after, describe, type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { openKafkaLog } from '../../../src/log/kafka/log.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { numbered } from '../../contracts/log.ts'
import type { Broker } from '../../support/servers/kafka/broker.ts'
import { startKafka } from '../../support/servers/kafka/kafka.ts'
import { assertEachOnce, Follower, LOAD_PARTITIONS, Load } from '../../support/servers/kafka/load.ts'

const kafka = await startKafka({ after }, { own: true })
const KILLS = process.env.FAULT_ROUNDS === 'long' ? 20 : 3

async function open(t: TestContext, address: string, mode: 'write' | 'read' = 'write'): Promise<OpenLog> {
  const log = await openKafkaLog(address, mode)
  t.after(() => log.close())
  return log
}

describe('a broker that fails', { skip: kafka.missing }, () => {
  const broker = kafka.brokers[0] as Broker

  test(`killed ${KILLS} times under load: no acknowledged record is lost, doubled or moved, and readers recover by themselves`, async t => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000)
    t.diagnostic(`SEED=${seed}`)
    const address = kafka.address({ partitions: LOAD_PARTITIONS })
    const [writer, reader] = [await open(t, address), await open(t, address, 'read')]
    const [load, follower] = [new Load(writer), new Follower(reader)]
    for (const records of fc.sample(fc.integer({ min: 100, max: 3_000 }), { seed, numRuns: KILLS })) {
      await load.more(records)
      await broker.kill()
      await broker.start()
      const startedMs = performance.now()
      await load.more(100)
      t.diagnostic(`acknowledged again ${Math.round(performance.now() - startedMs)} ms after the broker was up`)
    }
    await load.stop()
    await follower.reached(load)
    t.diagnostic(`${load.records} records`)
    assertEachOnce(load, follower)
  })

  test('stalled for longer than the request timeout: a record sent twice is in the log once', async t => {
    const address = kafka.address({ partitions: LOAD_PARTITIONS })
    const [writer, reader] = [await open(t, address), await open(t, address, 'read')]
    const [load, follower] = [new Load(writer), new Follower(reader)]
    await load.more(500)
    broker.pause()
    t.after(() => broker.resume())
    await sleep(11_000)
    broker.resume()
    await load.more(500)
    await load.stop()
    await follower.reached(load)
    assertEachOnce(load, follower)
  })

  test('closing while the broker is down ends in bounded time, and reports the pending records', async t => {
    const log = await openKafkaLog(kafka.address({ partitions: 1 }), 'write')
    await log.append(0, [numbered(0)])
    await broker.kill()
    t.after(() => broker.start())
    const lost = assert.rejects(log.append(0, [numbered(1)]), { code: 'log_unavailable' })
    const startedMs = performance.now()
    await log.close()
    await lost
    assert.ok(performance.now() - startedMs < 60_000)
  })

  test('while it is stalled, neither requests nor a stop wait for it', async t => {
    const address = kafka.address({ partitions: 1 })
    const [log, joining] = [await open(t, address), await open(t, address)]
    t.after(() => broker.resume())
    await log.append(0, [numbered(0)])
    const refresh = log.refresh.bind(log)
    log.refresh = async partition => {
      const bounds = await refresh(partition)
      broker.pause()
      return bounds
    }
    const startedMs = performance.now()
    const unanswered = { code: 'log_unavailable', retryable: true }
    await assert.rejects(log.countTicks(0, 0, 1), unanswered)
    await assert.rejects(refresh(0), unanswered)
    const stop = new AbortController()
    const joined = joining.join({ onAssigned: () => {}, onRevoked: async () => {} }, stop.signal)
    stop.abort()
    await joined
    assert.ok(performance.now() - startedMs < 100_000)
  })
})
