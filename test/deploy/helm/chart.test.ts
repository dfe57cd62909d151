/** The Helm chart: value sets rendered by helm, and checked against the schemas of Kubernetes and operators. */
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { CHART_FILES, chartFiles, DASHBOARDS, RULES_FILE } from '../../../dashboards/index.ts'
import { parseS3Address } from '../../../src/archive/targets/s3/address.ts'
import { parseConfig, SECRETS_IN_FILES } from '../../../src/config.ts'
import { withSecretFiles } from '../../../src/environment.ts'
import { parseKafkaAddress } from '../../../src/log/kafka/address.ts'
import { parseStoreAddress } from '../../../src/store/address.ts'
import { VENUES } from '../../../src/venues/index.ts'
import { VERSION } from '../../../src/version.ts'
import { pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { ROOT, readComposition, stagesOf } from '../composition.ts'
import { CHART, helmTemplate, type Resource, resourcesOf, VALUE_SETS } from './chart.ts'
import { helmPath, withoutHelm } from './helm.ts'
import { nameOf, podOf, violations } from './policy.ts'

const OLDEST = '1.28'
const VERSIONS = Array.from({ length: 10 }, (_, index) => `1.${28 + index}`)
const SECRETS = '/run/secrets/tickhouse'
const CRDS = fileURLToPath(new URL('crds', import.meta.url))
const FETCH_MS_MAX = 540_000
const run = promisify(execFile)
const withoutPython = (process.env.CI !== 'true' && (await pythonMissing())) || false
const definitions = fs.readdirSync(CRDS).map(file => JSON.parse(fs.readFileSync(path.join(CRDS, file), 'utf8')))
const read = (file: string) => fs.readFileSync(path.join(CHART, file), 'utf8')

/** What helm prints for each value set. */
const rendered = new Map<string, Resource[]>()

before(async () => {
  if (withoutHelm) return
  for (const set of VALUE_SETS) rendered.set(set.name, await resourcesOf(set))
})

const all = () => [...rendered.values()].flat()
const find = (set: string, kind: string, name?: string) =>
  rendered.get(set)!.filter(one => one.kind === kind && (name === undefined || one.metadata.name === name))

test('the version of the chart is the version of the program, and its files are printed by npm run dashboards', () => {
  const { version, appVersion } = parse(read('Chart.yaml'))
  assert.deepEqual([version, appVersion], [VERSION, VERSION])
  for (const [file, content] of Object.entries(chartFiles()))
    assert.equal(fs.readFileSync(new URL(file, CHART_FILES), 'utf8'), content, `${file}: npm run dashboards`)
})

test('every venue is reached by the ports that the network policies allow', () => {
  const { networkPolicy } = parse(read('values.yaml'), { merge: true })
  for (const { name, ws } of VENUES.filter(venue => venue.ws.startsWith('wss:')))
    assert.ok(networkPolicy.venuePorts.includes(Number(new URL(ws).port || 443)), name)
})

test(`each of a dozen value sets is valid for Kubernetes ${OLDEST} to the newest, and for the operators it uses`, {
  skip: withoutHelm || withoutPython,
  timeout: FETCH_MS_MAX,
}, async () => {
  assert.ok(rendered.size >= 12)
  const used = new Set(all().map(({ kind }) => kind))
  for (const { kind } of definitions) assert.ok(used.has(kind), `no value set has a ${kind}`)
  const different = new Map(all().map(one => [JSON.stringify(one), one]))
  const { newest, faults } = await validate([...different.values()], definitions)
  assert.deepEqual(faults, [])
  assert.equal(newest, VERSIONS.at(-1), 'the newest Kubernetes that kubernetes-validate knows')
})

test('text for a number and unknown fields are found, in resources of Kubernetes and of operators', {
  skip: withoutHelm || withoutPython,
  timeout: FETCH_MS_MAX,
}, async () => {
  const [deployment, kafka] = ['Deployment', 'KafkaNodePool'].map(kind =>
    structuredClone(find('operators', kind)[0]!),
  ) as [Resource, Resource]
  deployment.spec.replicas = 'two'
  deployment.spec.template.spec.containers[0].readyProbe = {}
  kafka.spec.replicas = 'three'
  kafka.spec.disks = []
  const faults = (await validate([deployment, kafka], definitions)).faults.join('\n')
  for (const version of VERSIONS) assert.match(faults, new RegExp(`^Deployment .*: Kubernetes ${version}:`, 'm'))
  assert.match(faults, /^KafkaNodePool .*'three' is not of type 'integer'/m)
  assert.match(faults, /^KafkaNodePool .*'disks' was unexpected/m)
})

test('helm prints the same for the oldest Kubernetes', { skip: withoutHelm }, async () => {
  const set = VALUE_SETS.find(({ name }) => name === 'operators')!
  assert.deepEqual(await resourcesOf(set, '1.28.0'), rendered.get('operators'))
})

test('helm lint finds nothing', { skip: withoutHelm }, async () => {
  const values = VALUE_SETS.find(({ name }) => name === 'external')!.file
  const { stdout } = await run(await helmPath(), ['lint', '--strict', CHART, '--values', values])
  assert.match(stdout, /1 chart\(s\) linted, 0 chart\(s\) failed/)
})

test('the chart of a release has the same bytes each time, and is the same chart', { skip: withoutHelm }, async t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-chart-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const chart = path.join(directory, `helm-tickhouse-${VERSION}.tgz`)
  const pack = async () => {
    await run(path.join(ROOT, 'deploy/release/chart.sh'), [directory])
    return fs.readFileSync(chart)
  }
  assert.deepEqual(await pack(), await pack())
  const { file, apiVersions } = VALUE_SETS.find(({ name }) => name === 'operators')!
  const { resources, error } = await helmTemplate({ values: [file], apiVersions, chart })
  assert.equal(error, undefined)
  assert.deepEqual(resources, rendered.get('operators'))
})

