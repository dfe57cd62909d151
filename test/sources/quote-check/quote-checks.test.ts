import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openLog } from '../../../src/log/open.ts'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { QuoteChecks } from '../../../src/sources/quote-check/quote-checks.ts'
import { readBookTops } from '../../../src/tick/quotes/book-tops.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { within } from '../../support/judges/within.ts'
import { ListServer } from '../../support/servers/list-server.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const TIMEOUT = { timeout: 300_000 }
const SNAPSHOT = {
  lastUpdateId: 100,
  bids: [
    ['100', '1'],
    ['50', '1'],
  ],
  asks: [
    ['101', '1'],
    ['150', '1'],
  ],
}
const event = (symbol: string, first: number, last: number, bid: string) =>
  JSON.stringify({ e: 'depthUpdate', s: symbol, U: first, u: last, b: [[bid, '2']], a: [] })

async function checking(t: TestContext, answer: () => { status: number; body: object }, turnMs: number) {
  const venue = await LocalVenue.open(t)
  const rest = await ListServer.open(t, response => {
    const { status, body } = answer()
    response.writeHead(status).end(JSON.stringify(body))
  })
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-check-'))
  const log = await openLog(`sqlite:${directory}`, 'write')
  const events = new EventLog()
  const symbols = ['BTCUSDT', 'ETHUSDT']
  const subscription = { venue: binance, symbols, kinds: ['trades', 'quotes'], ws: venue.url, rest: rest.url }
  const checks = new QuoteChecks({
    log,
    // Of SOLUSDT no quotes are recorded.
    subscriptions: () => [subscription, { ...subscription, kinds: ['trades'], symbols: ['SOLUSDT'] }],
    ...{ turnMs, emit: events.emit, timings: TIMINGS },
  })
  t.after(async () => {
    await checks.close()
    await log.close()
    fs.rmSync(directory, { recursive: true, force: true })
  })
  const tops = async () => {
    const all = []
    const { next } = log.bounds(0)
    if (next === 0) return []
    for await (const chunk of log.read(0, 0, new AbortController().signal)) {
      for (const { kind, payload, offset } of chunk) {
        const read = readBookTops(payload)
        assert.equal(kind, 'book_tops')
        for (let row = 0; row < read.length; row++)
          all.push([
            read.symbols.words[read.symbol[row]!],
            Number(read.sequence[row]),
            read.bidPrice[row],
            read.lowestBid[row],
          ])
        if (offset === next - 1) return all
      }
    }
    return all
  }
  return { venue, rest, events, tops }
}

test(
  'the top after each depth event is recorded, symbol after symbol, with the range of its snapshot',
  TIMEOUT,
  async t => {
    const { venue, rest, tops, events } = await checking(t, () => ({ status: 200, body: SNAPSHOT }), 3_000)
    const seen: string[] = []
    venue.onVisit = ({ request, socket }) => {
      seen.push(request.url!)
      const symbol = /\/ws\/(\w+)@depth@100ms/.exec(request.url!)![1]!.toUpperCase()
      let next = 99
      const timer = setInterval(() => socket.send(event(symbol, next, ++next, String(next / 2))), 50)
      socket.on('close', () => clearInterval(timer))
    }
    await within(200_000, async () => {
      const found = await tops()
      return new Set(found.map(([symbol]) => symbol)).size === 2 ? undefined : JSON.stringify(found.slice(-3))
    })
    assert.deepEqual(seen.slice(0, 2), ['/ws/btcusdt@depth@100ms', '/ws/ethusdt@depth@100ms'])
    assert.match(rest.requested[0]!.url, /^\/api\/v3\/depth\?symbol=BTCUSDT&limit=1000$/)
    const found = await tops()
    for (const [, sequence, bid, lowest] of found as [string, number, number, number][]) {
      assert.ok(sequence > 100)
      assert.deepEqual([bid, lowest], [Math.max(100, sequence / 2), 50])
    }
    assert.deepEqual(events.emitted, [])
  },
)

test('a venue that refuses snapshots is left alone, and the reason is an event', TIMEOUT, async t => {
  const { rest, events, tops } = await checking(t, () => ({ status: 429, body: {} }), 60_000)
  const [failed] = [await events.next('quote_check_failed')]
  assert.equal(failed.symbol, 'BTCUSDT')
  assert.match(String(failed.why), /HTTP status 429/)
  assert.equal(failed.waitMs, TIMINGS.rateLimitedMs)
  assert.equal(rest.requested.length, 1)
  assert.deepEqual(await tops(), [])
})
