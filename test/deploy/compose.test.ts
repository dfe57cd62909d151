import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { parseS3Address } from '../../src/archive/targets/s3/address.ts'
import { parseConfig } from '../../src/config.ts'
import { parseKafkaAddress } from '../../src/log/kafka/address.ts'
import { parseStoreAddress } from '../../src/store/address.ts'
import { VERSION } from '../../src/version.ts'
import { DEPLOY, ROOT, readComposition, stagesOf } from './composition.ts'

const { written, filled, unknown } = readComposition()
const services = Object.entries(filled.services)
const stages = stagesOf(filled)

const PINNED = /^[\w./-]+:v?\d+\.\d+[\w.-]*@sha256:[0-9a-f]{64}$/

test('every service has a healthcheck, restarts, limits, a stop timeout and log rotation', () => {
  for (const [name, service] of services) {
    assert.ok(
      service.healthcheck && ['CMD', 'CMD-SHELL'].includes(service.healthcheck.test[0]!),
      `${name}: healthcheck`,
    )
    assert.ok(
      service.healthcheck.test.every(word => typeof word === 'string'),
      `${name}: a healthcheck of words`,
    )
    assert.ok(service.healthcheck.start_period, `${name}: start_period`)
    assert.equal(service.restart, 'unless-stopped', name)
    assert.match(String(service.mem_limit), /^\d+[mg]$/, name)
    // More than the machine has is refused by the daemon.
    assert.ok((service.cpus ?? 1) <= 1, `${name}: cpus`)
    assert.match(service.stop_grace_period!, /^\d+s$/, name)
    assert.ok(service.logging?.options['max-size'] && service.logging.options['max-file'], `${name}: logging`)
    assert.deepEqual(service.security_opt, ['no-new-privileges:true'], name)
  }
  assert.ok(filled.services.clickhouse!.ulimits!.nofile! >= 262_144)
})

test('one service builds the image that all stages run', () => {
  assert.deepEqual(
    services.filter(([, { build }]) => build).map(([name]) => name),
    ['record'],
  )
  assert.ok(stages.length === 5)
})

test('every image is pinned to a version and a digest, and ours to this version, with the engine that the archiver needs', () => {
  const ours = new Set(stages.map(([name]) => name))
  for (const [name, { image }] of services)
    assert.match(image, ours.has(name) ? new RegExp(`^tickhouse:${VERSION}$`) : PINNED, name)
  const dockerfile = fs.readFileSync(path.join(DEPLOY, 'Dockerfile'), 'utf8')
  for (const [, image] of dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+)/gm))
    assert.match(image!, /^(packages|program|node:24\.\d+\.\d+-bookworm-slim@sha256:[0-9a-f]{64})$/)
})

test('nothing is published beyond this machine, and what has no password cannot be', () => {
  for (const [name, { ports = [] }] of services)
    for (const port of ports) assert.match(port, /^127\.0\.0\.1:\d+:\d+$/, name)
  const asked = Object.entries(written.services).filter(([, { ports = [] }]) => ports.some(port => port.includes('$')))
  assert.deepEqual(asked.map(([name]) => name).sort(), ['clickhouse', 'grafana', 's3', 'serve'])
})

test('no secret is written down: each comes from deploy/.env, and Compose refuses to start without it', () => {
  for (const [name, { environment = {} }] of Object.entries(written.services)) {
    for (const [key, value] of Object.entries(environment)) {
      if (/PASSWORD|SECRET|TOKEN$/.test(key)) assert.match(String(value), /^\$\{\w+:\?run npm run deploy:env\}$/, name)
      assert.doesNotMatch(String(value), /:\/\/[^$/]*:[^$/]*@/, `${name} ${key}`)
    }
  }
  assert.deepEqual(unknown, [], 'deploy:env writes every required variable')
})

