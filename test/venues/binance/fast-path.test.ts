/** The fast path of Binance's decoder against JSON.parse. Every run prints its seed; `FUZZ_SEED=<seed>` repeats it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { binance, decodeAny } from '../../../src/venues/binance/decode.ts'
import { damaged } from '../../support/data/damaged-frames.ts'
import { decoded } from '../../support/judges/collecting-sink.ts'
import { evidence } from './frames.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const BUDGET = { seed: SEED, numRuns: 20_000, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false }
const FRAMES = evidence.frames.map(({ frame }) => frame)

test(`the fast path and JSON.parse agree on every damaged frame (seed ${SEED})`, () => {
  fc.assert(
    fc.property(damaged(FRAMES), frame =>
      assert.deepEqual(decoded(binance.decoder(), frame), decoded(decodeAny, frame)),
    ),
    BUDGET,
  )
})

test(`they agree on well-formed trades with any values (seed ${SEED})`, () => {
  const digits = (lengthMax: number) => fc.stringMatching(new RegExp(`^\\d{1,${lengthMax}}$`))
  const decimal = fc.oneof(
    digits(18),
    fc.tuple(digits(9), digits(9)).map(parts => parts.join('.')),
    fc.double().map(String),
  )
  const trade = fc.record({
    s: fc.oneof(
      fc.constantFrom('BTCUSDT', 'ETHUSDT', '1000SATSUSDT', '币安人生USDT', ''),
      fc.string({ maxLength: 12 }),
    ),
    t: digits(20),
    p: decimal,
    q: decimal,
    T: fc.oneof(
      digits(17),
      fc.integer({ min: 1e12, max: 1e13 }).map(String),
      fc.integer({ min: 1e15, max: 9e15 }).map(String),
    ),
    m: fc.boolean(),
  })
  fc.assert(
    fc.property(trade, ({ s, t, p, q, T, m }) => {
      const text = `{"stream":"x@trade","data":{"e":"trade","E":1,"s":${JSON.stringify(s)},"t":${t},"p":"${p}","q":"${q}","T":${T},"m":${m},"M":true}}`
      const frame = Buffer.from(text)
      assert.deepEqual(decoded(binance.decoder(), frame), decoded(decodeAny, frame))
    }),
    BUDGET,
  )
})
