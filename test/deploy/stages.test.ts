/**
 * The stages as `deploy/compose.yaml` runs them, over its Kafka, with its commands, environment and healthchecks; only
 * the store and S3 are the tests' own, addresses are of this machine, and what is recorded is simulated.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { openLog } from '../../src/log/open.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { type Settings, TestInstance } from '../support/processes/tickhouse.ts'
import { openTestServer } from '../support/servers/clickhouse-server.ts'
import { kafkaMissing } from '../support/servers/kafka/jars.ts'
import { BUCKET, VERSITY } from '../support/servers/s3.ts'
import { startComposedKafka } from './composed-kafka.ts'
import { readComposition } from './composition.ts'

const STATIONS = ['record', 'ingest', 'serve', 'archive', 'watch'] as const
const skip = (await kafkaMissing()) ?? (await VERSITY.missing()) ?? false

test('they come up in order, are well by their healthchecks, answer with the token only, store, show and watch', {
  skip,
}, async t => {
  const { services } = readComposition().filled
  const kafka = await startComposedKafka(t, services.kafka!)
  const s3 = await VERSITY.start()
  t.after(() => s3.stop())
  const store = (await openTestServer(t)).freshStore()
  const urls = new Map<string, string>()
  const here = (value: string) => value.replace(/http:\/\/(\w+):8080/g, (_, name: string) => urls.get(name)!)
  const replaced: Record<string, (value: string) => string> = {
    SOURCES: () => 'simulator:BTCUSDT?rate=200',
    LOG: value => value.replace('kafka:19092', kafka.inside),
    STORE: () => store,
    ARCHIVE: value => value.replace('s3://tickhouse/', `s3://${BUCKET}/`).replace('http://s3:7070', s3.endpoint),
    LISTEN: () => '127.0.0.1:0',
    METRICS_LISTEN: () => '127.0.0.1:0',
    WATCH_URL: here,
    WATCH_HEALTH_URLS: here,
  }
  const settingsOf = (name: string): Settings =>
    Object.fromEntries(
      Object.entries(services[name]!.environment!)
        .filter(([key]) => key.startsWith('TICKHOUSE_'))
        .map(([key, value]) => [key.slice('TICKHOUSE_'.length), value])
        .map(([key, value]) => [key, replaced[key!]?.(value!) ?? value]),
    )
  /** Runs the healthcheck of a service, with an address of this machine in it. */
  const well = (name: string, from: string, to: string) => {
    const [, command, ...words] = services[name]!.healthcheck!.test
    const program = command === 'node' ? process.execPath : command!
    return within(WAIT_MS_MAX, async () =>
      spawnSync(
        program,
        words.map(word => word.replace(from, to)),
      ).status === 0
        ? undefined
        : `${name} is unwell`,
    )
  }

  await well('kafka', '127.0.0.1/19092', kafka.inside.replace(':', '/'))
  const instance = new TestInstance(t)
  for (const name of STATIONS) {
    const part = instance.run(name, settingsOf(name))
    const url = String((await part.waitFor(['ingest', 'serve'].includes(name) ? 'serving' : 'serving_figures')).url)
    urls.set(name, url)
    await well(name, 'http://127.0.0.1:8080', url)
  }

  const headers = { authorization: `Bearer ${settingsOf('ingest').TOKEN}` }
  for (const [name, url] of urls) {
    assert.equal((await fetch(`${url}/metrics`)).status, 403, name)
    const metrics = await (await fetch(`${url}/metrics`, { headers })).text()
    assert.match(metrics, new RegExp(`^tickhouse_process_memory_bytes\\{.*process="${name}".*\\} \\d`, 'm'))
  }
  await within(WAIT_MS_MAX, async () => {
    const body = "SELECT count() FROM trades WHERE venue = 'simulator'"
    const answer = await fetch(`${urls.get('serve')}/api/query?format=TSV`, { method: 'POST', headers, body })
    return Number(await answer.text()) > 0 ? undefined : 'nothing is stored'
  })
  await within(WAIT_MS_MAX, async () => {
    const metrics = await (await fetch(`${urls.get('watch')}/metrics`, { headers })).text()
    return /^tickhouse_watch_house_well\b.* 1$/m.test(metrics)
      ? undefined
      : 'the watcher does not report the instance as healthy'
  })
  const fromOutside = await openLog(`kafka://${kafka.outside}`, 'write')
  assert.ok(fromOutside.partitions > 0, 'a producer on this machine reaches the same topics')
  await fromOutside.close()
})
