import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseConfig, toEnvironment } from '../src/config.ts'
import { TickhouseError } from '../src/errors.ts'
import { isLoopback } from '../src/loopback.ts'
import { RENAMED_SETTINGS, SETTINGS } from '../src/settings.ts'
import { VENUES } from '../src/venues/index.ts'

const refusal = (environment: Record<string, string>) => {
  try {
    parseConfig({}, environment)
  } catch (error) {
    assert.ok(error instanceof TickhouseError)
    return error.message
  }
  return assert.fail('accepted')
}

test('without any setting everything is embedded and local', () => {
  const config = parseConfig({}, {})
  assert.equal(config.LOG, 'sqlite:data/log')
  assert.equal(config.STORE, 'chdb:data/store')
  assert.equal(config.LISTEN, '127.0.0.1:8080')
  assert.equal(config.SOURCES, undefined)
})

test('a flag wins over the environment', () => {
  assert.equal(parseConfig({ LOG: 'sqlite:here' }, { TICKHOUSE_LOG: 'sqlite:there' }).LOG, 'sqlite:here')
})

test('an unknown key is refused with the nearest known one', () => {
  assert.match(
    refusal({ TICKHOUSE_SOURCE: 'x' }),
    /unknown setting TICKHOUSE_SOURCE; the nearest known one is TICKHOUSE_SOURCES/,
  )
})

test('an earlier name of a setting is refused with its present one', () => {
  for (const [earlier, present] of Object.entries(RENAMED_SETTINGS)) {
    assert.ok(Object.hasOwn(SETTINGS, present) && !Object.hasOwn(SETTINGS, earlier), earlier)
    assert.match(
      refusal({ [`TICKHOUSE_${earlier}`]: 'x' }),
      new RegExp(`${earlier} was renamed: set TICKHOUSE_${present}`),
    )
  }
})

test('every built-in venue has settings that replace its addresses', () => {
  for (const { name } of VENUES) {
    const setting = name.toUpperCase()
    const config = parseConfig(
      {},
      { [`TICKHOUSE_${setting}_WS`]: 'ws://127.0.0.1:9/', [`TICKHOUSE_${setting}_REST`]: '' },
    )
    assert.equal(config[`${setting}_WS`], 'ws://127.0.0.1:9')
    assert.equal(config[`${setting}_REST`], undefined)
  }
})

test('a wrong value is refused by name, and a secret one is not repeated', () => {
  assert.match(refusal({ TICKHOUSE_BATCH_AGE_MS_MAX: 'soon' }), /TICKHOUSE_BATCH_AGE_MS_MAX "soon"/)
  assert.match(refusal({ TICKHOUSE_BINANCE_WS: 'http://x' }), /TICKHOUSE_BINANCE_WS/)
  assert.doesNotMatch(refusal({ TICKHOUSE_TOKEN: 'short-secret' }), /short-secret/)
})

test('a list is words between commas or spaces; a comma may be part of the address of a webhook', () => {
  const { WATCH_HEALTH_URLS, WATCH_REFERENCES, ALERT_WEBHOOKS } = parseConfig(
    {},
    {
      TICKHOUSE_WATCH_HEALTH_URLS: ' http://a:1, http://b:2 http://c:3,',
      TICKHOUSE_ALERT_WEBHOOKS: 'https://h.example/a,b  slack+https://h.example/c',
    },
  )
  assert.deepEqual(WATCH_HEALTH_URLS, ['http://a:1', 'http://b:2', 'http://c:3'])
  assert.deepEqual(WATCH_REFERENCES, [])
  assert.deepEqual(ALERT_WEBHOOKS, ['https://h.example/a,b', 'slack+https://h.example/c'])
  assert.match(
    refusal({ TICKHOUSE_WATCH_HEALTH_URLS: 'http://a:1,b:2' }),
    /WATCH_HEALTH_URLS "http:\/\/a:1,b:2": must be/,
  )
})

test('mail recipients are one or more addresses, with or without names', () => {
  const smtp = { TICKHOUSE_ALERT_SMTP: 'smtp://mail.example' }
  for (const good of ['a@b.example', 'a@b.example, c@d.example', '"Smith, J" <j@b.example>, c@d.example'])
    assert.equal(parseConfig({}, { ...smtp, TICKHOUSE_ALERT_EMAIL: good }).ALERT_EMAIL, good)
  for (const wrong of ['root', 'a@b.example, root', 'a@b.example c@d.example', ','])
    assert.match(refusal({ ...smtp, TICKHOUSE_ALERT_EMAIL: wrong }), /ALERT_EMAIL "[^"]+": must be addresses/)
})

test('to listen beyond this machine takes a token', () => {
  assert.match(refusal({ TICKHOUSE_LISTEN: '0.0.0.0:8080' }), /TICKHOUSE_TOKEN must be set/)
  assert.ok(parseConfig({}, { TICKHOUSE_LISTEN: '0.0.0.0:8080', TICKHOUSE_TOKEN: 'sixteen-letters!' }))
})

test('only loopback addresses count as this machine', () => {
  for (const listen of ['127.0.0.1:1', 'localhost:1', '[::1]:1', '127.9.9.9:1']) assert.ok(isLoopback(listen), listen)
  for (const listen of ['0.0.0.0:1', '10.0.0.1:1', 'evil.example:1', '127.0.0.1.evil.example:1'])
    assert.ok(!isLoopback(listen), listen)
})

test('a child process reads the configuration its parent has', () => {
  const config = parseConfig(
    { SOURCES: 'binance:BTCUSDT' },
    {
      TICKHOUSE_BATCH_TICKS_MAX: '5000',
      TICKHOUSE_KRAKEN_WS: 'ws://127.0.0.1:9',
      TICKHOUSE_WATCH_IGNORE: 'binance:A,kraken:B/C',
      TICKHOUSE_ALERT_WEBHOOKS: 'https://h.example/a,b slack+https://h.example/c',
    },
  )
  assert.deepEqual(parseConfig({}, toEnvironment(config)), config)
})
