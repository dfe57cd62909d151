/** Venues with accounts: the login, and that no secret leaves the process except to the venue. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { addSecret } from '../../../src/plain-text.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { coinbase } from '../../../src/venues/coinbase/decode.ts'
import type { Account, Venue } from '../../../src/venues/venue.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const KEY = 'PK-of-the-login-test'
const QUICK = { ...TIMINGS, backoffMsMin: 10, backoffFirstMs: 20, backoffMsMax: 50 }
const TIMEOUT = { timeout: 300_000 }
const ACME = { name: 'acme', secrets: ['key'], advice: '' } as const
const LOGIN: Account = { ...ACME, login: ({ key }) => [`login ${key}`] }
const IN_URL: Account = { ...ACME, authorizedUrl: (url, { key }) => `${url}?key=${key}` }

function follow(t: TestContext, account: Account, ws: string, handshakeMsMax = 60_000) {
  addSecret(KEY)
  const venue: Venue = {
    ...coinbase,
    account,
    decoder: () => (frame, out) =>
      String(frame) === 'welcome' ? out.control({ kind: 'authenticated' }) : coinbase.decoder()(frame, out),
  }
  const [events, receiver] = [new EventLog(), new CollectingReceiver()]
  const feed = { venue, symbols: ['BTC-USD'], kinds: ['trades'], ws, credentials: () => ({ key: KEY }) }
  const feeds = openFeeds([feed], receiver, events.emit, { ...QUICK, handshakeMsMax })
  t.after(() => feeds.close())
  return { feeds, events, receiver }
}

test('the subscription follows the login when the venue has accepted it, once', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { feeds } = follow(t, LOGIN, server.url)
  const visit = await server.visit()
  await once(visit.socket, 'message')
  assert.deepEqual(visit.received, [`login ${KEY}`])
  assert.equal(feeds.status()[0]!.state, 'connecting')
  visit.socket.send('welcome')
  visit.socket.send('welcome')
  await once(visit.socket, 'message')
  await new Promise(resolve => setTimeout(resolve, 50))
  assert.deepEqual(visit.received.slice(1), coinbase.subscribe(['BTC-USD'], ['trades']))
  assert.equal(feeds.status()[0]!.state, 'open')
})

test('a venue that does not answer the login is left and tried again', TIMEOUT, async t => {
  const server = await LocalVenue.open(t)
  const { events } = follow(t, LOGIN, server.url, 300)
  await server.visit()
  const again = await server.visit()
  await once(again.socket, 'message')
  assert.deepEqual(again.received, [`login ${KEY}`])
  assert.ok(JSON.stringify(events).includes('no answer to the login'))
})

test(
  'a secret in the address, and one that the venue repeats, are in no event, status or refused frame',
  TIMEOUT,
  async t => {
    const server = await LocalVenue.open(t)
    const { feeds, events, receiver } = follow(t, IN_URL, server.url)
    const visit = await server.visit()
    assert.equal(visit.request.url, `/?key=${KEY}`)
    visit.socket.send(`{"type":"error","message":"the key ${KEY} is wrong","reason":"${'x'.repeat(40)}${KEY}"}`)
    visit.socket.send(`not JSON ${KEY}`)
    visit.socket.send(`{"type":"${'y'.repeat(45)}${KEY}"}`)
    const pong = once(visit.socket, 'pong')
    visit.socket.ping()
    await pong
    visit.socket.close(4000, `bye ${KEY}`)
    await server.visit()
    const shown = JSON.stringify([
      feeds.status(),
      events,
      receiver.refusals.map(one => ({ ...one, raw: String(one.raw) })),
    ])
    assert.equal(receiver.refusals.length, 2)
    assert.match(shown, /wrong/)
    assert.match(shown, /bye/)
    assert.ok(!shown.includes(KEY.slice(0, 6)), shown)
  },
)
