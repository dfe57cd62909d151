/**
 * What a user sees of a refused symbol, of a symbol with heartbeats only, and of maintenance: the processes that a user
 * runs, against local servers with the protocols of Kraken and Coinbase.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { HealthAnswer } from '../../src/status/health.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const now = () => new Date().toISOString()

/** Confirms each symbol but one, which it refuses, and trades the others. */
function speakKraken(server: LocalVenue): void {
  server.onVisit = ({ socket }) => {
    socket.send('{"channel":"status","type":"update","data":[{"system":"maintenance","api_version":"v2"}]}')
    socket.on('message', data => {
      for (const symbol of JSON.parse(String(data)).params.symbol as string[])
        socket.send(
          JSON.stringify(
            symbol === 'NO/SUCH'
              ? { method: 'subscribe', success: false, symbol, error: 'Currency pair not supported NO/SUCH' }
              : { method: 'subscribe', success: true, result: { channel: 'trade', symbol } },
          ),
        )
      socket.send(
        `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":100.5,"qty":0.1,"trade_id":7,"timestamp":"${now()}"}]}`,
      )
    })
  }
}

/** Sends matches 1 to 5, then heartbeats alone, whose last trade id is 5 and then 9: at once, or a slow timer is judged in between. */
function speakCoinbase(server: LocalVenue): void {
  server.onVisit = ({ socket }) => {
    let beats = 0
    socket.once('message', () => {
      socket.send('{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}')
      for (let id = 1; id <= 5; id++)
        socket.send(
          `{"type":"match","trade_id":${id},"side":"sell","size":"0.5","price":"100.25","product_id":"BTC-USD","time":"${now()}"}`,
        )
      const timer = setInterval(() => {
        const last = beats++ === 0 ? 5 : 9
        socket.send(
          `{"type":"heartbeat","product_id":"BTC-USD","last_trade_id":${last},"sequence":1,"time":"${now()}"}`,
        )
      }, 200)
      socket.on('close', () => clearInterval(timer))
    })
  }
}

test('a refused symbol, missed trades and maintenance are in health, metrics, doctor and tables', {
  timeout: 600_000,
}, async t => {
  const kraken = await LocalVenue.open(t)
  const coinbase = await LocalVenue.open(t)
  speakKraken(kraken)
  speakCoinbase(coinbase)
  const instance = new TestInstance(t, {
    SOURCES: 'kraken:BTC/USD,NO/SUCH@trades coinbase:BTC-USD@trades',
    KRAKEN_WS: kraken.url,
    COINBASE_WS: coinbase.url,
    KRAKEN_REST: 'http://127.0.0.1:1',
    COINBASE_REST: 'http://127.0.0.1:1',
  })
  const running = instance.run('start')
  const url = await running.url()
  const rejected = await running.waitFor('subscription_rejected')
  assert.deepEqual([rejected.venue, rejected.symbols], ['kraken', 'NO/SUCH'])
  assert.equal((await running.waitFor('venue_not_online')).state, 'maintenance')
  const missed = await running.waitFor('trades_missed')
  assert.deepEqual([missed.symbol, missed.first, missed.last], ['BTC-USD', 6, 9])
  await running.waitFor('symbols_silent')

  await within(WAIT_MS_MAX, async () => {
    const { symbolsDown, stations } = (await (await fetch(`${url}/health`)).json()) as HealthAnswer
    const down = symbolsDown.map(({ symbol, state }) => `${symbol} ${state}`).sort()
    const { state, advice } = stations.sources!
    const isShown =
      down.join() === 'BTC-USD silent,NO/SUCH refused' &&
      state === 'behind' &&
      /kraken NO\/SUCH \(refused: .*Currency pair not supported/.test(advice) &&
      /kraken reports state maintenance/.test(advice)
    return isShown ? undefined : `${down} ${state} ${advice}`
  })
  await within(WAIT_MS_MAX, async () => {
    const figures = await (await fetch(`${url}/metrics`)).text()
    const found = [
      /source_symbols_down\{[^}]*venue="kraken"[^}]*state="refused"[^}]*\} (\d+)/,
      /source_symbols\{[^}]*venue="kraken"[^}]*\} (\d+)/,
      /source_venue_online\{[^}]*venue="kraken"[^}]*\} (\d+)/,
    ].map(line => Number(line.exec(figures)?.[1]))
    return found.join() === '1,1,0' ? undefined : found.join()
  })

  const env = { ...process.env, TICKHOUSE_LISTEN: url.replace('http://', '') }
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'doctor'], { cwd: instance.directory, env })
  assert.match(stdout, /^down {4}kraken NO\/SUCH trades: refused for .*Currency pair not supported/m)
  assert.match(stdout, /^venue {3}kraken: maintenance/m)

  await running.drained()
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  try {
    const rows = await store.rows<{ symbol: string; detail: string; raw: string }>(
      `SELECT symbol, detail, raw FROM quarantine WHERE reason = 'trade_missed'`,
    )
    assert.deepEqual(rows, [
      {
        symbol: 'BTC-USD',
        detail: 'BTC-USD: trade ids 6 to 9 were announced and never arrived',
        raw: '{"symbol":"BTC-USD","first":6,"last":9}',
      },
    ])
    const gaps = await store.rows(`SELECT symbol, first_id, last_id, state FROM gaps FINAL WHERE venue = 'coinbase'`)
    assert.deepEqual(gaps, [{ symbol: 'BTC-USD', first_id: 6, last_id: 9, state: 'open' }])
  } finally {
    await store.close()
  }
})