test('each stage accepts its environment and every address in it', () => {
  assert.deepEqual(
    stages.map(([name]) => name),
    ['record', 'ingest', 'serve', 'archive', 'watch'],
  )
  for (const [name, { command, environment = {} }] of stages) {
    assert.deepEqual(command, [name])
    const known = Object.entries(environment).filter(([key]) => key.startsWith('TICKHOUSE_'))
    const config = parseConfig({}, Object.fromEntries(known))
    assert.equal(config.LOG_FORMAT, 'json')
    assert.ok(config.TOKEN!.length >= 32)
    const listens = ['ingest', 'serve'].includes(name) ? config.LISTEN : config.METRICS_LISTEN
    assert.equal(listens, '0.0.0.0:8080', `${name}: its healthcheck and Prometheus request this address`)
    if (name === 'watch') continue
    assert.deepEqual(parseKafkaAddress(config.LOG).brokers, ['kafka:19092'])
    if (name === 'record') continue
    const store = parseStoreAddress(config.STORE)
    assert.ok('url' in store && store.url === 'http://clickhouse:8123')
    assert.deepEqual([store.username, store.database], ['tickhouse', 'tickhouse'])
    assert.match(store.password, /^[0-9a-f]{48}$/)
    if (name === 'archive') assert.equal(parseS3Address(config.ARCHIVE).bucket, 'tickhouse')
  }
})

test('a service depends only on services that exist and have a healthcheck', () => {
  for (const [name, { depends_on = {} }] of services)
    for (const [other, { condition }] of Object.entries(depends_on)) {
      assert.equal(condition, 'service_healthy', name)
      assert.ok(filled.services[other]?.healthcheck, `${name} waits for ${other}`)
    }
})

test('every volume is named and used, and every file that is mounted is here', () => {
  const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map(volume => volume.split(':')[0]!))
  const named = mounts.filter(mount => !/^[./]/.test(mount))
  assert.deepEqual(new Set(named), new Set(Object.keys(filled.volumes)))
  for (const file of mounts.filter(mount => mount.startsWith('./') && !mount.startsWith('./grafana')))
    assert.ok(fs.existsSync(path.join(DEPLOY, file)), file)
})

test('Prometheus scrapes every stage, with the token', () => {
  const prometheus = parse(fs.readFileSync(path.join(DEPLOY, 'prometheus/prometheus.yaml'), 'utf8'))
  const job = prometheus.scrape_configs.find((one: { job_name: string }) => one.job_name === 'tickhouse')
  assert.deepEqual(
    job.static_configs[0].targets,
    stages.map(([name]) => `${name}:8080`),
  )
  assert.equal(job.authorization.credentials_file, `/run/secrets/${filled.services.prometheus!.secrets![0]}`)
})

test('lines go to Loki under three labels of few values', () => {
  const alloy = fs.readFileSync(path.join(DEPLOY, 'alloy/config.alloy'), 'utf8')
  assert.match(alloy, /stage\.label_keep \{\s*values = \["level", "station", "process"\]/)
  const [, kept] = /regex\s+= "(.*)"\s+action\s+= "keep"/.exec(alloy)!
  assert.deepEqual(
    kept!.split('|'),
    stages.map(([name]) => name),
  )
})

test('a ClickHouse user has the rights that the docs name and no more, and Grafana only reads', () => {
  const users = fs.readFileSync(path.join(DEPLOY, 'clickhouse/users.xml'), 'utf8')
  const page = fs.readFileSync(path.join(ROOT, 'docs/clickhouse-server.md'), 'utf8')
  const grantsOf = (user: string) => {
    const [, inside] = new RegExp(`<${user}>(.*)</${user}>`, 's').exec(users)!
    return [...inside!.matchAll(/<query>(.*)<\/query>/g)].map(([, grant]) => grant!)
  }
  const documented = [...page.matchAll(/^(GRANT .*) TO ticks;$/gm)].map(([, grant]) => grant!)
  assert.deepEqual(
    grantsOf('tickhouse'),
    documented.map(grant => grant.replace('market.*', 'tickhouse.*')).filter(grant => !grant.includes('CLUSTER')),
  )
  assert.deepEqual(grantsOf('grafana'), ['GRANT SELECT, SHOW ON tickhouse.*'])
  assert.match(users, /<default remove="remove"\/>/)
  const passed = Object.keys(filled.services.clickhouse!.environment!)
  for (const [, name] of users.matchAll(/from_env="(\w+)"/g)) assert.ok(passed.includes(name!), name)
})
