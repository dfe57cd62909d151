import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isMessagePack, jsonOf, readMessagePack, Timestamp } from '../../../src/venues/alpaca/message-pack.ts'
import { alpaca } from '../../../src/venues/alpaca/stocks.ts'
import { isObject, LongNumber } from '../../../src/venues/json-text.ts'
import { writeMessagePack } from '../../support/data/message-pack.ts'
import { decoded } from '../../support/judges/collecting-sink.ts'
import { evidence } from './frames.ts'

const values = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.double({ noNaN: true }),
    fc.boolean(),
    fc.constant(null),
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(tie('value'), { maxLength: 40 }),
    fc.dictionary(
      fc.string({ minLength: 2 }).filter(key => key !== '__proto__'),
      tie('value'),
      { maxKeys: 40 },
    ),
  ),
})).value

test('what was written is read', () => {
  fc.assert(
    fc.property(values, value => {
      const well = JSON.parse(JSON.stringify(value), (_key, each) =>
        typeof each === 'string' ? each.toWellFormed() : each,
      )
      assert.deepEqual(JSON.parse(JSON.stringify(readMessagePack(writeMessagePack(value)))), well)
    }),
  )
  for (const length of [15, 16, 65_535, 65_536]) {
    const list = Array.from({ length }, () => 1)
    assert.deepEqual(readMessagePack(writeMessagePack(list)), list)
  }
})

test('integers of 64 bits and nanoseconds keep all their digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), number => {
      const read = readMessagePack(writeMessagePack(number))
      assert.equal(read instanceof LongNumber ? read.text : String(read), String(number))
    }),
  )
  const seconds = fc.integer({ min: 0, max: 2 ** 36 })
  fc.assert(
    fc.property(seconds, fc.integer({ min: 0, max: 999_999_999 }), (second, nanos) => {
      const text = `${new Date(second * 1000).toISOString().slice(0, 19)}.${String(nanos).padStart(9, '0')}Z`
      const { t } = readMessagePack(writeMessagePack({ t: text })) as { t: Timestamp }
      assert.deepEqual([t.micros, t.nanos], [second * 1_000_000 + Math.floor(nanos / 1000), nanos % 1000])
    }),
  )
})

/** Frames of JSON without what MessagePack cannot state: numbers in quotes, other times. */
const pairs = evidence.frames.filter(
  ({ frame }) => frame.startsWith('[') && !frame.includes('yesterday') && !/"t":"[\d-]+"/.test(frame),
)

for (const { frame } of pairs)
  test(`MessagePack has the same meaning as ${frame.slice(0, 70)}`, () => {
    const items = JSON.parse(frame.replace(/:(\d{16,})/g, ':"bigint$1"'), (_key, value) =>
      typeof value === 'string' && value.startsWith('bigint') ? BigInt(value.slice(6)) : value,
    )
    const packed = writeMessagePack(items)
    assert.ok(isMessagePack(packed) && !isMessagePack(Buffer.from(frame)))
    const [fromJson, fromPacked] = [decoded(alpaca.decoder(), frame), decoded(alpaca.decoder(), packed)]
    for (const sink of [fromJson, fromPacked]) for (const refusal of sink.refusals) refusal.raw = undefined
    assert.deepEqual(fromPacked, fromJson)
  })

test('a refused item of MessagePack is quarantined as JSON, which decodes to the same refusal', () => {
  const item = { T: 't', S: 'AAPL', i: 2n ** 60n, x: 'D', p: '1', s: 1, t: '2021-02-22T15:51:44.335689322Z' }
  const [refusal] = decoded(alpaca.decoder(), writeMessagePack([item])).refusals
  assert.equal(
    String(refusal!.raw),
    '{"T":"t","S":"AAPL","i":1152921504606846976,"x":"D","p":"1","s":1,"t":"2021-02-22T15:51:44.335689322Z"}',
  )
  assert.equal(jsonOf(new Timestamp(-1, 0)), '"-1000000 microseconds since 1970"')
  const again = decoded(alpaca.decoder(), alpaca.frameOf!(String(refusal!.raw))).refusals
  assert.deepEqual(
    again.map(({ reason, detail }) => [reason, detail]),
    [[refusal!.reason, refusal!.detail]],
  )
})

test('damaged MessagePack never throws, and each frame is accounted for', () => {
  const whole = writeMessagePack(pairs.flatMap(({ frame }) => JSON.parse(frame) as unknown[]).filter(isObject))
  fc.assert(
    fc.property(fc.nat(whole.length), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
      const damaged = Buffer.from(whole.subarray(0, length))
      if (at < damaged.length) damaged[at] = byte
      assert.ok(decoded(alpaca.decoder(), damaged).calls >= 1)
    }),
    { numRuns: 2_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), bytes => {
      assert.ok(decoded(alpaca.decoder(), Buffer.from([0xdc, 0, 4, ...bytes])).calls >= 1)
    }),
  )
  const deep = Buffer.alloc(1_000_000, 0x91)
  assert.equal(decoded(alpaca.decoder(), deep).refusals[0]!.reason, 'malformed_frame')
})
