/**
 * A store filled by an instance: a simulated market recorded and stored by `tickhouse start`, with faults; then
 * archived by the archiver with a later clock, since an hour must be over, audited, and with metrics. Runs of the lab are in it too.
 */
import { generateKeyPairSync } from 'node:crypto'
import { Archiver } from '../../../src/archive/archiver.ts'
import { measureArchive } from '../../../src/archive/metrics.ts'
import { openTarget } from '../../../src/archive/targets/open.ts'
import { SYSTEM_CLOCK } from '../../../src/clock.ts'
import { cosign, parseRequest, witnessText } from '../../../src/proof/cosignature.ts'
import { parseNote } from '../../../src/proof/note.ts'
import { LocalIngest } from '../../../src/status/local-ingest.ts'
import { measureStages, toUptimeSample } from '../../../src/status/metrics.ts'
import { StatusReport } from '../../../src/status/report.ts'
import { TelemetryWriter } from '../../../src/status/telemetry-writer.ts'
import { within } from '../judges/within.ts'
import { type Owner, TestInstance, WAIT_MS_MAX } from '../processes/tickhouse.ts'
import { labRows } from './lab-rows.ts'
import { KnownMarket } from './market.ts'
import { storeAll } from './storing.ts'

const SYMBOLS = ['BTCUSDT', 'ETHUSDT', 'SOLUSDT']
const HOUR_MS = 3_600_000

/** Rows that must be in the tables before the instance stops. */
const TOLD_ENOUGH = `SELECT
  (SELECT uniqExact(at) FROM metrics WHERE name = 'source_latency_seconds') >= 3
  AND (SELECT count() FROM metrics WHERE name = 'process_event_loop_delay_seconds') > 0
  AND (SELECT max(value) FROM metrics WHERE name = 'source_reconnects_total') > 0
  AND (SELECT count() FROM metrics WHERE name = 'source_repaired_trades_total' AND value > 0) > 0
  AND (SELECT count() FROM uptime) >= 2
  AND (SELECT count() FROM events WHERE level = 'warn') > 0
  AND (SELECT count() FROM gaps) > 0
  AND (SELECT uniqExact(reason) FROM quarantine) >= 2 AS enough`

/** Records for about half a minute. The store's address is returned; no process has it open. */
export async function fillStore(owner: Owner): Promise<string> {
  await using market = await KnownMarket.start({ symbols: SYMBOLS, seed: 7, ratePerSecond: 400 })
  const instance = new TestInstance(owner, { ...market.settings, SIMULATOR_REST: market.exchange.restUrl })
  const start = instance.run('start')
  const url = await start.url()
  await start.waitFor('connection_opened')
  market.run()
  await within(WAIT_MS_MAX, () => answersTrue(url, 'SELECT count() > 1000 AS enough FROM trades'))
  market.exchange.control('drop', { trades: 3 })
  market.exchange.control('repeat', { trades: 5 })
  market.exchange.control('malformed', { frames: 2 })
  market.exchange.control('cut', {})
  await within(WAIT_MS_MAX, () => answersTrue(url, TOLD_ENOUGH))
  await start.end('SIGTERM')
  await proveAndMeasure(instance)
  return `chdb:${instance.directory}/data/store`
}

async function proveAndMeasure(instance: TestInstance): Promise<void> {
  const [log, store] = [await instance.log('write'), await instance.store()]
  const storing = await storeAll(log, store)
  const archiver = new Archiver({
    store,
    log,
    target: await openTarget(`file:${instance.directory}/data/archive`, 'unused'),
    segmentLength: 'hour',
    retention: { logHours: undefined, storeDays: undefined },
    seal: { keyFile: `${instance.directory}/data/seal-key.pem`, idKinds: new Map([['binance', 'dense']]) },
    diskFreeBytesMin: 0,
    emit: () => {},
    clock: { ...SYSTEM_CLOCK, nowMicros: () => SYSTEM_CLOCK.nowMicros() + 2 * HOUR_MS * 1000 },
  })
  await archiver.round()
  await cosigned(archiver)
  for (const [table, rows] of labRows(Date.now())) await store.insertRows(table, rows)
  const report = new StatusReport({
    log,
    store,
    ingest: new LocalIngest(storing, log),
    archive: () => archiver.metrics,
  })
  const measure = async () => [
    ...measureStages(await report.report(), storing.audits),
    ...measureArchive(archiver.metrics),
  ]
  const diagnostics = new TelemetryWriter({
    store,
    clock: SYSTEM_CLOCK,
    emit: () => {},
    instance: 'after',
    telemetrySources: () => [{ process: 'ingest', instance: 'after', lines: [], measure }],
    uptimeSample: async () => toUptimeSample(await report.report()),
    keepDays: 30,
  })
  diagnostics.start()
  await diagnostics.stop()
  await store.close()
  await log.close()
}

/** Cosigns the newest checkpoint, as `tickhouse watch` does. */
async function cosigned({ cosigning }: Archiver): Promise<void> {
  const { request } = (await cosigning!.request(0))!
  const { note } = parseRequest(request)!
  const witness = { name: 'watch.test', key: generateKeyPairSync('ed25519').privateKey }
  const line = cosign(parseNote(note)!.text, witness, Math.floor(Date.now() / 1000))
  const why = await cosigning!.accept(witnessText(witness), note + line)
  if (why !== null) throw new Error(why)
}

async function answersTrue(url: string, query: string): Promise<string | undefined> {
  const response = await fetch(`${url}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
  const text = await response.text()
  if (!response.ok) throw new Error(`${query}: ${text}`)
  return (JSON.parse(text) as { enough: number | boolean }).enough ? undefined : `not yet: ${query}`
}
