/**
 * Alpaca's own client, alpaca-py, and tickhouse, each connected to a server written from Alpaca's documents: both receive
 * the same trades and quotes, so that the server is a real one of its protocol and tickhouse reads all of it.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { until } from '../../support/judges/within.ts'
import { type Python, pythonMissing, pythonWith } from '../../support/processes/python.ts'
import { TestInstance, WAIT_MS_MAX } from '../../support/processes/tickhouse.ts'
import { type AlpacaItem, AlpacaServer } from '../../support/servers/alpaca.ts'
import { stockId } from './frames.ts'

const STOCKS = '/v2/iex'
const CRYPTO = '/v1beta3/crypto/us'
const ACCOUNT = { key: 'PK-of-the-server-test', secret: 'secret-of-the-server-test' }
/** A client has one connection, so each has a server of its own. */
const FRAMES = [1, 2, 7, 100, 5_000]
const CLIENT = new URL('../../support/clients/alpaca_client.py', import.meta.url).pathname

const missing = await pythonMissing()

/** A time some seconds ago with nine digits, later by `n` times 1.000001 ms. */
const BEGAN_MS = Date.now() - 60_000
function timeOf(n: number): string {
  const nanos = BigInt(BEGAN_MS) * 1_000_000n + BigInt(n) * 1_000_001n
  const second = new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${second}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`
}
const nanosOf = (n: number) => BigInt(BEGAN_MS) * 1_000_000n + BigInt(n) * 1_000_001n

const count = FRAMES.reduce((sum, each) => sum + each, 0)
/** Ids of two exchanges collide, sizes are fractions, ids of crypto have 19 digits. */
const stocks: AlpacaItem[] = Array.from({ length: count }, (_, n) => ({
  ...{ T: 't', S: n % 3 === 0 ? 'MSFT' : 'AAPL', i: 52_983_575_000_000 + (n >> 1), x: n % 2 === 0 ? 'V' : 'D' },
  ...{ p: 100 + n / 100, s: n % 5 === 0 ? 0.25 : 1 + n, t: timeOf(n), c: ['@', 'I'], z: 'C' },
}))
const quotes: AlpacaItem[] = Array.from({ length: count }, (_, n) => ({
  ...{
    T: 'q',
    S: n % 3 === 0 ? 'MSFT' : 'AAPL',
    bx: 'V',
    bp: 99 + n / 100,
    bs: 1 + n,
    ax: 'V',
    ap: 101 + n / 100,
    as: 2,
  },
  ...{ t: timeOf(n), c: ['R'], z: 'C' },
}))
const crypto: AlpacaItem[] = Array.from({ length: 100 }, (_, n) => ({
  ...{ T: 't', S: 'BTC/USD', p: 60_000.5 + n, s: 1e-9 * (n + 1), t: timeOf(n) },
  ...{ i: 3_447_222_699_101_865_076n + BigInt((n * 7919) % 1000), tks: n % 2 === 0 ? 'B' : 'S' },
}))

const corrections: AlpacaItem[] = Array.from({ length: 50 }, (_, n) => ({
  ...{ T: 'c', S: n % 2 === 0 ? 'AAPL' : 'MSFT', x: 'D', oi: 1 + n, op: 100.5, os: 14_950, oc: [' ', '7', 'V'] },
  ...{ ci: 79_372_223_926_359 + n, cp: 100.25 + n, cs: 0.5, cc: [' ', '7', 'Z', 'V'], z: 'B', t: timeOf(n) },
}))
const cancels: AlpacaItem[] = Array.from({ length: 20 }, (_, n) => ({
  ...{ T: 'x', S: 'AAPL', i: 465 + n, x: 'D', p: 2895.03, s: 18, a: n % 2 === 0 ? 'C' : 'E', z: 'C', t: timeOf(n) },
}))

/** Starts alpaca-py; collects what it hands to its user. */
function startClient(t: TestContext, python: Python, kind: string, address: string, symbols: readonly string[]) {
  const args = [CLIENT, kind, address, ACCOUNT.key, ACCOUNT.secret, ...symbols]
  const child: ChildProcess = spawn(python.command, args, {
    env: { ...process.env, PYTHONPATH: python.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const received: string[] = []
  createInterface({ input: child.stdout! }).on('line', line => {
    if (line.startsWith('{')) received.push(line)
  })
  return received
}

/** As text, since numbers of 19 digits are no doubles: what both sides are compared by. */
function asStored(line: string): string {
  const item = JSON.parse(line.replace(/"(i|t|oi|ci)": (\d+)/g, '"$1": "$2"')) as Record<string, string>
  const { T, S, t, x } = item
  const idOf = (number = '') => (x === undefined ? number : stockId(x, Number(number)))
  if (T === 'q') return [S, t, item.bp, item.bs, item.ap, item.as].join(' ')
  if (T === 't') {
    const side = item.tks === undefined ? 'unknown' : item.tks === 'B' ? 'buy' : 'sell'
    return [S, t, item.p, item.s, side, idOf(item.i), item.c ?? ''].join(' ')
  }
  const cancel = [item.a === 'C' ? 'cancel' : 'error', x, idOf(item.i), item.p, item.s, '', 0, 0, 0, '']
  const correction = [
    'correction',
    x,
    idOf(item.oi),
    item.op,
    item.os,
    item.oc,
    idOf(item.ci),
    item.cp,
    item.cs,
    item.cc,
  ]
  return [S, t, ...(T === 'x' ? cancel : correction)].join(' ')
}

test('alpaca-py and tickhouse receive the same trades, quotes and amendments, in lists of 1 to 5,000', {
  skip: missing ?? false,
  timeout: 600_000,
}, async t => {
  const python = await pythonWith('alpaca-py==0.44.*')
  const [ours, theirs] = [await AlpacaServer.open(t, ACCOUNT), await AlpacaServer.open(t, ACCOUNT)]
  const instance = new TestInstance(t, {
    SOURCES: 'alpaca:AAPL,MSFT alpacacrypto:BTC/USD',
    ALPACA_WS: ours.url,
    ALPACACRYPTO_WS: `${ours.url}${CRYPTO}`,
    ALPACA_KEY: ACCOUNT.key,
    ALPACA_SECRET: ACCOUNT.secret,
  })
  const running = instance.run('start')
  const fromStocks = startClient(t, python, 'stocks', `${theirs.url}${STOCKS}`, ['AAPL', 'MSFT'])
  const fromCrypto = startClient(t, python, 'crypto', `${theirs.url}${CRYPTO}`, ['BTC/USD'])
  const isReady = (server: AlpacaServer) =>
    server.subscribed(STOCKS, 'quotes')?.length === 2 && server.subscribed(CRYPTO, 'quotes')?.length === 1
  await until(() => isReady(ours) && isReady(theirs), WAIT_MS_MAX)

  for (const server of [ours, theirs]) {
    for (const list of [stocks, quotes]) {
      let at = 0
      for (const size of FRAMES) {
        server.send(STOCKS, list.slice(at, at + size))
        at += size
      }
    }
    server.send(STOCKS, [...corrections, ...cancels], 7)
    server.send(CRYPTO, crypto, 10)
  }
  const amended = corrections.length + cancels.length
  await until(() => fromStocks.length === 2 * count + amended && fromCrypto.length === crypto.length, WAIT_MS_MAX)
  await running.until(({ store }) => (store.kinds.trades?.ticks ?? 0) >= count + crypto.length)
  await running.drained()
  assert.deepEqual(await running.end('SIGTERM'), { code: 0, signal: null })

  const received = [...fromStocks, ...fromCrypto]
  const expected = {
    trades: received.filter(line => line.includes('"T": "t"')).map(asStored),
    quotes: received.filter(line => line.includes('"T": "q"')).map(asStored),
    amendments: received.filter(line => /"T": "[cx]"/.test(line)).map(asStored),
  }
  assert.ok(expected.trades.includes(`AAPL ${nanosOf(1)} 100.01 2 unknown ${stockId('D', 52_983_575_000_000)} @,I`))
  const store = await instance.store()
  try {
    const lines = async (columns: string, table: string) =>
      (await store.rows<{ line: string }>(`SELECT concatWithSeparator(' ', ${columns}) AS line FROM ${table}`)).map(
        ({ line }) => line,
      )
    const time = 'toString(toUnixTimestamp64Nano(timestamp))'
    const texts = (...names: string[]) => names.map(name => `toString(${name})`).join(', ')
    assert.deepEqual(
      (await lines(`symbol, ${time}, ${texts('price', 'volume', 'side', 'trade_id', 'conditions')}`, 'trades')).sort(),
      expected.trades.sort(),
    )
    assert.deepEqual(
      (await lines(`symbol, ${time}, ${texts('bid_price', 'bid_size', 'ask_price', 'ask_size')}`, 'quotes')).sort(),
      expected.quotes.sort(),
    )
    const before = ['trade_id', 'price', 'volume', 'conditions']
    const after = ['new_trade_id', 'new_price', 'new_volume', 'new_conditions']
    assert.deepEqual(
      (await lines(`symbol, ${time}, ${texts('action', 'exchange', ...before, ...after)}`, 'amendments')).sort(),
      expected.amendments.sort(),
    )
    assert.deepEqual(await store.rows('SELECT reason, detail FROM quarantine LIMIT 5'), [])
  } finally {
    await store.close()
  }
})
