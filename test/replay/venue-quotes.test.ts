/** A stored day of trades and quotes, sent out again as its venue and recorded again, has equal rows: by the processes a user runs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QUOTE_FLAG } from '../../src/tick/quotes/quotes.ts'
import { quotesOf, type SampleQuote } from '../support/data/quotes.ts'
import { NOON_MICROS, tradesOf } from '../support/data/trades.ts'
import type { ExpectedTrade } from '../support/judges/oracle.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'

const TRADES = 300
const QUOTES = 1_500
const TRADE_VALUES = 'venue, symbol, timestamp, price, volume, side, trade_id'
const QUOTE_VALUES = 'venue, symbol, timestamp, bid_price, bid_size, ask_price, ask_size, sequence, flags'
const DIGEST = ['trades', 'quotes']
  .map(table => {
    const values = table === 'trades' ? TRADE_VALUES : QUOTE_VALUES
    return `SELECT '${table}', count(), sum(cityHash64(${values})), groupBitXor(sipHash64(${values})) FROM ${table}`
  })
  .join(' UNION ALL ')

interface Format {
  symbols: readonly [string, string]
  flags: number
  /** Which quotes have no time of the venue. */
  isTimeless: (at: number) => boolean
}

const FORMATS: Record<string, Format> = {
  kraken: { symbols: ['BTC/USD', 'ETH/USD'], flags: 0, isTimeless: at => at % 97 === 0 },
  // A snapshot after a subscription, and one after a lost connection.
  coinbase: {
    symbols: ['BTC-USD', 'ETH-USD'],
    flags: QUOTE_FLAG.derived,
    isTimeless: at => at < 2 || at === 700 || at === 701,
  },
}

const query = async (storing: TestProcess, sql: string): Promise<string> =>
  (await fetch(`${await storing.url()}/api/query?format=TSV`, { method: 'POST', body: sql })).text()

/** Prices that rise, fall and return; sizes of up to eight digits; every second quote moves one side only. */
function quoteAt(at: number, { symbols, flags, isTimeless }: Format): SampleQuote {
  const turn = at >> 1
  const bid = 60_000 + Math.round(Math.sin(turn / 9) * 40) / 10
  const ask = bid + 0.1 + (turn % 3) / 10
  return {
    symbol: symbols[at % 2]!,
    bid: [bid, ((turn * 7_919) % 1_000_003) / 1e8 + 1e-8],
    ask: [Math.round(ask * 10) / 10, turn % 2 === 0 ? 1.5 : turn + 0.25],
    sequence: 0,
    micros: isTimeless(at) ? 0 : NOON_MICROS + at * 1_003,
    flags,
  }
}

for (const [name, format] of Object.entries(FORMATS)) {
  test(`trades and quotes of ${name}, replayed as ${name}, are recorded again to the last digit`, {
    timeout: 600_000,
  }, async t => {
    const first = new TestInstance(t)
    const log = await first.log('write')
    const trades = Array.from(
      { length: TRADES },
      (_, at): ExpectedTrade => ({
        ...{ symbol: format.symbols[at % 2]!, tradeId: 1 + (at >> 1), price: 60_000 + at / 10, volume: 0.1 + at / 1e6 },
        side: at % 3 === 0 ? 'sell' : 'buy',
      }),
    )
    await log.append(0, [tradesOf(name, trades)])
    await log.append(0, [
      quotesOf(
        name,
        Array.from({ length: QUOTES }, (_, at) => quoteAt(at, format)),
      ),
    ])
    await log.close()
    const storing = first.run('ingest')
    await storing.drained()
    const stored = await query(storing, DIGEST)
    assert.match(stored, new RegExp(`trades\\t${TRADES}\\t`))
    assert.match(stored, new RegExp(`quotes\\t${QUOTES}\\t`))

    const listen = (await storing.url()).replace('http://', '')
    const replay = first.run('replay', { LISTEN: listen }, ['--as', name, '--speed', 'max', '--port', '0'])
    const [, url] = await replay.waitForOutput(/replaying 1,800 ticks \(quotes, trades\).*: (ws:\/\/[\d.:]+)/)
    const second = new TestInstance(t, {
      SOURCES: `${name}:${format.symbols.join(',')}`,
      [`${name.toUpperCase()}_WS`]: name === 'kraken' ? `${url}/v2` : url!,
    })
    const recorder = second.run('record')
    assert.deepEqual(await replay.exited, { code: 0, signal: null }, replay.recentOutput())
    assert.match(replay.output, /ended after 1,800 ticks\n$/, 'none was left out')
    const again = second.run('ingest')
    await within(WAIT_MS_MAX, async () => {
      await again.drained()
      const recorded = await query(again, DIGEST)
      const [sorted, expected] = [recorded, stored].map(text => text.split('\n').sort().join('\n'))
      return sorted === expected ? undefined : `${recorded}\nnot\n${stored}`
    })
    assert.equal(await query(again, 'SELECT count() FROM quarantine'), '0\n')
    await recorder.end('SIGTERM')
  })
}