test('no pod and no network policy breaks a rule', { skip: withoutHelm }, () => {
  for (const [name, resources] of rendered) assert.deepEqual(violations(resources), [], name)
})

test('the stages are those of the composition; in one pod, start', { skip: withoutHelm }, () => {
  const composed = stagesOf(readComposition().filled).map(([name]) => name)
  assert.deepEqual(stagesIn('external-secured').sort(), composed.sort())
  assert.deepEqual(stagesIn('embedded').sort(), ['start', 'watch'])
  assert.deepEqual(stagesIn('embedded-s3'), ['start'])
  assert.deepEqual(stagesIn('kafka-embedded-store').sort(), ['ingest', 'record', 'watch'])
})

test('each stage accepts its settings and addresses, and has exactly the secrets that they name', {
  skip: withoutHelm,
}, () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-chart-'))
  try {
    for (const [set, resources] of rendered) {
      for (const resource of resources.filter(one => podOf(one))) {
        const { spec } = podOf(resource)!
        const environment = environmentOf(resource)
        const inTest = Object.entries(environment).map(([key, value]) => [
          key,
          SECRETS_IN_FILES.some(name => key === `${name}_FILE`) ? fileFor(directory, key) : value,
        ])
        const config = parseConfig({}, withSecretFiles(Object.fromEntries(inTest), SECRETS_IN_FILES))
        const [container] = spec.containers
        const what = `${set}: ${nameOf(resource)}`
        assert.ok(config.TOKEN, what)
        if (resource.kind !== 'Pod') {
          const page = ['start', 'ingest', 'serve'].includes(container.name)
          assert.equal(page ? config.LISTEN : config.METRICS_LISTEN, '0.0.0.0:8080', what)
        }
        if (config.LOG.startsWith('kafka:')) parseKafkaAddress(config.LOG)
        parseStoreAddress(config.STORE)
        if (config.ARCHIVE.startsWith('s3:')) parseS3Address(config.ARCHIVE)
        const named = JSON.stringify(environment).matchAll(/\/run\/secrets\/tickhouse\/([\w.-]+)/g)
        const volume = spec.volumes.find(({ name }: { name: string }) => name === 'secrets')
        const mounted = volume.projected.sources.flatMap(({ secret }: { secret: { items: { path: string }[] } }) =>
          secret.items.map(item => item.path),
        )
        assert.deepEqual(mounted.sort(), [...new Set([...named].map(([, name]) => name!))].sort(), what)
        const mount = container.volumeMounts.find(({ name }: { name: string }) => name === 'secrets')
        assert.deepEqual([mount.mountPath, mount.readOnly], [SECRETS, true], what)
      }
    }
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
})

