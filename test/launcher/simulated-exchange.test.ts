import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseConfig } from '../../src/config.ts'
import { simulate } from '../../src/launcher/simulated-exchange.ts'
import { openLog } from '../../src/log/open.ts'
import { parseSources } from '../../src/sources/selection.ts'
import { TestClient } from '../simulator/client.ts'
import { quotesOf } from '../support/data/quotes.ts'
import { tradesOf } from '../support/data/trades.ts'

test('a simulated exchange continues after the last trade and the last quote in the log', async t => {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-test-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const address = `sqlite:${directory}/log`
  const log = await openLog(address, 'write')
  const trade = { symbol: 'BTCUSDT', price: 70_000, volume: 1, side: 'buy' as const }
  const quote = { symbol: 'BTCUSDT', bid: [70_000, 1] as const, ask: [70_001, 1] as const }
  await log.append(0, [
    tradesOf(
      'simulator',
      [41, 42].map(tradeId => ({ ...trade, tradeId })),
    ),
    quotesOf(
      'simulator',
      [99_000_000_000, 99_000_000_500].map(sequence => ({ ...quote, sequence })),
    ),
    quotesOf('binance', [{ ...quote, sequence: 99_999_999_999 }]),
  ])
  await log.close()
  const config = { ...parseConfig({}, {}), LOG: address }
  const simulation = await simulate(parseSources('simulator:BTCUSDT?rate=200'), config)
  t.after(() => simulation!.stop())
  const streams = 'btcusdt@trade/btcusdt@bookTicker'
  const client = await TestClient.connect(`${simulation!.wsUrl}/stream?streams=${streams}`)
  await client.until(() => client.trades().length > 0 && client.quotes().length > 0, 'a trade and a quote')
  client.ws.terminate()
  assert.equal(client.trades()[0]!.t, 43)
  assert.ok(Math.abs(Number(client.trades()[0]!.p) - 70_000) < 100)
  const { u } = client.quotes()[0]!
  assert.ok(u > 99_000_000_500 && u < 99_000_001_000, `${u}`)
})
