/** `tickhouse prove kraken …` as a user runs it: a stored day and a server in the shape of Kraken's, which serves the newest 720 minutes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Proof } from '../../../src/commands/reconcile/prove.ts'
import { storeAll } from '../../support/data/storing.ts'
import { tradesOf } from '../../support/data/trades.ts'
import { TestInstance } from '../../support/processes/tickhouse.ts'
import { KrakenOhlc, type KrakenTrade } from '../../support/servers/kraken-ohlc.ts'

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
const DAY_MS = 86_400_000
const START_MS = (Math.floor(Date.now() / DAY_MS) - 1) * DAY_MS
const DAY = new Date(START_MS).toISOString().slice(0, 10)
const TRADES = 4_000
/** Not stored: its minute is one that is served. */
const LEFT_OUT = 3_000

/** Spread over the day and beyond its end; volumes whose sum doubles would round. */
const trades: KrakenTrade[] = Array.from({ length: TRADES }, (_, at) => ({
  id: 70_000_000 + at,
  price: (60_000 + ((at * 7_919) % 1_000) / 10).toFixed(1),
  qty: ((1 + ((at * 104_729) % 100_000_007)) / 1e8).toFixed(8),
  micros: START_MS * 1000 + at * 22_000_000 + ((at * 31) % 1_000),
}))

suite('a day of Kraken and its candles', () => {
  const endings: (() => void | Promise<void>)[] = []
  const owner = { after: (work: () => void | Promise<void>) => void endings.push(work) }
  const instance = new TestInstance(owner)
  let venue: KrakenOhlc

  before(async () => {
    const [log, store] = [await instance.log('write'), await instance.store()]
    const record = (symbol: string, some: readonly KrakenTrade[]) => {
      const stored = some.map(({ id, price, qty }) => ({
        symbol,
        tradeId: id,
        price: Number(price),
        volume: Number(qty),
        side: 'buy',
      }))
      return tradesOf('kraken', stored, undefined, ({ tradeId }) => trades[tradeId - trades[0]!.id]!.micros)
    }
    await log.append(0, [record('BTC/USD', trades), record('ETH/USD', trades.toSpliced(LEFT_OUT, 1))])
    await storeAll(log, store)
    await store.close()
    await log.close()
    // A minute after midnight.
    const pairs = new Map([
      ['XBTUSD', trades],
      ['ETHUSD', trades],
    ])
    venue = await KrakenOhlc.open(owner, pairs, START_MS + DAY_MS + 60_000)
  })

  after(async () => {
    for (const end of endings) await end()
  })

  async function prove(symbol: string) {
    const env = { PATH: process.env.PATH, TICKHOUSE_KRAKEN_REST: venue.url }
    const words = [CLI, 'prove', 'kraken', symbol, DAY, '--json', '--listen', '127.0.0.1:1']
    const child = spawn(process.execPath, words, { cwd: instance.directory, env })
    const closed = once(child, 'close')
    const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()])
    assert.equal(stderr.join(''), '')
    const [status] = await closed
    return { status, proof: JSON.parse(stdout.join('')) as Proof }
  }

  test('every minute that is served equals in count and volume; the rest of the day is not proved', async () => {
    const { status, proof } = await prove('BTC/USD')
    const { stated, equal, different, columns, inexact } = proof.minutes!.compared!
    // Of 720 rows, one is not over and one is of the next day.
    assert.deepEqual([stated, equal, different, inexact], [718, 718, 0, 0])
    assert.deepEqual(columns, ['count', 'volume'])
    assert.deepEqual([status, proof.proved], [1, false])
    assert.equal(venue.requests.at(-1), `/0/public/OHLC?pair=XBTUSD&interval=1&since=${START_MS / 1000 - 1}`)
  })

  test('a trade that is not stored differs in one minute, in count and volume, and is named', async () => {
    const { proof } = await prove('ETH/USD')
    const { id, qty } = trades[LEFT_OUT]!
    const { different, differences } = proof.minutes!.compared!
    assert.equal(different, 1)
    assert.deepEqual(differences[0]!.missing, { ids: 1, ranges: [{ first: id, last: id }] })
    const [counted, volume] = differences[0]!.columns
    assert.deepEqual([counted!.column, Number(counted!.venue) - Number(counted!.stored)], ['count', 1])
    assert.deepEqual([volume!.column, (Number(volume!.venue) - Number(volume!.stored)).toFixed(8)], ['volume', qty])
  })

  test('a limit of the venue is waited for, an unknown pair is not asked for again', async () => {
    venue.errors.push('EGeneral:Too many requests')
    const before = venue.requests.length
    const { proof } = await prove('BTC/USD')
    assert.deepEqual([proof.minutes!.compared!.equal, venue.requests.length - before], [718, 2])
    const unknown = await prove('NONE/USD')
    assert.deepEqual(unknown.proof.minutes, { unavailable: 'EQuery:Unknown asset pair', compared: null })
    assert.equal(venue.requests.length - before, 3)
  })
})
