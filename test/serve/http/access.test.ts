import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FastifyRequest } from 'fastify'
import { authorize } from '../../../src/serve/http/access.ts'

const TOKEN = 'a-token-of-the-tests'
const ask = (method: string, url: string, headers: Record<string, string>, token?: string): boolean => {
  try {
    authorize(token, { method, url, headers: { host: '127.0.0.1:8080', ...headers } } as unknown as FastifyRequest)
    return true
  } catch {
    return false
  }
}
const SQL = '/?query=SELECT+1'
const from = (site: string, mode = 'no-cors') => ({ 'sec-fetch-site': site, 'sec-fetch-mode': mode })

test('programs, which send none of a browser’s headers, have access', () => {
  for (const url of ['/', SQL, '/api/live', '/api/doctor', '/metrics']) assert.ok(ask('GET', url, {}), url)
  assert.ok(ask('POST', '/', {}))
})

test('our own page has access', () => {
  for (const url of ['/', SQL, '/api/live', '/assets/x.js']) assert.ok(ask('GET', url, from('same-origin')), url)
  const origin = { origin: 'http://127.0.0.1:8080', ...from('same-origin', 'cors') }
  assert.ok(ask('POST', '/api/query', origin))
})

test('a link or a bookmark may open pages, but run no query', () => {
  for (const site of ['none', 'same-site', 'cross-site']) {
    assert.ok(ask('GET', '/', from(site, 'navigate')), site)
    for (const url of [SQL, '/api/query?query=x', '/api/live', '/api/doctor', '/api/bars', '/?a=1&query='])
      assert.ok(!ask('GET', url, from(site, 'navigate')), `${site} ${url}`)
    assert.ok(!ask('POST', '/', from(site, 'navigate')), site)
    assert.ok(!ask('POST', '/api/quarantine/reingest', from(site, 'navigate')), site)
  }
  assert.ok(ask('GET', '/metrics', from('none', 'navigate')))
})

test('pages of other sites and other ports have no access, even without an Origin', () => {
  for (const site of ['same-site', 'cross-site', 'anything-new'])
    for (const url of ['/', SQL, '/api/live', '/api/doctor', '/metrics', '/health'])
      assert.ok(!ask('GET', url, from(site)), `${site} ${url}`)
})

test('an Origin is compared with its scheme', () => {
  assert.ok(ask('POST', '/', { origin: 'http://127.0.0.1:8080' }))
  for (const origin of [
    'https://127.0.0.1:8080',
    'ftp://127.0.0.1:8080',
    'null',
    'http://127.0.0.1:8081',
    'http://evil.example',
  ])
    assert.ok(!ask('POST', '/', { origin }), origin)
  assert.ok(ask('POST', '/', { origin: 'https://127.0.0.1:8080', 'x-forwarded-proto': 'https' }))
})

test('a Host is a loopback one and nothing more', () => {
  for (const host of ['localhost:8080', 'LOCALHOST:8080', '127.0.0.1', '127.0.0.2:1', '[::1]:8080'])
    assert.ok(ask('GET', '/', { host }), host)
  for (const host of [
    '127.0.0.1:1, evil.example',
    '127.0.0.1:1@evil',
    'evil.example',
    '127.0.0.1.evil.example:80',
    'x@127.0.0.1:1',
    '127.0.0.1:1/x',
    '',
  ])
    assert.ok(!ask('GET', '/', { host }), host)
  assert.ok(!ask('GET', '/', { host: 'a, b', authorization: `Bearer ${TOKEN}` }, TOKEN))
})

test('the scheme of an Authorization is written in any case', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER'])
    assert.ok(ask('GET', SQL, { authorization: `${scheme} ${TOKEN}` }, TOKEN))
  const basic = Buffer.from(`x:${TOKEN}`).toString('base64')
  assert.ok(ask('GET', SQL, { authorization: `basic ${basic}` }, TOKEN))
  assert.ok(!ask('GET', SQL, { authorization: 'bearer wrong-token-of-tests' }, TOKEN))
})
