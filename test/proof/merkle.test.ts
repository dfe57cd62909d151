import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  leafHash,
  nodeHash,
  type ReadHash,
  rootByInclusion,
  rootOf,
  subtreeRoot,
} from '../../src/proof/merkle.ts'

/** Hashes of complete subtrees straight from the leaves. */
const readerOf =
  (leaves: readonly Uint8Array[]): ReadHash =>
  async (height, index) =>
    subtreeRoot(leaves.slice(index * 2 ** height, (index + 1) * 2 ** height).map(leafHash))

/** MTH of RFC 6962, section 2.1, as it is written there. */
function treeHash(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest()
  if (leaves.length === 1) return leafHash(leaves[0]!)
  let k = 1
  while (k * 2 < leaves.length) k *= 2
  return nodeHash(treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)))
}

const numbered = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`leaf ${at}`))

/** Published with the reference implementation of RFC 6962. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f']
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

test('roots are those published for RFC 6962', async () => {
  const leaves = LEAVES.map(hex => Buffer.from(hex, 'hex'))
  for (const [at, expected] of ROOTS.entries())
    assert.equal((await rootOf(at + 1, readerOf(leaves))).toString('hex'), expected)
  assert.deepEqual(await rootOf(0, readerOf([])), treeHash([]))
})

test('every leaf of every tree has a proof of inclusion that leads to the root, and no other does', async () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = numbered(size)
    const root = treeHash(leaves)
    for (let index = 0; index < size; index++) {
      const proof = await inclusionProof(index, size, readerOf(leaves))
      const hash = leafHash(leaves[index]!)
      assert.deepEqual(rootByInclusion(index, size, hash, proof), root)
      assert.notDeepEqual(rootByInclusion(index, size, leafHash(Buffer.from('other')), proof), root)
      if (size > 1) assert.notDeepEqual(rootByInclusion((index + 1) % size, size, hash, proof), root)
      assert.equal(rootByInclusion(index, size, hash, [...proof, hash]), null)
      if (proof.length > 0) assert.equal(rootByInclusion(index, size, hash, proof.slice(1)), null)
      assert.equal(rootByInclusion(size, size, hash, proof), null)
    }
  }
})

test('every tree is consistent with each earlier one, and with no other', async () => {
  for (let size = 1; size <= 40; size++) {
    const leaves = numbered(size)
    const root = treeHash(leaves)
    for (let earlier = 0; earlier <= size; earlier++) {
      const earlierRoot = treeHash(leaves.slice(0, earlier))
      const proof = await consistencyProof(earlier, size, readerOf(leaves))
      assert.ok(isConsistent(earlier, size, earlierRoot, root, proof))
      assert.ok(!isConsistent(earlier, size, leafHash(Buffer.from('other')), root, proof))
      if (earlier > 0) assert.ok(!isConsistent(earlier, size, earlierRoot, leafHash(Buffer.from('other')), proof))
      assert.ok(!isConsistent(earlier, size, earlierRoot, root, [...proof, root]))
      if (earlier < size && earlier > 0) assert.ok(!isConsistent(earlier, size, earlierRoot, root, proof.slice(1)))
    }
  }
})

test('a proof with any hash changed is refused', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc
        .integer({ min: 2, max: 300 })
        .chain(size => fc.tuple(fc.constant(size), fc.nat(size - 1), fc.nat(), fc.nat(255))),
      async ([size, index, which, byte]) => {
        const leaves = numbered(size)
        const proof = await inclusionProof(index, size, readerOf(leaves))
        const changed = proof.map(hash => Buffer.from(hash))
        changed[which % proof.length]![byte % 32]! ^= 1
        const root = treeHash(leaves)
        assert.deepEqual(rootByInclusion(index, size, leafHash(leaves[index]!), proof), root)
        assert.notDeepEqual(rootByInclusion(index, size, leafHash(leaves[index]!), changed), root)
      },
    ),
    { numRuns: 60 },
  )
})
