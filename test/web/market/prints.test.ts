import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Print } from '../../../src/serve/page/protocol.ts'
import { PRINTS_MAX, Tape } from '../../../web/src/market/prints.ts'

const print = (tradeId: number, volume = 1): Print => [tradeId, 100, volume, 1, String(tradeId)]
const ids = (tape: Tape): string[] => tape.rows.map(row => row.print[4])

test('the newest print is on top', () => {
  const tape = new Tape()
  tape.reset([print(2), print(1)])
  tape.add([print(4), print(3)], 0)
  assert.deepEqual(ids(tape), ['4', '3', '2', '1'])
})

test('the tape is bounded and counts what it could not show', () => {
  const tape = new Tape()
  for (let id = 0; id < 1_000; id++) tape.add([print(id)], 9)
  assert.equal(tape.rows.length, PRINTS_MAX)
  assert.equal(tape.seen, 10_000)
  assert.equal(tape.skipped, 9_000)
})

test('a repeated trade id still makes a row of its own', () => {
  const tape = new Tape()
  tape.add([print(1), print(1)], 0)
  assert.equal(new Set(tape.rows.map(row => row.key)).size, 2)
})

test('a print is weighed against what is usual for its symbol', () => {
  const tape = new Tape()
  tape.reset(Array.from({ length: 50 }, (_, index) => print(index, 0.1)))
  tape.add([print(103, 2), print(102, 0.6), print(101, 0.3), print(100, 0.1)], 0)
  assert.deepEqual(
    tape.rows.slice(0, 4).map(row => row.weight),
    [3, 2, 1, 0],
  )
})
