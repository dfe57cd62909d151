import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { areDense, notProvedOf } from '../../src/proof/certificate.ts'
import { claimsOf, type ObjectFacts } from '../../src/proof/claims.ts'
import type { Leaf } from '../../src/proof/leaf.ts'
import { ID_KINDS } from '../../src/tick/id-kind.ts'

/** Facts of one object: its ids, of which those from `from` to `to` are in the range of time. */
function factsOf(ids: readonly number[], from: number, to: number, run = 0): ObjectFacts {
  const inside = ids.filter(id => id >= from && id <= to)
  const held: [string, string][] = []
  for (const id of [...new Set(ids)].sort((a, b) => a - b)) {
    const last = held.at(-1)
    if (last && Number(last[1]) === id - 1) last[1] = String(id)
    else held.push([String(id), String(id)])
  }
  const text = (id: number) => String(inside.length === 0 ? 0 : id)
  const [first, last] = [text(Math.min(...inside)), text(Math.max(...inside))]
  const sums = { volume: '1.5', notional: '0.25', inexact: 0 }
  return { run, rows: inside.length, firstTime: first, lastTime: last, firstId: first, lastId: last, ...sums, held }
}

const objects = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 30 }), { minLength: 1, maxLength: 5 })
const times = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }))

test('an id is missing if no object has it, also one of another hour', () => {
  fc.assert(
    fc.property(objects, times, (lists, [from, to]) => {
      const claims = claimsOf(
        lists.map(ids => [factsOf(ids, from, to)]),
        true,
      )
      const inside = lists.flat().filter(id => id >= from && id <= to)
      if (inside.length === 0) return assert.equal(claims, null)
      const held = new Set(lists.flat())
      const [first, last] = [Math.min(...inside), Math.max(...inside)]
      const missing: number[] = []
      for (let id = first; id <= last; id++) if (!held.has(id)) missing.push(id)
      const [run] = claims!.runs
      const stated = run!.missing.flatMap(([a, b]) =>
        Array.from({ length: Number(b) - Number(a) + 1 }, (_, at) => Number(a) + at),
      )
      assert.deepEqual(stated, missing)
      assert.equal(Number(run!.ids), last - first + 1 - missing.length)
      assert.equal(claims!.condition, missing.length === 0 ? 'proved' : 'degraded')
      assert.equal(claims!.rows, inside.length)
    }),
  )
})

test('where any entry has ids with holes or without order, nothing is ever proved, whatever the rows', () => {
  const weak = ID_KINDS.filter(kind => kind !== 'dense' && kind !== 'aggregate')
  fc.assert(
    fc.property(
      objects,
      times,
      fc.array(fc.constantFrom(...ID_KINDS), { maxLength: 4 }),
      fc.constantFrom(...weak, '', 'unheard-of'),
      (lists, [from, to], others, one) => {
        const leaves = [...others, one].map(idKind => ({ idKind }) as Leaf)
        const claims = claimsOf(
          lists.map(ids => [factsOf(ids, from, to)]),
          areDense(leaves),
        )
        if (!claims) return
        assert.equal(claims.condition, 'unprovable')
        assert.deepEqual(claims.runs, [])
        assert.match(notProvedOf(claims).join(' '), /That none is missing/)
      },
    ),
  )
  assert.equal(areDense([]), false)
})

test('runs of ids are counted apart: the ids of one do not fill those of another', () => {
  const claims = claimsOf([[factsOf([1, 3], 1, 9, 0), factsOf([2], 1, 9, 1)]], true)
  assert.deepEqual(
    claims!.runs.map(({ run, missing }) => ({ run, missing })),
    [
      { run: 0, missing: [['2', '2']] },
      { run: 1, missing: [] },
    ],
  )
})

test('sums are added as decimals', () => {
  const one = { ...factsOf([1], 1, 9), volume: '0.1', notional: '1' }
  const two = { ...factsOf([2], 1, 9), volume: '0.20000000000000000009', notional: '2.5' }
  const claims = claimsOf([[one], [two]], true)
  assert.deepEqual([claims!.volume, claims!.notional], ['0.30000000000000000009', '3.5'])
})
