/** Every venue against the venue contract, with the evidence of its own folder here. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { IdKind } from '../../src/tick/id-kind.ts'
import { FIRST_RUN_VENUES, VENUES } from '../../src/venues/index.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { idContradiction, joinedContradiction } from '../contracts/id-kind.ts'
import { type VenueEvidence, venueContract } from '../contracts/venue.ts'

// All awaited before the first test is registered: a test that is registered late is left out by --test-force-exit.
const evidence = await Promise.all(
  VENUES.map(async ({ name }): Promise<VenueEvidence | undefined> => {
    const file = new URL(`${name}/frames.ts`, import.meta.url)
    return existsSync(file) ? (await import(file.href)).evidence : undefined
  }),
)
for (const [index, venue] of VENUES.entries()) venueContract(venue, evidence[index])

test('venues have different names', () => {
  assert.equal(new Set(VENUES.map(({ name }) => name)).size, VENUES.length)
})

test('README.md names the venues of a first run, and no others', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, named = ''] = readme.match(/the public feeds that answer, of ([^;]+);/) ?? []
  assert.deepEqual(
    named.toLowerCase().match(/(?!and\b)\b[a-z]+/g),
    FIRST_RUN_VENUES.map(({ name }) => name),
  )
})

test('no code outside src/venues names a venue', () => {
  const src = new URL('../../src/', import.meta.url)
  // The simulated exchange is started by us and has options: launcher and selection know it.
  const names = VENUES.filter(venue => venue !== simulator).map(({ name }) => name)
  const named = new RegExp(`['"\`](?:${names.join('|')})(?:_ws|_rest)?['"\`]`, 'i')
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.ts') && !file.startsWith('venues/'))
      assert.doesNotMatch(readFileSync(new URL(file, src), 'utf8'), named, file)
})

test('ids contradict a kind that promises more or less than they show', () => {
  const contradiction = (kind: IdKind, ...ids: number[]) => idContradiction(kind, new Map([['A', ids]]))
  for (const kind of ['dense', 'rising', 'opaque'] as const)
    assert.match(contradiction(kind, 5, 6) ?? '', /fewer than 3/)
  assert.equal(contradiction('dense', 5, 6, 7), undefined)
  assert.match(contradiction('dense', 5, 6, 8) ?? '', /id 8 after 6: dense ids rise by one/)
  assert.match(contradiction('dense', 5, 6, 6) ?? '', /rise by one/)
  assert.match(contradiction('dense', 5, 6, 4) ?? '', /rise by one/)
  assert.equal(contradiction('rising', 5, 6, 9), undefined)
  assert.match(contradiction('rising', 5, 9, 9) ?? '', /never repeat or fall/)
  assert.match(contradiction('rising', 5, 9, 7) ?? '', /never repeat or fall/)
  assert.match(contradiction('rising', 5, 6, 7) ?? '', /dense/)
  assert.equal(contradiction('opaque', 5, 2, 9), undefined)
  assert.match(contradiction('opaque', 5, 7, 9) ?? '', /rising/)
  assert.match(contradiction('opaque', 5, 2, 5) ?? '', /twice/)
  assert.equal(contradiction('none', 0, 0, 0), undefined)
  assert.equal(contradiction('none', 77, 77, 5), undefined)
  assert.match(contradiction('none', 5, 6, 9) ?? '', /states them/)
  assert.equal(contradiction('aggregate', 5, 6, 7), undefined)
  assert.match(contradiction('aggregate', 5, 6, 8) ?? '', /rise by one/)
  for (const kind of ['counted', 'sequence'] as const)
    assert.match(contradiction(kind, 1, 2, 3) ?? '', /no decoder hands them on yet/)
})

test('aggregates contradict each other where they join no trades, or one of them twice', () => {
  const contradiction = (...ranges: ([number, number] | undefined)[]) =>
    joinedContradiction(
      ranges.map((joined, tradeId) => ({
        ...{ symbol: 'A', micros: 0, nanos: 0, price: 1, volume: 1, side: 'buy', tradeId },
        ...(joined && { joined }),
      })),
    )
  // Ids between them are of trades in no stream: those of an insurance fund.
  assert.equal(contradiction([5, 5], [6, 9], [11, 12]), undefined)
  assert.match(contradiction([5, 5], [5, 9]) ?? '', /joins trade 5 after 5/)
  assert.match(contradiction([9, 5]) ?? '', /joins trades 9 to 5/)
  assert.match(contradiction([5, 5], undefined) ?? '', /does not state/)
})