test('only the stage that archives gets the key that seals, from the Secret; without one it seals only on a volume', {
  skip: withoutHelm,
}, () => {
  const sealing = [...rendered].map(([set, resources]) => {
    const stages = resources.filter(one => podOf(one) && one.kind !== 'Pod')
    const found = stages.flatMap(one => {
      const { TICKHOUSE_SEAL_KEY: off, TICKHOUSE_SEAL_PRIVATE_KEY_FILE: file } = environmentOf(one)
      const mounted = JSON.stringify(podOf(one)!.spec.volumes).includes('"path":"seal-key"')
      assert.equal(mounted, file !== undefined, `${set}: ${nameOf(one)}`)
      return off || file ? [`${podOf(one)!.spec.containers[0].name}: ${file ?? off}`] : []
    })
    return [set, found.join()]
  })
  const from = Object.fromEntries(sealing.filter(([, found]) => found))
  assert.equal(from['external-secured'], `archive: ${SECRETS}/seal-key`)
  assert.equal(from['embedded-s3'], `start: ${SECRETS}/seal-key`)
  assert.equal(from.msk, 'archive: off')
  assert.equal(from.embedded, undefined)
})

test('addresses are put together from values, with passwords as files', { skip: withoutHelm }, () => {
  const { TICKHOUSE_LOG: log } = environmentOf(find('external-secured', 'Deployment', 'ticks-tickhouse-record')[0]!)
  const kafka = parseKafkaAddress(log!)
  assert.deepEqual(kafka.brokers, ['b-1.msk.example:9096', 'b-2.msk.example:9096'])
  assert.deepEqual(kafka.tls, {
    ca: `${SECRETS}/kafka-ca.crt`,
    cert: `${SECRETS}/kafka-client.crt`,
    key: `${SECRETS}/kafka-client.key`,
  })
  assert.deepEqual(kafka.credentials, {
    mechanism: 'SCRAM-SHA-512',
    user: 'tick writer',
    password: { file: `${SECRETS}/kafka-password` },
  })
  assert.match(log!, /&topicPrefix=market\.&partitions=24&replication=3&group=market-ticks$/)
  const ingest = environmentOf(find('external-secured', 'Deployment', 'ticks-tickhouse-ingest')[0]!)
  assert.equal(
    ingest.TICKHOUSE_STORE,
    `https://ticks@ch.example/market?cluster=main&passwordFile=${SECRETS}/clickhouse-password`,
  )
  const msk = environmentOf(find('msk', 'Deployment', 'ticks-tickhouse-record')[0]!)
  assert.deepEqual(parseKafkaAddress(msk.TICKHOUSE_LOG!).credentials, {
    mechanism: 'OAUTHBEARER',
    token: { mskRegion: 'eu-west-1' },
  })
  const large = environmentOf(find('equities', 'Deployment', 'ticks-tickhouse-ingest')[0]!)
  assert.equal(large.TICKHOUSE_BATCH_TICKS_MAX, '1000000')
  const operated = environmentOf(find('operators', 'Deployment', 'ticks-tickhouse-ingest')[0]!)
  assert.match(
    operated.TICKHOUSE_LOG!,
    /^kafka:\/\/ticks-tickhouse-kafka-bootstrap:9093\?tls=1&.*&user=ticks-tickhouse-client&/,
  )
  assert.match(
    operated.TICKHOUSE_STORE!,
    /^http:\/\/tickhouse@clickhouse-ticks-tickhouse:8123\/tickhouse\?cluster=tickhouse&/,
  )
})

