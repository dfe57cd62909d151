import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import { SOURCE } from '../../dashboards/clickhouse.ts'

const provisioned = (file: string) =>
  parse(fs.readFileSync(new URL(`../../deploy/grafana/provisioning/${file}`, import.meta.url), 'utf8'))

test('the data source that is provisioned is of the kind that the dashboards ask, over HTTP, with nothing secret in the file', () => {
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
})

test('dashboards are taken from where they are mounted and cannot be edited there', () => {
  const { providers } = provisioned('dashboards/tickhouse.yaml')
  assert.equal(providers.length, 1)
  assert.equal(providers[0].options.path, '/var/lib/grafana/dashboards')
  assert.equal(providers[0].allowUiUpdates, false)
})
