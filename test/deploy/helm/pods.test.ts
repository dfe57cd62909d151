/**
 * The chart's pods as processes, with their arguments, environment, secrets and probes; only paths and addresses are of
 * this machine, and what is recorded is simulated.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { WAIT_MS_MAX, within } from '../../support/judges/within.ts'
import { type Settings, TestInstance } from '../../support/processes/tickhouse.ts'
import { openTestServer } from '../../support/servers/clickhouse-server.ts'
import { kafkaMissing } from '../../support/servers/kafka/jars.ts'
import { startComposedKafka } from '../composed-kafka.ts'
import { ROOT, readComposition } from '../composition.ts'
import { helmTemplate, type Resource, VALUE_SETS } from './chart.ts'
import { withoutHelm } from './helm.ts'
import { podOf } from './policy.ts'

const run = promisify(execFile)
const TOKEN = 'a token of enough letters'
const withoutKafka = (await kafkaMissing()) ?? false

test('the pod of mode embedded starts, passes its probes, and helm test agrees', {
  skip: withoutHelm,
  timeout: 600_000,
}, async t => {
  const instance = new TestInstance(t)
  const pods = await podsOf('embedded', writeSecrets(instance, { token: TOKEN }))
  const start = instance.run('start', pods.settings('start'))
  const { url } = await start.waitFor('serving')
  await pods.probed('start', String(url))
  assert.match(await pods.doctor(instance, String(url)), /Log and store agree\./)
  assert.deepEqual(await start.end('SIGTERM'), { code: 0, signal: null })
})

test('record and ingest on Kafka and ClickHouse start, pass their probes, and the doctor of helm test agrees', {
  skip: withoutHelm || withoutKafka,
  timeout: 600_000,
}, async t => {
  const instance = new TestInstance(t)
  const kafka = await startComposedKafka(t, readComposition().filled.services.kafka!)
  const server = new URL((await openTestServer(t)).freshStore())
  const secrets = writeSecrets(instance, { token: TOKEN, 'clickhouse-password': server.password })
  const pods = await podsOf('external', secrets, {
    LOG: value => value.replace(/kafka:\/\/[^?]*/, `kafka://${kafka.inside}`),
    STORE: value => value.replace(/\/\/.*\?/, `//${server.username}@${server.host}${server.pathname}?`),
  })
  const record = instance.run('record', pods.settings('record'))
  await pods.probed('record', String((await record.waitFor('serving_figures')).url))
  const { url } = await instance.run('ingest', pods.settings('ingest')).waitFor('serving')
  await pods.probed('ingest', String(url))
  assert.match(await pods.doctor(instance, String(url)), /Log and store agree\./)
})

/** Writes a Secret as it is mounted. The directory. */
function writeSecrets({ directory }: TestInstance, secrets: Record<string, string>): string {
  const mounted = path.join(directory, 'secrets')
  fs.mkdirSync(mounted)
  for (const [key, content] of Object.entries(secrets)) fs.writeFileSync(path.join(mounted, key), `${content}\n`)
  return mounted
}

/** The pods of a value set, with the secrets of a directory. `here` replaces the values of settings. */
async function podsOf(set: string, secrets: string, here: Record<string, (value: string) => string> = {}) {
  const { file } = VALUE_SETS.find(({ name }) => name === set)!
  const { resources, error } = await helmTemplate({ values: [file], set: ['sources=simulator:BTCUSDT?rate=200'] })
  assert.equal(error, undefined)
  const containers = new Map(
    resources.filter(podOf).map((one: Resource) => {
      const [container] = podOf(one)!.spec.containers
      return [container.name, container]
    }),
  )
  const settings = (name: string): Settings =>
    Object.fromEntries(
      containers.get(name)!.env.map(({ name: key, value }: { name: string; value: string }) => {
        const setting = key.replace('TICKHOUSE_', '')
        const moved = value.replaceAll('/run/secrets/tickhouse', secrets).replace('0.0.0.0:8080', '127.0.0.1:0')
        return [setting, here[setting]?.(moved) ?? moved]
      }),
    )
  return {
    settings,
    /** Resolves when each probe of a container has passed. */
    probed: async (name: string, url: string) => {
      for (const kind of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
        const target = containers.get(name)![kind].httpGet.path
        await within(WAIT_MS_MAX, async () => {
          const answer = await fetch(url + target).catch(() => undefined)
          return answer?.ok ? undefined : `${kind} of ${name}: ${answer?.status}`
        })
      }
    },
    /** What the pod of `helm test` prints. */
    doctor: async ({ directory }: TestInstance, url: string) => {
      const own = { ...settings('doctor'), LISTEN: new URL(url).host }
      const env = Object.fromEntries(Object.entries(own).map(([key, value]) => [`TICKHOUSE_${key}`, value]))
      const words = [path.join(ROOT, 'src/cli.ts'), ...containers.get('doctor')!.args]
      const { stdout } = await run(process.execPath, words, {
        cwd: directory,
        env: { PATH: process.env.PATH!, ...env },
      })
      return stdout
    },
  }
}
