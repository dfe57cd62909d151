/** Storing over a network and a server that fail: each fault on its own, then all of them by chance. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseConfig } from '../../../src/config.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  MIXED_BATCH_TICKS_MAX,
  MIXED_OPEN,
  MIXED_REPAIRED,
  MIXED_TRADES,
  makeMixedLog,
} from '../../support/data/mixed-log.ts'
import { report, rounds, Schedule } from '../../support/faults.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades, gapsOf } from '../../support/judges/oracle.ts'
import { openTestServer } from '../../support/servers/clickhouse-server.ts'
import { HTTP_FAULTS, type HttpFault, HttpFaultProxy, type Plan } from '../../support/servers/http-fault-proxy.ts'

/** Soon tired of waiting; on a busy machine a healthy statement may take longer, which is one more fault. */
const IMPATIENT_MS = 3_000
const CALM_MS_MAX = 400_000
const FAULTS: readonly HttpFault[] = Object.values(HTTP_FAULTS)
const INSERTS = /^INSERT INTO (trades|quarantine|epochs)\b/
const TABLES = ['trades', 'quarantine', 'gaps', 'log_identity']
const CONFIG = { ...parseConfig({}, {}), BATCH_TICKS_MAX: MIXED_BATCH_TICKS_MAX, BATCH_AGE_MS_MAX: 10 }

/** A database by three ways: two by way of the proxy, and `direct` around it. */
interface Place {
  log: OpenLog
  proxy: HttpFaultProxy
  patient: Store
  impatient: Store
  direct: Store
}

async function openPlace(t: TestContext): Promise<Place> {
  const server = await openTestServer(t)
  const proxy = await HttpFaultProxy.open(t, server.url)
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-log-'))
  await makeMixedLog(directory)
  const log = await openSqliteLog(directory, 'read')
  const address = server.freshStore()
  const direct = await openStore(address)
  const patient = await openStore(server.storeThrough(address, proxy.url))
  const impatient = await openStore(server.storeThrough(address, proxy.url, IMPATIENT_MS))
  t.after(async () => {
    await Promise.all([log.close(), patient.close(), impatient.close(), direct.close()])
    rmSync(directory, { recursive: true, force: true })
  })
  return { log, proxy, patient, impatient, direct }
}

/** Stores the log by way of the proxy until all of it is stored, and stops. */
async function storeThrough(store: Store, { proxy, log }: Place, events: EventLog): Promise<void> {
  const { promise: drained, resolve } = Promise.withResolvers<void>()
  const storing = new Ingest({
    limits: limitsOf(CONFIG),
    venues: venuesOf(CONFIG),
    log,
    store,
    emit: (name, fields) => {
      events.emit(name, fields)
      setImmediate(look)
    },
  })
  storing.onStored = () => setImmediate(look)
  const look = () => void (storing.drained && resolve())
  storing.start()
  const late = AbortSignal.timeout(CALM_MS_MAX)
  const tooLate = new Promise<never>((_, reject) => late.addEventListener('abort', () => reject(late.reason)))
  await Promise.race([drained, storing.crashed, tooLate])
  proxy.plan = () => undefined
  await storing.stop()
}

/** Stores the log into empty tables while `plan` decides what fails, and checks the outcome. */
async function tryFaults(t: TestContext, place: Place, store: Store, plan: Plan) {
  const { proxy, direct, log } = place
  for (const table of TABLES) await direct.command(`TRUNCATE TABLE ${table}`)
  const events = new EventLog()
  const struck: HttpFault[] = []
  const keep = (fault: HttpFault) => void struck.push(fault)
  proxy.struck.on('fault', keep)
  try {
    proxy.plan = plan
    await storeThrough(store, place, events)
    await proxy.release()
    const [places, trades] = [await checkPositions(direct, log), await compareTrades(direct, 'binance', MIXED_TRADES)]
    assertPositions(places)
    assertTrades(trades)
    assert.deepEqual(await gapsOf(direct, 'binance', 'open'), MIXED_OPEN)
    assert.deepEqual(await gapsOf(direct, 'binance', 'repaired'), MIXED_REPAIRED)
    assert.deepEqual(events.named('audit_failed'), [])
    report(t, `${struck.length} faults`, places, trades)
  } catch (error) {
    const told = events.emitted.map(({ name, fields }) => `${name} ${JSON.stringify(fields)}`)
    t.diagnostic(`${struck.map(({ name }) => name).join('; ')}\n${told.join('\n')}`)
    throw error
  } finally {
    proxy.struck.off('fault', keep)
  }
  return { struck, events }
}

test('every tick is stored once, whatever becomes of an insert and its answer on the way', async t => {
  const place = await openPlace(t)
  for (const fault of FAULTS) {
    await t.test(fault.name, async t => {
      const hit = new Set<string>()
      const waited = fault.answer === 'none'
      const store = waited ? place.impatient : place.patient
      const { struck, events } = await tryFaults(t, place, store, statement => {
        const [, table] = INSERTS.exec(statement) ?? []
        // The first insert into each table; what is tried again passes.
        if (table === undefined || hit.has(table)) return undefined
        hit.add(table)
        return fault
      })
      assert.equal(struck.length, 3)
      const arrived = fault.passes === 'whole' && fault.answer !== 'true'
      const confirmed = events.named('insert_confirmed').length
      // The tables show what had arrived: it is not sent again.
      if (waited) assert.ok(confirmed >= (arrived ? 2 : 0))
      else assert.equal(confirmed, arrived ? 2 : 0)
    })
  }
})

test('every tick is stored once over a network and a server where anything fails by chance', async t => {
  const place = await openPlace(t)
  for (let round = 0; round < rounds(1, 100); round++) {
    await t.test(`round ${round + 1}`, async t => {
      const schedule = new Schedule(t)
      let left = rounds(12, 30)
      await tryFaults(t, place, place.impatient, statement => {
        if (schedule.below(8) === 0) void place.proxy.release()
        if (left === 0 || schedule.below(INSERTS.test(statement) ? 3 : 12) > 0) return undefined
        left--
        return FAULTS[schedule.below(FAULTS.length)]
      })
    })
  }
})
