import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeEntries, encodeEntries, hashesAt, tilePath, widthOf } from '../../src/proof/tiles.ts'

test('paths are those of the specification', () => {
  assert.equal(tilePath(0, 1_234_067, 256), 'tile/0/x001/x234/067')
  assert.equal(tilePath(1, 0, 17), 'tile/1/000.p/17')
  assert.equal(tilePath('entries', 1_000, 256), 'tile/entries/x001/000')
  assert.equal(tilePath('entries', 999, 1), 'tile/entries/999.p/1')
})

test('a tree of 70,000 has the tiles that the specification counts', () => {
  assert.equal(hashesAt(0, 70_000), 273 * 256 + 112)
  assert.equal(widthOf(0, 272, 70_000), 256)
  assert.equal(widthOf(0, 273, 70_000), 112)
  assert.equal(widthOf(1, 0, 70_000), 256)
  assert.equal(widthOf(1, 1, 70_000), 17)
  assert.equal(widthOf(2, 0, 70_000), 1)
  assert.equal(widthOf(2, 1, 70_000), 0)
})

test('entries come back from their bundle, and a cut bundle is refused', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 256 }), entries => {
      const bundle = encodeEntries(entries)
      assert.deepEqual(decodeEntries(bundle, entries.length), entries.map(Buffer.from))
      assert.throws(() => decodeEntries(bundle.subarray(0, -1), entries.length), { code: 'archive_mismatch' })
    }),
  )
  assert.throws(() => encodeEntries([new Uint8Array(65_536)]), RangeError)
})
