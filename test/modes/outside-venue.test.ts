/**
 * A venue from outside the tree, recorded through the processes that a user runs: the file of docs/add-a-venue.md, as it
 * is there, against a local server that speaks its protocol.
 */
import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import type { HealthAnswer } from '../../src/status/health.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'
import { EXAMPLE } from '../venue-check/example.ts'

/** Trades 1 to 40 of each symbol without number 30, after each a quote; then a frame that cannot be read. */
async function openAcme(t: TestContext): Promise<LocalVenue> {
  const server = await LocalVenue.open(t)
  server.onVisit = ({ socket }) =>
    socket.on('message', data => {
      const time = new Date().toISOString()
      for (const symbol of JSON.parse(String(data)).symbols as string[]) {
        socket.send(JSON.stringify({ type: 'subscribed', symbol }))
        for (let id = 1; id <= 40; id++) {
          if (id !== 30)
            socket.send(
              JSON.stringify({ type: 'trade', symbol, id, price: `${100 + id}.25`, size: '0.1', taker: 'sell', time }),
            )
          const [bid, ask] = [`${100 + id}.20`, `${100 + id}.30`]
          socket.send(
            JSON.stringify({ type: 'quote', symbol, update: id, bid, bid_size: '2', ask, ask_size: '3', time }),
          )
        }
      }
      socket.send('{"type":"trade","symbol":')
    })
  return server
}

async function assertRecorded(instance: TestInstance): Promise<void> {
  const store = await instance.store()
  const log = await instance.log()
  try {
    assert.deepEqual(
      await store.rows(
        `SELECT symbol, toUInt32(count()) AS trades, max(price) AS last, any(side) AS side FROM trades WHERE venue = 'acme'
         GROUP BY symbol ORDER BY symbol`,
      ),
      ['BTC-USD', 'SOL-USD'].map(symbol => ({ symbol, trades: 39, last: 140.25, side: 'sell' })),
    )
    assert.deepEqual(
      await store.rows(
        `SELECT toUInt32(count()) AS quotes, min(bid_price) AS bid, max(ask_price) AS ask, toUInt32(max(sequence)) AS last
         FROM quotes WHERE venue = 'acme'`,
      ),
      [{ quotes: 80, bid: 101.2, ask: 140.3, last: 40 }],
    )
    // Ingest knows that its ids are dense.
    assert.deepEqual(
      await store.rows(`SELECT symbol, toUInt32(first_id) AS first, state FROM gaps FINAL ORDER BY symbol`),
      ['BTC-USD', 'SOL-USD'].map(symbol => ({ symbol, first: 30, state: 'open' })),
    )
    assert.deepEqual(
      await store.rows('SELECT venue, reason, toUInt32(count()) AS count FROM quarantine GROUP BY ALL'),
      [{ venue: 'acme', reason: 'malformed_frame', count: 1 }],
    )
    assertPositions(await checkPositions(store, log))
  } finally {
    await log.close()
    await store.close()
  }
}

test('the venue of docs/add-a-venue.md is recorded by start, whose processes all know it', {
  timeout: 600_000,
}, async t => {
  const server = await openAcme(t)
  const instance = new TestInstance(t, {
    SOURCES: 'acme:BTC-USD,SOL-USD',
    VENUES: './my-venue.ts',
    ACME_WS: server.url,
  })
  fs.writeFileSync(path.join(instance.directory, 'my-venue.ts'), EXAMPLE.venue)
  const running = instance.run('start')
  await running.until(({ store, ingest }) => store.kinds.trades?.ticks === 78 && ingest.refused === 1)
  const health = (await (await fetch(`${await running.url()}/health`)).json()) as HealthAnswer
  // The watcher tells it from ticks of other programs.
  assert.ok(health.builtInVenues.includes('acme'))
  await running.drained()
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
  await assertRecorded(instance)
})

test('by record and ingest with a flag that names two files', {
  timeout: 600_000,
}, async t => {
  const server = await openAcme(t)
  const instance = new TestInstance(t, { SOURCES: 'acme:BTC-USD,SOL-USD', ACME_WS: server.url })
  fs.writeFileSync(path.join(instance.directory, 'my-venue.ts'), EXAMPLE.venue)
  fs.writeFileSync(path.join(instance.directory, 'other.ts'), EXAMPLE.venue.replace("'acme'", "'other'"))
  const files = ['--venues', `other.ts, ${instance.directory}/my-venue.ts`]
  const recorder = instance.run('record', {}, files)
  const storing = instance.run('ingest', {}, files)
  await storing.until(({ store, ingest }) => store.kinds.trades?.ticks === 78 && ingest.refused === 1)
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  await assertRecorded(instance)
})
