/** What the chart refuses: by its schema, by its own checks, or by the rules of the other test. */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { VENUES } from '../../../src/venues/index.ts'
import { CHART, helmTemplate, VALUE_SETS } from './chart.ts'
import { withoutHelm } from './helm.ts'
import { violations } from './policy.ts'

const fileOf = (name: string) => VALUE_SETS.find(set => set.name === name)!.file

/** `--set` on the value set `external`, and helm's message. */
const WRONG_VALUES: Record<string, [set: string[], message: RegExp]> = {
  'an unknown value': [['record.replica=2'], /additional propert.*'replica'|replica.*not allowed/i],
  'an unknown value at the top': [['recorder.replicas=2'], /recorder/],
  'text for a number': [['record.replicas=two'], /record\.?\/?replicas.*(integer|number)/is],
  'no recorder': [['record.replicas=0'], /replicas/],
  'another user': [['record.securityContext.runAsUser=0'], /securityContext/],
  'the tag latest': [['image.tag=latest'], /image\.?\/?tag/],
  'a digest that is none': [['image.digest=sha256:12'], /digest/],
  'a password in an address': [['clickhouse.external.url=https://u:p@h/d'], /clickhouse\.?\/?external\.?\/?url/],
  'a secret among the settings': [['settings.TOKEN=abcdefghijklmnopq'], /invalid propertyName 'TOKEN'/],
  'an address among the settings': [['ingest.settings.STORE=http://h'], /invalid propertyName 'STORE'/],
  'an IAM login without a region': [
    ['kafka.external.sasl=aws-msk-iam', 'kafka.external.tls=true'],
    /aws-msk-iam needs/,
  ],
  'a switch that YAML reads as a boolean': [['settings.DIAGNOSTICS=false'], /settings/],
  'no memory limit': [['serve.resources.limits.memory=null'], /memory/],
  'egress to every address': [['networkPolicy.kafka[0].ipBlock.cidr=0.0.0.0/0'], /except/],
  'egress to an empty peer': [['networkPolicy.clickhouse[0].namespaceSelector=null'], /networkPolicy/],
  'brokers without ports': [['kafka.external.brokers=kafka'], /brokers/],
  'no secret': [['secret.name='], /secret\.name is empty.*kubectl create secret generic/s],
  'no brokers': [['kafka.external.brokers='], /kafka\.external\.brokers is empty/],
  'no store': [['clickhouse.external.url='], /clickhouse\.external\.url is empty/],
  'a login without a user': [['kafka.external.sasl=plain'], /kafka\.external\.sasl needs/],
  'certificates without TLS': [['kafka.external.caKey=ca'], /need kafka\.external\.tls/],
  'a certificate without its key': [
    ['kafka.external.tls=true', 'kafka.external.certKey=c'],
    /certKey and keyKey need each other/,
  ],
  'a kind that the cluster does not have: Kafka': [['kafka.mode=strimzi'], /no kind kafka\.strimzi\.io Kafka: install/],
  'a kind that the cluster does not have: ClickHouse': [
    ['clickhouse.mode=altinity'],
    /no kind clickhouse\.altinity\.com\/v1 ClickHouseInstallation: install/,
  ],
  'a kind that the cluster does not have: metrics': [
    ['metrics.rules.enabled=true'],
    /monitoring\.coreos\.com\/v1 PrometheusRule/,
  ],
  'two owners of an embedded store': [['clickhouse.mode=embedded'], /set ingest\.replicas to 1/],
  'an archive in a directory without a volume': [['archive.target=file:data/archive'], /needs a volume/],
  'retention without an archive': [['archive.storeKeepDays=3'], /need archive\.target/],
  'a key that seals nothing': [['archive.sealKey=seal'], /archive\.sealKey needs archive\.target/],
  'mail without a server': [['watch.email=ops@example.org'], /watch\.smtpKey need each other/],
  'an ingress without a host': [['ingress.enabled=true'], /needs ingress\.host/],
}

for (const [what, [set, message]] of Object.entries(WRONG_VALUES)) {
  test(`helm refuses ${what}`, { skip: withoutHelm }, async () => {
    const { error } = await helmTemplate({ values: [fileOf('external')], set })
    assert.match(error ?? 'accepted', message)
  })
}

test('helm refuses two recorders, also during an upgrade, where a venue allows one connection', {
  skip: withoutHelm,
}, async () => {
  const single = VENUES.filter(({ limits }) => limits.connections === 1).map(({ name }) => name)
  assert.ok(single.includes('alpaca'))
  for (const { name } of VENUES) {
    for (const set of [['record.replicas=1'], ['record.replicas=2', 'record.strategy=Recreate']]) {
      const sources = `sources=kraken:BTC/USD ${name}:A`
      const { error } = await helmTemplate({ values: [fileOf('external')], set: [sources, ...set] })
      if (!single.includes(name)) assert.equal(error, undefined)
      else assert.match(error ?? 'accepted', new RegExp(`${name} allows one connection`))
    }
  }
})

