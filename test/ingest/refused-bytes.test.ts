/** From the socket's callback to the table: what is refused is kept byte for byte, or says how much of it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { listRows, rawOf } from '../../src/ingest/reprocess/quarantine.ts'
import { Recorder } from '../../src/sources/recorder.ts'
import { readRefused, refusedRecord } from '../../src/tick/records.ts'
import { openBoth } from '../support/data/storage.ts'
import { storeAll } from '../support/data/storing.ts'

const FRAMES: readonly Buffer[] = [
  gzipSync('{"e":"trade","s":"BTCUSDT"}'),
  Buffer.from([0, 1, 2, 0, 255, 254, 0x80, 10, 13, 0]),
  // A lone surrogate as UTF-8 would have it, which is none.
  Buffer.from([0x7b, 0xed, 0xa0, 0x80, 0x7d]),
  Buffer.from('{"text":"\\ud800 and \u0000 and é\u{1f600}"}'),
  Buffer.from('\ufffd is a character too'),
  Buffer.alloc(0),
  Buffer.alloc(1_000_000, 1),
]

test('a refused frame of any bytes is in quarantine byte for byte', async t => {
  const { log, store } = await openBoth(t)
  const recorder = new Recorder({ log, emit: () => {} })
  for (const frame of FRAMES) recorder.refuse('kraken', 'malformed_frame', 'not JSON', frame, 1e15)
  await recorder.drain()
  await log.append(0, [
    { kind: 'trades', format: 'json', version: 1, ticks: 2, payload: Buffer.from([0x7b, 0xff, 10, 0x7b, 0, 0xc3]) },
  ])
  await storeAll(log, store)
  const rows = await listRows(store, {}, 100, Number.MAX_SAFE_INTEGER)
  const expected = [...FRAMES, Buffer.from([0x7b, 0xff]), Buffer.from([0x7b, 0, 0xc3])]
  assert.equal(rows.length, expected.length)
  for (const [at, row] of rows.entries()) {
    assert.ok(Buffer.from(row.raw, 'base64').equals(expected[at]!), `payload ${at}`)
    assert.equal(row.receivedBytes, expected[at]!.length)
  }
})

test('of a frame beyond the bound the beginning is kept, which says how long it was', async t => {
  const { log, store } = await openBoth(t)
  const recorder = new Recorder({ log, emit: () => {} })
  const frame = Buffer.alloc(1_200_081, 'ab')
  recorder.refuse('kraken', 'malformed_frame', 'not JSON', frame, 1e15)
  await recorder.drain()
  await storeAll(log, store)
  const [row] = await listRows(store, {}, 1, 10)
  assert.equal(row!.rawBytes, 1_000_000)
  assert.equal(row!.receivedBytes, 1_200_081)
  assert.equal(row!.detail, 'not JSON (cut: the first 1000000 of 1200081 bytes)')
  const assignRun = { partition: 0, offset: row!.offset, index: row!.index } as Parameters<typeof rawOf>[1]
  assert.ok(Buffer.from(await rawOf(store, assignRun)).equals(frame.subarray(0, 1_000_000)))
})

test('frames of any bytes come back from a record of the log as they were', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 1, maxLength: 5 }), raws => {
      const frame = { venue: 'kraken', reason: 'malformed_frame', detail: '', receivedAtMicros: 1 } as const
      const read = readRefused(refusedRecord(raws.map(raw => ({ ...frame, raw }))).payload)
      for (const [at, { raw }] of read.entries())
        assert.deepEqual(Buffer.from(raw as Uint8Array), Buffer.from(raws[at]!))
    }),
  )
})