test('stages without the ClickHouse engine run the slim image, by tag or by digest', { skip: withoutHelm }, () => {
  const imagesOf = (set: string) =>
    Object.fromEntries(
      rendered
        .get(set)!
        .filter(one => podOf(one) && one.kind !== 'Pod')
        .map(one => [podOf(one)!.spec.containers[0].name, podOf(one)!.spec.containers[0].image]),
    )
  assert.equal(imagesOf('embedded').start, `tickhouse:${VERSION}`)
  assert.equal(imagesOf('external').ingest, `tickhouse:${VERSION}-slim`)
  assert.equal(imagesOf('msk').archive, `tickhouse:${VERSION}`, 'it reads back what it writes')
  const { ingest, record } = imagesOf('kafka-embedded-store')
  assert.deepEqual([ingest, record], [`tickhouse:${VERSION}`, `tickhouse:${VERSION}-slim`])
  assert.match(imagesOf('placed').record, /^registry\.example\.org:5000\/market\/tickhouse@sha256:0+2$/)
})

test('a recorder starts before its predecessor ends, and the two have time to hand over', { skip: withoutHelm }, () => {
  for (const set of ['external', 'strimzi-one-broker', 'placed']) {
    const record = rendered.get(set)!.find(one => podOf(one)?.spec.containers[0].name === 'record')!
    assert.deepEqual(record.spec.strategy, { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } })
    // docs/upgrade.md
    const handover = Number(environmentOf(record).TICKHOUSE_HANDOVER_SECONDS)
    assert.ok(handover >= 20 && podOf(record)!.spec.terminationGracePeriodSeconds >= handover + 10)
  }
})

test('alert rules and dashboards are those of the program', { skip: withoutHelm }, () => {
  for (const set of ['operators', 'monitoring']) {
    const [rules] = find(set, 'PrometheusRule')
    assert.deepEqual(rules!.spec, parse(fs.readFileSync(RULES_FILE, 'utf8')))
    const boards = find(set, 'ConfigMap').flatMap(({ data }) => Object.entries(data!))
    assert.deepEqual(
      Object.fromEntries(boards.map(([file, content]) => [file, JSON.parse(content)])),
      Object.fromEntries(Object.entries(DASHBOARDS).map(([file, make]) => [file, JSON.parse(JSON.stringify(make()))])),
    )
  }
})

test('Prometheus finds each stage once, with the token', { skip: withoutHelm }, () => {
  const [monitor] = find('operators', 'ServiceMonitor')
  const { matchLabels, matchExpressions } = monitor!.spec.selector
  const found = find('operators', 'Service').filter(
    ({ metadata }) =>
      Object.entries(matchLabels).every(([key, value]) => metadata.labels![key] === value) &&
      matchExpressions.every(({ key }: { key: string }) => metadata.labels![key] !== undefined),
  )
  assert.deepEqual(
    found.map(({ metadata }) => metadata.labels!['app.kubernetes.io/component']).sort(),
    stagesIn('operators').sort(),
  )
  assert.deepEqual(monitor!.spec.endpoints[0].authorization.credentials, { name: 'tickhouse', key: 'token' })
})

