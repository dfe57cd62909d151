import assert from 'node:assert/strict'
import { test } from 'node:test'
import { embeddedDirectory, parseStoreAddress, type ServerAddress } from '../../src/store/address.ts'
import { openStore } from '../../src/store/open.ts'

test('an address of a server names user, password, database and cluster, and is shown without the secret', () => {
  assert.deepEqual(parseStoreAddress('https://ticks:p%40ss%3A@db.example:8443/market?cluster=main&timeoutMs=5000'), {
    kind: 'server',
    url: 'https://db.example:8443',
    username: 'ticks',
    password: 'p@ss:',
    passwordFile: undefined,
    database: 'market',
    cluster: 'main',
    timeoutMs: 5000,
    shown: 'https://db.example:8443/market?cluster=main',
  })
})

test('a password may be in a file, which the address names instead', () => {
  const { username, password, passwordFile, shown } = parseStoreAddress(
    'https://ticks@db.example/market?passwordFile=/run/secrets/clickhouse',
  ) as ServerAddress
  assert.deepEqual([username, password, passwordFile], ['ticks', '', '/run/secrets/clickhouse'])
  assert.equal(shown, 'https://db.example/market')
})

test('a password file that cannot be read is named', async () => {
  await assert.rejects(openStore('http://ticks@127.0.0.1:9/market?passwordFile=/nowhere/password'), {
    code: 'address_invalid',
    message: /cannot read passwordFile \/nowhere\/password \(ENOENT\)/,
  })
})

test('a short address means user default without a password, database tickhouse', () => {
  const { username, password, database, shown } = parseStoreAddress('http://127.0.0.1:8123') as never
  assert.deepEqual([username, password, database], ['default', '', 'tickhouse'])
  assert.equal(shown, 'http://127.0.0.1:8123/tickhouse')
})

test('only the address of an embedded store has a directory', () => {
  assert.equal(embeddedDirectory('chdb:data/store'), 'data/store')
  assert.equal(embeddedDirectory('http://127.0.0.1:8123'), undefined)
  assert.throws(() => embeddedDirectory('data/store'), { code: 'address_invalid' })
})

test('an address that cannot be meant is refused, without repeating the password', () => {
  for (const address of [
    'chdb:',
    'postgres://u:hunter2@h/d',
    'http://u:hunter2@h:1/d?clusters=x',
    'http://u:hunter2@h:1/a/b',
    "http://u:hunter2@h:1/d?cluster='; DROP",
    'http://u:hunter2@h:1/d?timeoutMs=soon',
    'http://u:hunter2@h:1/d?passwordFile=p',
    'http://u:hunter2@h:99999/d',
    'http://u:hunter2%zz@h:1/d',
  ]) {
    assert.throws(
      () => parseStoreAddress(address),
      (error: Error & { code: string }) => {
        assert.equal(error.code, 'address_invalid')
        assert.doesNotMatch(error.message, /hunter2/)
        return true
      },
      address,
    )
  }
})
