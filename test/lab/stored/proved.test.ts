import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { readCompleteness, unprovedShare } from '../../../src/lab/stored/proved.ts'
import { stateOf } from '../../../src/lab/stored/runs.ts'
import { openTestStore } from '../../support/data/storage.ts'

const { store, remove } = await openTestStore()
after(remove)
const runQuery = (query: string, format: string) => store.untrusted(query, format)
const nanos = (hour: string) => BigInt(Date.parse(`2026-11-27T${hour}Z`)) * 1_000_000n

test('the share of a run that is not proved is that of the hours counted so far, and -1 before', async () => {
  const read = () => readCompleteness(runQuery, ['test:A', 'test:B'], nanos('08:30:00'), nanos('10:10:00'))
  assert.equal(unprovedShare(await read()), -1)
  const hour = (symbol: string, at: string, condition: string) => ({
    ...{
      kind: 'trades',
      venue: 'test',
      symbol,
      hour: `2026-11-27 ${at}:00:00`,
      condition,
      cause: `${condition} it is`,
    },
    ...{ computed_at: `2026-11-27 12:00:00` },
  })
  await store.insertRows('coverage', [
    ...['07', '08', '09'].map(at => hour('A', at, 'proved')),
    ...[hour('B', '07', 'missing'), hour('B', '08', 'halted'), hour('B', '09', 'degraded'), hour('B', '11', 'missing')],
    hour('C', '09', 'missing'),
  ])
  const completeness = await read()
  assert.deepEqual([completeness.hours, completeness.proved, unprovedShare(completeness)], [4, 3, 0.25])
  assert.deepEqual(completeness.unproved, [
    ...[{ name: 'test:B', condition: 'degraded', cause: 'degraded it is', hours: 1, first: '2026-11-27 09:00:00' }],
  ])
})

test('the state of a run is the one that was written last', async () => {
  assert.equal(await stateOf(runQuery, 'r'), undefined)
  const row = (state: string, at: string) => ({ run: 'r', strategy: 's', state, written_at: `2026-11-27 12:00:${at}` })
  await store.insertRows('lab_runs', [row('ending', '02'), row('running', '01')])
  assert.equal(await stateOf(runQuery, 'r'), 'ending')
})