test('users of ClickHouse and Kafka have the rights that the docs name and no more', { skip: withoutHelm }, () => {
  const page = fs.readFileSync(path.join(ROOT, 'docs/clickhouse-server.md'), 'utf8')
  const documented = [...page.matchAll(/^(GRANT .*) TO ticks;/gm)]
    .map(([, grant]) => grant!.replace('market.*', 'tickhouse.*'))
    .filter(grant => !grant.includes('TEMPORARY'))
  const grantsOf = (set: string) =>
    find(set, 'ClickHouseInstallation')[0]!.spec.configuration.users['tickhouse/grants/query']
  assert.deepEqual(grantsOf('operators'), documented)
  assert.deepEqual(
    grantsOf('altinity'),
    documented.filter(grant => !grant.includes('CLUSTER')),
  )
  const [{ spec }] = find('strimzi', 'KafkaUser') as [Resource]
  assert.deepEqual(
    spec.authorization.acls.map((acl: { resource: { type: string; name?: string }; operations: string[] }) => [
      acl.resource.type,
      acl.resource.name,
      ...acl.operations,
    ]),
    [
      ['topic', 'market.', 'Describe', 'DescribeConfigs', 'Read', 'Write', 'Create', 'Delete'],
      ['group', 'market.tickhouse', 'Read'],
      ['cluster', undefined, 'Describe'],
    ],
  )
})

test('an uninstall keeps the log and the tables', { skip: withoutHelm }, () => {
  for (const kind of ['Kafka', 'KafkaNodePool', 'ClickHouseInstallation', 'ClickHouseKeeperInstallation'])
    for (const { metadata } of all().filter(one => one.kind === kind))
      assert.equal(metadata.annotations!['helm.sh/resource-policy'], 'keep', kind)
})

test('the examples of docs/kubernetes.md are accepted', { skip: withoutHelm }, async () => {
  const page = fs.readFileSync(path.join(ROOT, 'docs/kubernetes.md'), 'utf8')
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-values-'))
  try {
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, example]) => example!)
    assert.equal(examples.length, 3)
    for (const example of examples) {
      const values = path.join(directory, 'values.yaml')
      fs.writeFileSync(values, example)
      const { apiVersions } = VALUE_SETS.find(({ name }) => name === 'operators')!
      const { resources, error } = await helmTemplate({ values: [values], apiVersions })
      assert.equal(error, undefined, example)
      assert.deepEqual(violations(resources), [])
    }
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
})

test('helm test lets the page answer whether every tick is stored once', { skip: withoutHelm }, () => {
  for (const resources of rendered.values()) {
    const [pod] = resources.filter(({ kind }) => kind === 'Pod')
    assert.equal(pod!.metadata.annotations!['helm.sh/hook'], 'test')
    assert.deepEqual(pod!.spec.containers[0].args, ['doctor'])
    const [name, port] = environmentOf(pod!).TICKHOUSE_LISTEN!.split(':')
    const page = resources.find(one => one.kind === 'Service' && one.metadata.name === name)!
    assert.equal(page.spec.ports[0].port, Number(port))
  }
})

function stagesIn(set: string): string[] {
  const workloads = rendered.get(set)!.filter(one => one.kind !== 'Pod' && podOf(one))
  return workloads.map(one => podOf(one)!.spec.containers[0].name)
}

function environmentOf(resource: Resource): Record<string, string> {
  const { env } = podOf(resource)!.spec.containers[0]
  for (const { name, value } of env) assert.equal(typeof value, 'string', name)
  return Object.fromEntries(env.map(({ name, value }: { name: string; value: string }) => [name, value]))
}

/** A secret that its setting accepts. */
function fileFor(directory: string, key: string): string {
  const content = key.includes('SMTP') ? 'smtps://user:password@mail.example:465' : 'https://example.org/0123456789'
  const file = path.join(directory, key)
  fs.writeFileSync(file, `${content}\n`)
  return file
}

/** The faults that kubernetes-validate and the definitions find in resources. */
async function validate(resources: readonly Resource[], definitions: readonly object[]) {
  const python = await pythonWith('kubernetes-validate==1.37.0')
  const child = spawn(python.command, [fileURLToPath(new URL('validate.py', import.meta.url))], {
    env: { ...process.env, PYTHONPATH: python.path, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(JSON.stringify({ versions: VERSIONS, resources, definitions }))
  const lines = (await text(child.stdout)).split('\n').filter(Boolean)
  const [{ newest }, ...faults] = lines.map(line => JSON.parse(line)) as [{ newest: string }, ...{ fault: string }[]]
  return { newest, faults: faults.map(({ fault }) => fault) }
}
