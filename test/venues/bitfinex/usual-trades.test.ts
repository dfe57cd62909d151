/** The fast way of trades against the slow one, on a socket with a channel of trades and one of quotes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyDecoder, bitfinex } from '../../../src/venues/bitfinex/decode.ts'
import { usualTradesDecoder } from '../../../src/venues/bitfinex/usual-trades.ts'
import { damaged } from '../../support/data/damaged-frames.ts'
import { CollectingSink, decoded } from '../../support/judges/collecting-sink.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const BUDGET = { seed: SEED, numRuns: 10_000, interruptAfterTimeLimit: 3_000, markInterruptAsFailure: false }

const opening = ['trades', 'book'].map(
  (channel, at) =>
    `{"event":"subscribed","channel":"${channel}","chanId":${89 + at},"symbol":"tBTCUSD"${at ? ',"len":"1"' : ''}}`,
)
const executed = '[89,"te",[382489563,1564617600709,0.00705845,10087.98969503],1564617600784]'
const frames = [
  executed,
  executed.replace('0.00', '-0.00'),
  executed.replace('te', 'tu'),
  executed.replace('],', '],22,'),
  executed.replace(',1564617600784]', ']'),
]

/** Was the frame accepted? Then both ways agree. */
function accepts(frame: Buffer): boolean {
  const slow = anyDecoder()
  for (const one of opening) decoded(slow, one)
  const fast = new CollectingSink()
  const accepted = usualTradesDecoder(channel => (channel === 89 ? 'tBTCUSD' : undefined))(frame, fast)
  assert.deepEqual(fast, accepted ? decoded(slow, frame) : new CollectingSink(), frame.toString())
  return accepted
}

test('trades of either side and of either year take the fast way, frames of other channels do not', () => {
  for (const frame of frames) assert.ok(accepts(Buffer.from(frame)), frame)
  const others = [executed.replace('89', '90'), executed.replace('89', '7'), '[89,[],1564617600401]', '[89,"hb",1]']
  for (const frame of [...others, ...opening]) assert.ok(!accepts(Buffer.from(frame)), frame)
})

test('the venue decodes with it once the server stated the channel, and not after its end', () => {
  const decode = bitfinex.decoder()
  assert.equal(decoded(decode, executed).refusals.length, 1)
  decoded(decode, opening[0]!)
  assert.equal(decoded(decode, executed).trades.length, 1)
  decoded(decode, '{"event":"unsubscribed","status":"OK","chanId":89}')
  assert.equal(decoded(decode, executed).trades.length, 0)
})

/** Numbers as JSON allows them, and some that it does not. */
const numeral = fc.oneof(
  fc.nat().map(String),
  fc.integer({ min: 1e12, max: 2e12 }).map(String),
  fc.bigInt({ min: -(10n ** 22n), max: 10n ** 22n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc
    .tuple(fc.constantFrom('', '-'), fc.nat(), fc.stringMatching(/^\d{1,18}$/))
    .map(([sign, whole, rest]) => `${sign}${whole}.${rest}`),
  fc.constantFrom('0', '-0', '1', '-1', '00', '1e-7', 'null', '"1"'),
)
const legal = fc
  .record({
    type: fc.constantFrom('te', 'tu', 'hb'),
    trade: fc.array(numeral, { minLength: 3, maxLength: 5 }),
    usual: fc.boolean(),
    behind: fc.array(numeral, { maxLength: 3 }),
  })
  .map(({ type, trade, usual, behind }) => {
    const fields = usual ? ['382489563', '1564617600709', trade[0], '10087.5'] : trade
    return Buffer.from(`[89,"${type}",[${fields.join()}]${behind.map(number => `,${number}`).join('')}]`)
  })

test(`both ways agree on frames of any numbers, and on damaged frames (seed ${SEED})`, () => {
  let [accepted, all] = [0, 0]
  const count = (frame: Buffer) => {
    all++
    if (accepts(frame)) accepted++
  }
  fc.assert(fc.property(legal, count), BUDGET)
  assert.ok(accepted > all / 20, `only ${accepted} of ${all} took the fast way: the comparison is worth little`)
  fc.assert(
    fc.property(damaged(frames), frame => void accepts(frame)),
    BUDGET,
  )
})
