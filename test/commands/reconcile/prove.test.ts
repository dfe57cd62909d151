/** `tickhouse prove` as a user runs it, on a store filled with recorded sessions and day files made from their frames. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Proof } from '../../../src/commands/reconcile/prove.ts'
import { skipWithoutData } from '../../support/data/recorded-data.ts'
import { dayFileLines, type Session, sessionOf, sessionRecord } from '../../support/data/session-trades.ts'
import { storeAll } from '../../support/data/storing.ts'
import { writeWithChecksum, zipOf } from '../../support/data/zip-file.ts'
import { TestInstance } from '../../support/processes/tickhouse.ts'
import { BinanceRest, type Fault } from '../../support/servers/binance-rest.ts'

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
/** The sessions end 1.3 s after midnight: those trades are of another day. */
const DAY = '2024-08-08'
/** Places of trades of ETHUSDT: one is not stored, one is stored with another price. */
const [LEFT_OUT, CHANGED] = [1_000, 2_000]

function fill(eth: Session): Session {
  const trades = eth.trades.map((trade, at) => (at === CHANGED ? { ...trade, price: '1.01' } : trade))
  return { ...eth, trades: trades.toSpliced(LEFT_OUT, 1) }
}

/** The same trades as another symbol, of which one is not stored. */
const withoutOne = ({ trades }: Session): Session => ({ symbol: 'SOLUSDT', trades: trades.toSpliced(LEFT_OUT, 1) })

