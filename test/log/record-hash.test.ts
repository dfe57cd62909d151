import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LoggedRecord } from '../../src/log/log.ts'
import { recordHash } from '../../src/log/record-hash.ts'

const ENTRY = fc.record({
  partition: fc.constant(0),
  offset: fc.nat(),
  timestampMs: fc.nat(),
  writtenMs: fc.nat(),
  leaderEpoch: fc.nat(5),
  kind: fc.constantFrom('trades', 'quotes'),
  format: fc.string({ maxLength: 8 }),
  version: fc.nat(3),
  ticks: fc.nat(100),
  payload: fc.uint8Array({ maxLength: 40 }),
})
const WRITTEN = ['writtenMs', 'leaderEpoch', 'kind', 'format', 'version', 'ticks', 'payload'] as const

test('a hash is exact in a double, never 0, and independent of the time that a reader assigned', () => {
  fc.assert(
    fc.property(ENTRY, fc.nat(), (entry: LoggedRecord, timestampMs) => {
      const hash = recordHash(entry)
      assert.ok(Number.isSafeInteger(hash) && hash > 0)
      assert.equal(recordHash({ ...entry, timestampMs, payload: entry.payload.slice() }), hash)
    }),
  )
})

test('records that differ in any written field have different hashes', () => {
  fc.assert(
    fc.property(ENTRY, ENTRY, fc.constantFrom(...WRITTEN), (entry: LoggedRecord, other: LoggedRecord, field) => {
      fc.pre(String(entry[field]) !== String(other[field]))
      assert.notEqual(recordHash(entry), recordHash({ ...entry, [field]: other[field] }))
    }),
  )
})
