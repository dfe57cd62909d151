/** `tickhouse prove` as a user runs it, on a store filled with recorded sessions and day files made from their frames. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
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

const CLI = fileURLToPath(new URL('../../../src/cli.ts', import.meta.url))
/** The sessions end 1.3 s after midnight: those trades are of another day. */
const DAY = '2024-08-08'
/** Places of trades of ETHUSDT: one is not stored, one is stored with another price. */
const [LEFT_OUT, CHANGED] = [1_000, 2_000]

function fill(eth: Session): Session {
  const trades = eth.trades.map((trade, at) => (at === CHANGED ? { ...trade, price: '1.01' } : trade))
  return { ...eth, trades: trades.toSpliced(LEFT_OUT, 1) }
}

suite('a recorded day and the file of it', { skip: skipWithoutData }, () => {
  const instance = new TestInstance({ after })
  let btc: Session
  let eth: Session

  before(async () => {
    btc = sessionOf('btcusdt')
    eth = sessionOf('ethusdt')
    const [log, store] = [await instance.log('write'), await instance.store()]
    await log.append(0, [sessionRecord(btc), sessionRecord(fill(eth))])
    await storeAll(log, store)
    await store.close()
    await log.close()
  })

  const run = (...words: string[]) => {
    const options = { cwd: instance.directory, env: { PATH: process.env.PATH }, encoding: 'utf8' } as const
    return spawnSync(process.execPath, [CLI, 'prove', ...words, '--listen', '127.0.0.1:1'], options)
  }

  function prove(symbol: string, lines: readonly string[], change: (zip: Buffer) => Buffer = zip => zip) {
    const file = path.join(instance.directory, `${symbol}-trades-${DAY}.zip`)
    writeWithChecksum(file, change(zipOf(`${lines.join('\n')}\n`)))
    const { status, stdout, stderr } = run('binance', symbol, DAY, '--file', file, '--format', 'json')
    assert.equal(stderr, '')
    return { status, file, proof: JSON.parse(stdout) as Proof }
  }

  test('all that is stored equals the file: exit code 0, in words too', () => {
    const lines = dayFileLines(btc, DAY)
    const { status, file, proof } = prove('BTCUSDT', lines)
    assert.deepEqual([status, proof.proved, proof.checksum], [0, true, 'equal'])
    const { rows, equal, first, last } = proof.dayFile!
    assert.deepEqual([rows, equal], [lines.length, lines.length])
    assert.deepEqual([first, last], [btc.trades[0]!.id, btc.trades[lines.length - 1]!.id])
    assert.ok(lines.length < btc.trades.length, 'the trades of the next day are in the store, and not in the file')
    const text = run('binance', 'BTCUSDT', DAY, '--file', file)
    assert.match(text.stdout, /^binance BTCUSDT 2024-08-08 equals the venue's file row for row\.$/m)
    assert.equal(text.status, 0)
  })

  test('a trade that is not stored and one with another price are named: exit code 1', () => {
    const { status, proof } = prove('ETHUSDT', dayFileLines(eth, DAY))
    assert.deepEqual([status, proof.proved], [1, false])
    const { id } = eth.trades[LEFT_OUT]!
    assert.deepEqual(proof.dayFile!.missingHere, { ids: 1, ranges: [{ first: id, last: id }] })
    const changed = eth.trades[CHANGED]!
    assert.deepEqual(proof.dayFile!.differences, [
      { id: changed.id, column: 'price', file: String(Number(changed.price)), stored: '1.01' },
    ])
  })

  test('a trade that the file lacks is named, and one whose volume it changed', () => {
    const lines = dayFileLines(btc, DAY)
    const [lacking, other] = [btc.trades[300]!, btc.trades[301]!]
    lines[301] = lines[301]!.replace(`,${other.qty},`, ',0.00000007,')
    const { status, proof } = prove('BTCUSDT', lines.toSpliced(300, 1))
    const { fileMissing, missingThere, missingHere, differences } = proof.dayFile!
    const named = { ids: 1, ranges: [{ first: lacking.id, last: lacking.id }] }
    assert.deepEqual([status, fileMissing, missingThere, missingHere.ids], [1, named, named, 0])
    assert.deepEqual(
      differences.map(({ id, column, file }) => [id, column, file]),
      [[other.id, 'volume', '7e-8']],
    )
  })

  test('a file that ends early is not equal, though its checksum is', () => {
    const { status, proof } = prove('BTCUSDT', dayFileLines(btc, DAY).slice(0, 5_000))
    assert.deepEqual([status, proof.checksum, proof.proved], [1, 'equal', false])
    assert.equal(proof.dayFile!.missingThere.ranges[0]!.first, btc.trades[5_000]!.id)
  })

  test('a damaged file and a wrong checksum are named', () => {
    const damaged = prove('BTCUSDT', dayFileLines(btc, DAY), zip => {
      zip[2_000]! ^= 255
      return zip
    })
    assert.match(String(damaged.proof.unreadable), /damaged|CRC-32/)
    assert.deepEqual([damaged.status, damaged.proof.proved], [1, false])
    const { file } = prove('BTCUSDT', dayFileLines(btc, DAY))
    fs.writeFileSync(`${file}.CHECKSUM`, `${'0'.repeat(64)}  x.zip\n`)
    const { status, stdout } = run('binance', 'BTCUSDT', DAY, '--file', file)
    assert.match(stdout, /^WRONG {3}the file differs from its checksum: download it again$/m)
    assert.equal(status, 1)
  })

  test('what cannot be compared is refused: exit code 2', () => {
    const refused = (message: RegExp, ...words: string[]) => {
      const { status, stderr } = run(...words)
      assert.match(stderr, message)
      assert.equal(status, 2)
    }
    refused(/not a day: 2024-02-31/, 'binance', 'BTCUSDT', '2024-02-31', '--file', 'a.zip')
    refused(/there is no file a\.zip/, 'binance', 'BTCUSDT', DAY, '--file', 'a.zip')
    refused(/only of binance/, 'kraken', 'BTC/USD', DAY, '--file', 'a.zip')
  })
})
