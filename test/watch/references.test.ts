import assert from 'node:assert/strict'
import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { countReached, referenceOf, referencesFor } from '../../src/watch/references.ts'

const server = net.createServer(socket => socket.on('error', () => {}))
let open: number
let closed: number

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open = (server.address() as AddressInfo).port
  const gone = net.createServer().listen(0, '127.0.0.1')
  await once(gone, 'listening')
  closed = (gone.address() as AddressInfo).port
  gone.close()
  await once(gone, 'close')
})
after(() => server.close())

test('counts the hosts that accept a connection', async () => {
  assert.equal(await countReached([`127.0.0.1:${open}`, `127.0.0.1:${closed}`, `localhost:${open}`]), 2)
  assert.equal(await countReached([]), 0)
})

test('an impossible address counts as not reached', async () => {
  assert.equal(await countReached(['127.0.0.1:99999', '127.0.0.1:0', 'no-such-host.invalid:80', '[::1]:1']), 0)
})

test('leaves no connection open', async () => {
  const connected = once(server, 'connection')
  await countReached([`127.0.0.1:${open}`])
  const [socket] = (await connected) as [net.Socket]
  if (!socket.closed) await once(socket.resume(), 'close')
  assert.ok(socket.closed)
})

test('the reference of a URL has its port, or the default one', () => {
  assert.equal(referenceOf('https://hooks.slack.com/services/x'), 'hooks.slack.com:443')
  assert.equal(referenceOf('http://127.0.0.1:8080/x'), '127.0.0.1:8080')
  assert.equal(referenceOf('smtp://user:word@mail.example.com'), 'mail.example.com:587')
  assert.equal(referenceOf('smtps://mail.example.com'), 'mail.example.com:465')
  assert.equal(referenceOf('http://[::1]:9/'), '[::1]:9')
})

test('a mail server on this machine proves no network to an instance on another', () => {
  const all = ['localhost:25', '127.0.0.1:25', '[::1]:25', 'mail.example.com:587', '127.example.com:25']
  assert.deepEqual(referencesFor('http://house.example:8080', all), all.slice(3))
  assert.deepEqual(referencesFor('http://127.0.0.1:8080', all), all)
})
