/**
 * The stations as `deploy/compose.yaml` runs them, with its commands, environment and healthchecks, only that Kafka, the store and
 * S3 have other addresses, and that what is recorded is simulated.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, test } from 'node:test'
import { findGround } from '../support/cluster.ts'
import { House, type Settings } from '../support/house.ts'
import { BUCKET, VERSITY } from '../support/s3.ts'
import { within } from '../support/within.ts'
import { readComposition } from './composition.ts'

type Name = 'record' | 'ingest' | 'archive'

const ground = await findGround({ after })
const skip = ground.skip || (await VERSITY.missing()) || false

test('they come up in order, are well by their healthchecks, answer with the token only, and store', {
  skip,
}, async t => {
  const { services } = readComposition().filled
  const s3 = await VERSITY.start()
  t.after(() => s3.stop())
  const store = ground.server.freshStore()
  const replaced: Record<string, (value: string) => string> = {
    SOURCES: () => 'simulator:BTCUSDT?rate=200',
    LOG: value => `${value.replace('kafka:19092', ground.kafka.hosts)}&topicPrefix=composed-`,
    STORE: () => store,
    ARCHIVE: value => value.replace('s3://tickhouse/', `s3://${BUCKET}/`).replace('http://s3:7070', s3.endpoint),
    LISTEN: () => '127.0.0.1:0',
    METRICS_LISTEN: () => '127.0.0.1:0',
  }
  const settingsOf = (name: Name): Settings =>
    Object.fromEntries(
      Object.entries(services[name]!.environment!)
        .filter(([key]) => key.startsWith('TICKHOUSE_'))
        .map(([key, value]) => [key.slice('TICKHOUSE_'.length), value])
        .map(([key, value]) => [key, replaced[key!]?.(value!) ?? value]),
    )
  const house = new House(t)
  const urls = new Map<Name, string>()
  for (const name of ['record', 'ingest', 'archive'] as const) {
    const part = house.run(name, settingsOf(name))
    const { url } = await part.tells(name === 'ingest' ? 'serving' : 'serving_figures')
    urls.set(name, String(url))
    const [, , ...words] = services[name]!.healthcheck!.test
    const check = words.map(word => word.replace('http://127.0.0.1:8080', String(url)))
    await within(60_000, async () =>
      spawnSync(process.execPath, check).status === 0 ? undefined : `${name} is unwell`,
    )
  }
  const { TOKEN } = settingsOf('ingest')
  const headers = { authorization: `Bearer ${TOKEN}` }
  for (const [name, url] of urls) {
    assert.equal((await fetch(`${url}/metrics`)).status, 403, name)
    const figures = await (await fetch(`${url}/metrics`, { headers })).text()
    assert.match(figures, new RegExp(`^tickhouse_process_memory_bytes\\{.*process="${name}".*\\} \\d`, 'm'))
  }
  await within(60_000, async () => {
    const body = "SELECT count() FROM trades WHERE venue = 'simulator'"
    const answer = await fetch(`${urls.get('ingest')}/api/query?format=TSV`, { method: 'POST', headers, body })
    return Number(await answer.text()) > 0 ? undefined : 'nothing is stored'
  })
})