test('helm refuses a fraction among the settings', { skip: withoutHelm }, async () => {
  const { error } = await helmTemplate({ values: [fileOf('external')], setJson: ['settings.BATCH_AGE_MS_MAX=99.5'] })
  assert.match(error ?? 'accepted', /settings/)
})

test('helm refuses a replicated ClickHouse without the kind of its keepers', { skip: withoutHelm }, async () => {
  const { error } = await helmTemplate({
    values: [fileOf('altinity')],
    set: ['clickhouse.altinity.replicas=2'],
    apiVersions: ['clickhouse.altinity.com/v1/ClickHouseInstallation'],
  })
  assert.match(error ?? 'accepted', /no kind clickhouse-keeper\.altinity\.com\/v1 ClickHouseKeeperInstallation/)
})

test('helm refuses a Kubernetes older than 1.28', { skip: withoutHelm }, async () => {
  const { error } = await helmTemplate({ values: [fileOf('external')], kubeVersion: '1.27.0' })
  assert.match(error ?? 'accepted', /requires kubeVersion/)
})

/** A fault in a template, and the rule that finds it. */
const FAULTY_TEMPLATES: { file: string; from: string; to: string; rule: RegExp }[] = [
  { file: '_workload.tpl', from: 'runAsUser: 1000', to: 'runAsUser: 0', rule: /runs as root/ },
  { file: '_workload.tpl', from: 'runAsNonRoot: true', to: 'runAsNonRoot: false', rule: /runs as root/ },
  { file: '_workload.tpl', from: 'drop: [ALL]', to: 'drop: []', rule: /keeps capabilities/ },
  {
    file: '_workload.tpl',
    from: 'readOnlyRootFilesystem: true',
    to: 'readOnlyRootFilesystem: false',
    rule: /writes to its image/,
  },
  {
    file: '_workload.tpl',
    from: 'automountServiceAccountToken: false',
    to: 'hostNetwork: true',
    rule: /token of the API server/,
  },
  { file: '_workload.tpl', from: 'enableServiceLinks: false', to: 'hostPID: true', rule: /names of services/ },
  {
    file: '_workload.tpl',
    from: 'seccompProfile: { type: RuntimeDefault }',
    to: 'supplementalGroups: [0]',
    rule: /seccomp/,
  },
  { file: '_workload.tpl', from: 'readinessProbe:', to: 'lifecycle: {}\n          x:', rule: /a missing probe/ },
  { file: '_workload.tpl', from: 'maxUnavailable: 0', to: 'maxUnavailable: 1', rule: /stops before its successor/ },
  { file: '_workload.tpl', from: 'topologySpreadConstraints:', to: 'x:', rule: /not spread over zones/ },
  { file: '_helpers.tpl', from: '"%s:%s%s"', to: '"%s%.0s%.0s"', rule: /image without a version/ },
  { file: 'poddisruptionbudgets.yaml', from: 'gt (int $stage.replicas) 1', to: 'eq $name "watch"', rule: /a budget/ },
  { file: 'networkpolicies.yaml', from: 'port: {{ . }} }', to: 'port: 22 }', rule: /open egress/ },
  { file: 'networkpolicies.yaml', from: 'except: [10.0.0.0/8,', to: 'except: []\n        # [', rule: /open egress/ },
  { file: 'networkpolicies.yaml', from: '[Ingress, Egress]', to: '[Ingress]', rule: /both directions/ },
  { file: 'networkpolicies.yaml', from: 'port: http', to: 'port: 1', rule: /open ingress/ },
]

for (const { file, from, to, rule } of FAULTY_TEMPLATES) {
  test(`the rules find "${to.split('\n')[0]}" in ${file}`, { skip: withoutHelm }, async t => {
    const chart = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-chart-'))
    t.after(() => fs.rmSync(chart, { recursive: true }))
    fs.cpSync(CHART, chart, { recursive: true })
    const template = path.join(chart, 'templates', file)
    const sound = fs.readFileSync(template, 'utf8')
    assert.ok(sound.includes(from), `${file} has no ${from}`)
    fs.writeFileSync(template, sound.replaceAll(from, to))
    const { resources, error } = await helmTemplate({ values: [fileOf('external')], chart })
    assert.equal(error, undefined)
    assert.match(violations(resources).join('\n'), rule)
  })
}
