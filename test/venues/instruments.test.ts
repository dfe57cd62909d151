/** Every venue's list of instruments against its contract, and the way of a list of several answers. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { VENUES } from '../../src/venues/index.ts'
import { expiryOf, type InstrumentList, instrument, readList, sizeOf, stepOf } from '../../src/venues/instruments.ts'
import { type InstrumentEvidence, instrumentContract } from '../contracts/instruments.ts'

// All awaited before the first test is registered: a test that is registered late is left out by --test-force-exit.
const evidence = await Promise.all(
  VENUES.map(async ({ name }): Promise<InstrumentEvidence | undefined> => {
    const file = new URL(`${name}/instruments.ts`, import.meta.url)
    return existsSync(file) ? (await import(file.href)).evidence : undefined
  }),
)
for (const [index, venue] of VENUES.entries()) instrumentContract(venue, evidence[index])

const paged = (pages: number): InstrumentList => ({
  requests: [{ path: '/list?page=1' }],
  read(answer, { path }) {
    const page = Number(path.split('=')[1])
    const instruments = [instrument({ symbol: String(answer), kind: 'spot' })]
    return page < pages ? { instruments, next: { path: `/list?page=${page + 1}` } } : { instruments }
  },
})

test('every page of a list is asked for, and a cursor that leads in a circle ends', async () => {
  const listed = await readList(paged(3), async ({ path }) => path)
  assert.deepEqual(
    listed.map(({ symbol }) => symbol),
    ['/list?page=1', '/list?page=2', '/list?page=3'],
  )
  await assert.rejects(
    readList(paged(Number.POSITIVE_INFINITY), async ({ path }) => path),
    /more than 100 pages/,
  )
})

test('a symbol in two answers is listed once, and a list without any instrument is refused', async () => {
  const listed = await readList(paged(3), async () => 'BTCUSDT')
  assert.equal(listed.length, 1)
  const empty: InstrumentList = { requests: [{ path: '/list' }], read: () => ({ instruments: [] }) }
  await assert.rejects(
    readList(empty, async () => []),
    /empty/,
  )
})

test('a list is refused as a whole if one of its answers is no list', async () => {
  const second: InstrumentList = {
    requests: [{ path: '/spot' }, { path: '/swap' }],
    read: (_, { path }) =>
      path === '/spot' ? { instruments: [instrument({ symbol: 'A', kind: 'spot' })] } : undefined,
  }
  await assert.rejects(
    readList(second, async () => ({})),
    /\/swap is not a list/,
  )
})

test('sizes, steps and expiries are finite numbers, or 0 for whatever does not state one', () => {
  assert.equal(sizeOf('0.00000100'), 1e-6)
  assert.equal(stepOf(8), 1e-8)
  assert.equal(stepOf(0), 1)
  for (const value of ['', '0x10', '-1', '-0.1', 'NaN', ' 1', null, {}, -3]) assert.equal(sizeOf(value), 0)
  assert.equal(expiryOf('1653033600000'), 1_653_033_600_000)
  for (const never of [0, '0', '', 4_133_404_800_000, 32_503_708_800_000]) assert.equal(expiryOf(never), 0)
  fc.assert(
    fc.property(fc.anything(), value => {
      for (const read of [sizeOf, stepOf, expiryOf]) assert.ok(Number.isFinite(read(value)) && read(value) >= 0)
    }),
  )
})