suite('a recorded day and the file of it', { skip: skipWithoutData }, () => {
  const endings: (() => void | Promise<void>)[] = []
  const owner = { after: (work: () => void | Promise<void>) => void endings.push(work) }
  const instance = new TestInstance(owner)
  let rest: BinanceRest
  let btc: Session
  let eth: Session

  before(async () => {
    btc = sessionOf('btcusdt')
    eth = sessionOf('ethusdt')
    const [log, store] = [await instance.log('write'), await instance.store()]
    await log.append(0, [sessionRecord(btc), sessionRecord(fill(eth)), sessionRecord(withoutOne(eth))])
    const all = [btc, eth, { ...eth, symbol: 'SOLUSDT' }].map(({ symbol, trades }) => [symbol, trades] as const)
    rest = await BinanceRest.open(owner, new Map(all))
    await storeAll(log, store)
    const clock = { process: 'start', instance: 'a', name: 'source_clock_error_seconds', labels: {} }
    // The table has a partition for each day, and an insert goes into one.
    for (const [at, value] of [
      ['2024-08-08 23:55:10', 0.0002],
      ['2024-08-08 23:56:10', 0.0004],
      ['2024-08-09 00:00:10', 7],
    ])
      await store.insertRows('metrics', [{ ...clock, at, value }])
    await store.close()
    await log.close()
  })

  after(async () => {
    for (const end of endings) await end()
  })

  async function run(...words: string[]) {
    const env = { PATH: process.env.PATH, ...(rest && { TICKHOUSE_BINANCE_REST: rest.url }) }
    const command = [CLI, 'prove', ...words, '--listen', '127.0.0.1:1']
    const child = spawn(process.execPath, command, { cwd: instance.directory, env })
    const closed = once(child, 'close')
    const [stdout, stderr] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()])
    const [status] = await closed
    return { status, stdout: stdout.join(''), stderr: stderr.join('') }
  }

  /** The proof by candles alone, from a server with these faults. */
  async function byCandles(symbol: string, ...faults: Fault[]) {
    rest.faults.clear()
    for (const fault of faults) rest.faults.add(fault)
    const { status, stdout, stderr } = await run('binance', symbol, DAY, '--json')
    assert.equal(stderr, '')
    const proof = JSON.parse(stdout) as Proof
    return { status, proof, minutes: proof.minutes! }
  }

  async function prove(symbol: string, lines: readonly string[], change: (zip: Buffer) => Buffer = zip => zip) {
    const file = path.join(instance.directory, `${symbol}-trades-${DAY}.zip`)
    writeWithChecksum(file, change(zipOf(`${lines.join('\n')}\n`)))
    const { status, stdout, stderr } = await run('binance', symbol, DAY, '--file', file, '--no-candles', '--json')
    assert.equal(stderr, '')
    return { status, file, proof: JSON.parse(stdout) as Proof }
  }

  test('all that is stored equals the file: exit code 0, in words too', async () => {
    const lines = dayFileLines(btc, DAY)
    const { status, file, proof } = await prove('BTCUSDT', lines)
    assert.deepEqual([status, proof.proved, proof.file!.checksum], [0, true, 'equal'])
    const { rows, equal, first, last } = proof.file!.compared!
    assert.deepEqual([rows, equal], [lines.length, lines.length])
    assert.deepEqual([first, last], [btc.trades[0]!.id, btc.trades[lines.length - 1]!.id])
    assert.ok(lines.length < btc.trades.length, 'the trades of the next day are in the store, and not in the file')
    const text = await run('binance', 'BTCUSDT', DAY, '--file', file, '--no-candles')
    assert.match(text.stdout, /^binance BTCUSDT 2024-08-08 equals the venue's file row for row\.$/m)
    assert.equal(text.status, 0)
  })

  test('a trade that is not stored and one with another price are named: exit code 1', async () => {
    const { status, proof } = await prove('ETHUSDT', dayFileLines(eth, DAY))
    assert.deepEqual([status, proof.proved], [1, false])
    const { id } = eth.trades[LEFT_OUT]!
    assert.deepEqual(proof.file!.compared!.missingHere, { ids: 1, ranges: [{ first: id, last: id }] })
    const changed = eth.trades[CHANGED]!
    assert.deepEqual(proof.file!.compared!.differences, [
      { id: changed.id, column: 'price', file: String(Number(changed.price)), stored: '1.01' },
    ])
  })

  test('a trade that the file lacks is named, and one whose volume it changed', async () => {
    const lines = dayFileLines(btc, DAY)
    const [lacking, other] = [btc.trades[300]!, btc.trades[301]!]
    lines[301] = lines[301]!.replace(`,${other.qty},`, ',0.00000007,')
    const { status, proof } = await prove('BTCUSDT', lines.toSpliced(300, 1))
    const { fileMissing, missingThere, missingHere, differences } = proof.file!.compared!
    const named = { ids: 1, ranges: [{ first: lacking.id, last: lacking.id }] }
    assert.deepEqual([status, fileMissing, missingThere, missingHere.ids], [1, named, named, 0])
    assert.deepEqual(
      differences.map(({ id, column, file }) => [id, column, file]),
      [[other.id, 'volume', '7e-8']],
    )
  })

  test('a file that ends early is not equal, though its checksum is', async () => {
    const { status, proof } = await prove('BTCUSDT', dayFileLines(btc, DAY).slice(0, 5_000))
    assert.deepEqual([status, proof.file!.checksum, proof.proved], [1, 'equal', false])
    assert.equal(proof.file!.compared!.missingThere.ranges[0]!.first, btc.trades[5_000]!.id)
  })

  test('a damaged file and a wrong checksum are named', async () => {
    const damaged = await prove('BTCUSDT', dayFileLines(btc, DAY), zip => {
      zip[2_000]! ^= 255
      return zip
    })
    assert.match(String(damaged.proof.file!.unreadable), /damaged|CRC-32/)
    assert.deepEqual([damaged.status, damaged.proof.proved], [1, false])
    const { file } = await prove('BTCUSDT', dayFileLines(btc, DAY))
    fs.writeFileSync(`${file}.CHECKSUM`, `${'0'.repeat(64)}  x.zip\n`)
    const { status, stdout } = await run('binance', 'BTCUSDT', DAY, '--file', file, '--no-candles')
    assert.match(stdout, /^WRONG {3}the file differs from its checksum: download it again$/m)
    assert.equal(status, 1)
  })

  test('what cannot be compared is refused: exit code 2', async () => {
    const refused = async (message: RegExp, ...words: string[]) => {
      const { status, stderr } = await run(...words)
      assert.match(stderr, message)
      assert.equal(status, 2)
    }
    await refused(/not a day: 2024-02-31/, 'binance', 'BTCUSDT', '2024-02-31', '--file', 'a.zip')
    await refused(/there is no file a\.zip/, 'binance', 'BTCUSDT', DAY, '--file', 'a.zip')
    await refused(/only of binance/, 'kraken', 'BTC/USD', DAY, '--file', 'a.zip')
  })

  test('every minute equals the candles of the venue, in two requests', async () => {
    const asked = rest.requests.length
    const { status, proof, minutes } = await byCandles('BTCUSDT')
    assert.deepEqual([status, proof.proved, minutes.unavailable], [0, true, null])
    const { stated, equal, rounded, different, columns, inexact } = minutes.compared!
    assert.deepEqual([stated, equal, rounded, different, inexact], [1_440, 1_440, 0, 0, 0])
    assert.deepEqual(columns, ['count', 'volume', 'quoteVolume', 'takerBuyVolume', 'takerBuyQuoteVolume'])
    assert.equal(rest.requests.length - asked, 2)
    const { ids } = proof.recorded
    assert.deepEqual([ids.ids, ids.missing, ids.first], [ids.trades, 0, btc.trades[0]!.id])
    const words = await run('binance', 'BTCUSDT', DAY)
    assert.match(
      words.stdout,
      /^minutes 1,440 of 1,440 equal the venue's candles in count, volume, quote volume, taker/m,
    )
    assert.match(words.stdout, /^not proved:\n( {8}.*\n)+binance BTCUSDT 2024-08-08 equals the venue's candles/m)
    assert.match(words.stdout, /^clock {3}within 0\.4 ms of UTC in 2 of 1,440 minutes$/m)
    assert.match(words.stdout, /^ {8}receive times of 1,438 minutes: no bound of the clock's error$/m)
  })

  test('with one trade missing exactly one minute differs, and names the id', async () => {
    const { status, minutes } = await byCandles('SOLUSDT')
    const { id, micros, qty } = eth.trades[LEFT_OUT]!
    const { equal, different, differences } = minutes.compared!
    assert.deepEqual([status, equal, different], [1, 1_439, 1])
    assert.deepEqual(differences[0]!.missing, { ids: 1, ranges: [{ first: id, last: id }] })
    assert.equal(differences[0]!.minute, `${new Date(micros / 1000).toISOString().slice(0, 16)}Z`)
    const columns = new Map(differences[0]!.columns.map(({ column, ...values }) => [column, values]))
    assert.equal(Number(columns.get('count')!.venue) - Number(columns.get('count')!.stored), 1)
    const { venue, stored } = columns.get('volume')!
    assert.equal((Number(venue) - Number(stored)).toFixed(6), Number(qty).toFixed(6))
  })

  test('another price shows in the quote volume of its minute alone', async () => {
    const { minutes } = await byCandles('ETHUSDT')
    const { isBuyerMaker } = eth.trades[CHANGED]!
    const found = minutes.compared!.differences.map(({ columns }) => columns.map(({ column }) => column))
    assert.deepEqual(found.at(-1), isBuyerMaker ? ['quoteVolume'] : ['quoteVolume', 'takerBuyQuoteVolume'])
    assert.equal(minutes.compared!.different, 2)
  })

  test('a venue that is busy, limits requests or cuts answers is asked again; one that does not know the symbol is not', async () => {
    for (const fault of ['unavailable', 'cut body'] as const) {
      const { status, proof } = await byCandles('BTCUSDT', fault)
      assert.deepEqual([status, proof.proved], [0, true], fault)
    }
    assert.equal(rest.bans, 0)
    const { status, minutes } = await byCandles('XRPUSDT')
    assert.deepEqual([status, minutes], [1, { unavailable: 'the venue knows no such symbol', compared: null }])
  })
})
