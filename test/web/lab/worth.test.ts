import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LabContract } from '../../../src/serve/lab/protocol.ts'
import { worthOf } from '../../../web/src/lab/worth.ts'

const won = (quantity: number, paid: number, contract: LabContract | null, price?: number) =>
  worthOf({ strategy: 's', venue: 'v', symbol: 'S', quantity, paid, contract }, price)?.won

test('an open position has won what its contract is worth at the last trade, less what was paid', () => {
  assert.equal(won(2, 2_000, { size: 1, isInverse: false }, 1_100), 200)
  assert.equal(won(-200, -2_000, { size: 0.01, isInverse: false }, 1_100), -200)
  // Bought 2 of 100 USD at 1,000: 0.2 coins were received.
  assert.equal(won(2, -0.2, { size: 100, isInverse: true }, 1_250), 0.2 - 0.16)
  assert.equal(won(-2, 0.2, { size: 100, isInverse: true }, 1_250), 0.16 - 0.2)
  assert.equal(won(2, 2_000, null, 1_100), undefined)
  assert.equal(won(2, 2_000, { size: 1, isInverse: false }), undefined)
})
