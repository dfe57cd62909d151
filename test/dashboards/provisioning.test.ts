import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { SOURCE } from '../../dashboards/clickhouse.ts'

const provisioned = (file: string) =>
  parse(fs.readFileSync(new URL(`../../deploy/grafana/provisioning/${file}`, import.meta.url), 'utf8'))

test('the provisioned data source has the type of the dashboards, uses HTTP, and contains no secret', () => {
  const { apiVersion, datasources } = provisioned('datasources/tickhouse.yaml')
  assert.equal(apiVersion, 1)
  const [tickhouse] = datasources
  assert.deepEqual([tickhouse.type, tickhouse.isDefault, tickhouse.jsonData.protocol], [SOURCE.type, true, 'http'])
  const fromEnvironment = { ...tickhouse.jsonData, ...tickhouse.secureJsonData }
  for (const [field, name] of Object.entries({
    host: 'HOST',
    port: 'PORT',
    username: 'USER',
    password: 'PASSWORD',
    defaultDatabase: 'DATABASE',
  }))
    assert.equal(fromEnvironment[field], `$TICKHOUSE_CLICKHOUSE_${name}`)
  assert.equal(datasources.length, 1)
  assert.equal(tickhouse.jsonData.defaultTable, 'trades')
})

test('Prometheus is a file of its own, to be left out where there is none, at an address of the environment', () => {
  const { datasources } = provisioned('datasources/prometheus.yaml')
  assert.deepEqual(
    datasources.map(({ type, url }: { type: string; url: string }) => [type, url]),
    [['prometheus', '$TICKHOUSE_PROMETHEUS_URL']],
  )
})

test('Compose gives Grafana every variable that is provisioned, and a dashboard that there is as its home', () => {
  const compose = parse(fs.readFileSync(new URL('../../deploy/compose.yaml', import.meta.url), 'utf8'), { merge: true })
  const { environment } = compose.services.grafana
  for (const file of ['datasources/tickhouse.yaml', 'datasources/prometheus.yaml'])
    for (const [, name] of JSON.stringify(provisioned(file)).matchAll(/\$(TICKHOUSE_\w+)/g))
      assert.ok(Object.hasOwn(environment, name!), `${file}: ${name}`)
  const home = String(environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).replace('/var/lib/grafana/', '')
  assert.ok(fs.existsSync(new URL(`../../${home}`, import.meta.url)), home)
})

test('dashboards are taken from where they are mounted and cannot be edited there', () => {
  const { providers } = provisioned('dashboards/tickhouse.yaml')
  assert.equal(providers.length, 1)
  assert.equal(providers[0].options.path, '/var/lib/grafana/dashboards')
  assert.equal(providers[0].allowUiUpdates, false)
})
