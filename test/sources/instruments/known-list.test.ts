import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  compareLists,
  type InstrumentChange,
  isCut,
  type KnownList,
  keepList,
  readKeptList,
} from '../../../src/sources/instruments/known-list.ts'
import { type Instrument, instrument, TRADING } from '../../../src/venues/instruments.ts'

const spot = (symbol: string, stated: Partial<Instrument> = {}) => instrument({ symbol, kind: 'spot', ...stated })
const read = (listed: readonly Instrument[], nowMs = 1_000, known?: KnownList) => compareLists(known, listed, nowMs)
const shown = (changes: readonly InstrumentChange[]) =>
  changes.map(({ change, instrument: { symbol, status } }) => [change, symbol, status])

const lists = fc.uniqueArray(
  fc.record({
    symbol: fc.string({ minLength: 1, maxLength: 3 }),
    status: fc.constantFrom(TRADING, 'BREAK', 'delisted', 'Closed'),
    tickSize: fc.constantFrom(0, 0.01, 0.5),
    expiresMs: fc.constantFrom(0, 500, 50_000),
  }),
  { selector: ({ symbol }) => symbol, maxLength: 12 },
)
const toList = (stated: readonly { symbol: string }[]) => stated.map(one => spot(one.symbol, one))

test('all of a first list is found, and nothing of the same list is a change', () => {
  const { changes, now } = read([spot('B'), spot('A', { status: 'BREAK' })])
  assert.deepEqual(shown(changes), [
    ['found', 'A', 'BREAK'],
    ['found', 'B', TRADING],
  ])
  assert.deepEqual(read([spot('A', { status: 'BREAK' }), spot('B')], 2_000, now).changes, [])
})

test('listings, halts, resumptions, delistings and other changes are distinguished', () => {
  const { now } = read([
    spot('HALTS'),
    spot('RESUMES', { status: 'BREAK' }),
    spot('LEAVES'),
    spot('ENDS'),
    spot('TICK', { tickSize: 0.1 }),
    spot('OTHER', { status: 'BREAK' }),
    spot('STAYS'),
  ])
  const { changes } = read(
    [
      spot('HALTS', { status: 'HALT' }),
      spot('RESUMES'),
      spot('ENDS', { status: 'delisted' }),
      spot('TICK', { tickSize: 0.01 }),
      spot('OTHER', { status: 'cancel_only' }),
      spot('STAYS'),
      spot('NEW'),
    ],
    2_000,
    now,
  )
  assert.deepEqual(shown(changes), [
    ['delisted', 'ENDS', 'delisted'],
    ['halted', 'HALTS', 'HALT'],
    ['delisted', 'LEAVES', 'delisted'],
    ['listed', 'NEW', TRADING],
    ['changed', 'OTHER', 'cancel_only'],
    ['resumed', 'RESUMES', TRADING],
    ['changed', 'TICK', TRADING],
  ])
  const of = (symbol: string) => changes.find(change => change.instrument.symbol === symbol)!
  assert.deepEqual([of('LEAVES').firstSeenMs, of('LEAVES').lastSeenMs], [1_000, 1_000])
  assert.deepEqual([of('TICK').firstSeenMs, of('TICK').lastSeenMs], [1_000, 2_000])
  assert.deepEqual([of('NEW').firstSeenMs, of('NEW').lastSeenMs], [2_000, 2_000])
})

test('an instrument that its venue called delisted is not delisted once more when it vanishes', () => {
  const { now } = read([spot('A', { status: 'Closed' }), spot('B')])
  assert.deepEqual(shown(read([spot('B')], 2_000, now).changes), [['changed', 'A', 'delisted']])
})

test('the changes of any two lists lead from the first to the second, whatever the order, one for each symbol', () => {
  fc.assert(
    fc.property(lists, lists, (first, second) => {
      const { now } = read(toList(first))
      const { changes, now: after } = read(toList(second), 2_000, now)
      assert.deepEqual(read(toList(second).toReversed(), 2_000, now).changes, changes)
      assert.equal(new Set(changes.map(change => change.instrument.symbol)).size, changes.length)
      const listed = new Map([...now.bySymbol].map(([symbol, known]) => [symbol, known.instrument]))
      for (const { instrument: now, lastSeenMs } of changes) {
        if (lastSeenMs === 1_000) listed.delete(now.symbol)
        else listed.set(now.symbol, now)
      }
      assert.deepEqual(listed, new Map(toList(second).map(one => [one.symbol, one])))
      assert.deepEqual(read(toList(second), 3_000, after).changes, [])
    }),
  )
})

test('a list is read back from the status board as it was, and anything else as none', () => {
  fc.assert(
    fc.property(lists, listed => {
      const { now } = read(toList(listed))
      assert.deepEqual(readKeptList(JSON.parse(JSON.stringify(keepList(now)))), now)
    }),
  )
  for (const body of [null, 'x', {}, { readMs: 1, deflated: 'AAAA' }, { readMs: '1', deflated: '' }])
    assert.equal(readKeptList(body), undefined)
  fc.assert(fc.property(fc.jsonValue(), body => void readKeptList(body)))
})

test('a list of thousands takes a small part of a message on the status board', () => {
  const listed = Array.from({ length: 4_000 }, (_, index) =>
    spot(`BTC-${index}DEC26-${index * 500}-C`, { tickSize: 0.0005, expiresMs: 1_790_000_000_000 + index }),
  )
  assert.ok(JSON.stringify(keepList(read(listed).now)).length < 300_000)
})

test('a list without half of its instruments is a cut one, unless they expired', () => {
  const many = Array.from({ length: 40 }, (_, index) => spot(`S${index}`))
  const dated = many.map(one => ({ ...one, expiresMs: 1_500 }))
  for (const [listed, rest, cut] of [
    [many, 19, true],
    [many, 20, false],
    [many.slice(0, 9), 1, false],
    [dated, 1, false],
  ] as const) {
    const { now } = read(listed)
    const { changes } = read(listed.slice(0, rest), 2_000, now)
    assert.equal(isCut(now, changes, 2_000), cut, `${rest} of ${listed.length}`)
  }
  assert.equal(isCut(undefined, read(many).changes, 1_000), false)
})
