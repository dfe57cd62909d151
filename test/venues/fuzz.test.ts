/**
 * Decoders on damaged frames. Every run prints its seed; `FUZZ_SEED=<seed>` repeats it.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { REFUSALS } from '../../src/tick/refusal.ts'
import { binance, decodeAny } from '../../src/venues/binance/decode.ts'
import { coinbase } from '../../src/venues/coinbase/decode.ts'
import { kraken } from '../../src/venues/kraken/decode.ts'
import { simulator } from '../../src/venues/simulator.ts'
import { type CollectingSink, decoded } from '../support/judges/collecting-sink.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const BUDGET = { seed: SEED, numRuns: 20_000, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false }
/** No frame of this size may take longer, ms: generous, since it only has to tell work from hanging. */
const FRAME_MS_MAX = 1000

const BINANCE_FRAMES = [
  '{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}',
  '{"stream":"bnbbtc@trade","data":{"e":"trade","E":1554076800945,"s":"BNBBTC","t":40756030,"p":"0.00426990","q":"33.82000000","b":133829535,"a":133829504,"T":1554076800940,"m":false,"M":true}}',
  '{"e":"trade","E":1723161255343001,"s":"1000SATSUSDT","t":9007199254740992,"p":"100000000.00000000","q":"1","T":1723161255342001,"m":false,"M":true}',
  '{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}',
  '{"e":"serverShutdown","E":1770123456789}',
]
const COINBASE_FRAMES = [
  '{"type":"match","trade_id":881613,"maker_order_id":"4c2aa376-4bda-4947-84ee-4dc5a6337cba","taker_order_id":"247a6eb2-b5c1-42db-b0ac-cb74b85bcac8","side":"buy","size":"0.97133855","price":"4.97800000","product_id":"ETC-GBP","sequence":253395153,"time":"2019-08-01T00:00:03.816000Z"}',
  '{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}',
  '{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}',
  '{"type":"error","message":"Failed to subscribe","reason":"A-B is not a valid product"}',
]
const KRAKEN_FRAMES = [
  '{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":105944.20,"qty":0.00027625,"ord_type":"limit","trade_id":10218208,"timestamp":"2023-10-06T17:35:55.440295Z"},{"symbol":"ETH/USD","side":"sell","price":1.05e3,"qty":1234567890.123456789,"ord_type":"market","trade_id":18446744073709551615,"timestamp":"2023-10-06T17:35:55.440295Z"}]}',
  '{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true,"time_in":"2023-10-06T17:35:55.440295Z"}',
  '{"channel":"heartbeat"}',
]
const VENUES = [
  { venue: binance, frames: BINANCE_FRAMES },
  { venue: coinbase, frames: COINBASE_FRAMES },
  { venue: kraken, frames: KRAKEN_FRAMES },
  { venue: simulator, frames: BINANCE_FRAMES },
]

/** Pieces that tend to sit at the border of what a reader accepts. */
const SPLICES = [
  '"',
  '\\',
  '\\u0030',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '.',
  '-',
  '+',
  'e5',
  '0',
  '00',
  '9'.repeat(17),
  ' ',
  '\n',
  '\0',
  'é',
  '🦀',
  'null',
  'true',
  '""',
  '"data":',
  '[[[[',
  '\ud800',
]

/** A real frame that was cut, or had pieces of it replaced, doubled or spliced. */
function damaged(frames: readonly string[]): fc.Arbitrary<Buffer> {
  const change = fc.record({
    at: fc.nat(400),
    dropped: fc.nat(12),
    inserted: fc.oneof(fc.constantFrom(...SPLICES), fc.string({ maxLength: 8 }), fc.constant('')),
  })
  const spliced = fc.tuple(fc.constantFrom(...frames), fc.array(change, { maxLength: 3 })).map(([frame, changes]) => {
    let text = frame
    for (const { at, dropped, inserted } of changes) {
      const place = at % (text.length + 1)
      text = text.slice(0, place) + inserted + text.slice(place + dropped)
    }
    return Buffer.from(text)
  })
  const cut = fc.tuple(fc.constantFrom(...frames), fc.nat(400)).map(([frame, at]) => Buffer.from(frame).subarray(0, at))
  const flipped = fc.tuple(fc.constantFrom(...frames), fc.nat(400), fc.nat(255)).map(([frame, at, byte]) => {
    const bytes = Buffer.from(frame)
    bytes[at % bytes.length] = byte
    return bytes
  })
  const random = fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes))
  const json = fc.json().map(text => Buffer.from(text))
  return fc.oneof({ weight: 5, arbitrary: spliced }, cut, { weight: 2, arbitrary: flipped }, random, json)
}

function assertAccounted(sink: CollectingSink, frame: Buffer): void {
  assert.ok(sink.calls >= 1, `passed over in silence: ${frame}`)
  for (const { reason, detail } of sink.refusals) {
    assert.ok(reason in REFUSALS)
    assert.notEqual(detail, '')
  }
  for (const trade of sink.trades) {
    assert.ok(Number.isFinite(trade.price) && Number.isFinite(trade.volume) && trade.symbol !== '')
    assert.ok(Number.isSafeInteger(trade.micros) && trade.micros >= 0 && trade.nanos >= 0 && trade.nanos <= 999)
    assert.ok(trade.side === 'buy' || trade.side === 'sell')
    assert.ok(typeof trade.tradeId === 'bigint' ? trade.tradeId < 2n ** 64n : Number.isSafeInteger(trade.tradeId))
    assert.ok(trade.tradeId >= 0)
  }
}

for (const { venue, frames } of VENUES) {
  test(`${venue.name}: a damaged frame never throws, and ends in a trade, a message or a refusal (seed ${SEED})`, () => {
    fc.assert(
      fc.property(damaged(frames), frame => assertAccounted(decoded(venue.decode, frame), frame)),
      BUDGET,
    )
  })

  test(`${venue.name}: monstrous frames are refused in time`, () => {
    const monsters = [
      '['.repeat(1e6),
      '{"data":'.repeat(1e5),
      `${'['.repeat(1e5)}1234567890123456${']'.repeat(1e5)}`,
      '9'.repeat(1e6),
    ]
    monsters.push(...frames.map(frame => frame.replace(/"[^"]*"}/, `"${'9'.repeat(1e6)}"}`)))
    monsters.push(...frames.map(frame => frame.replace(/\d+\.?\d*/, '1'.repeat(1e5))))
    for (const monster of monsters) {
      const startedMs = performance.now()
      const frame = Buffer.from(monster)
      assertAccounted(decoded(venue.decode, frame), frame)
      assert.ok(performance.now() - startedMs < FRAME_MS_MAX, `${monster.slice(0, 40)}… took too long`)
    }
  })
}

test(`binance: the fast way and JSON.parse agree on every damaged frame (seed ${SEED})`, () => {
  fc.assert(
    fc.property(damaged(BINANCE_FRAMES), frame =>
      assert.deepEqual(decoded(binance.decode, frame), decoded(decodeAny, frame)),
    ),
    BUDGET,
  )
})

test(`binance: they agree on well-formed trades with any values (seed ${SEED})`, () => {
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
      assert.deepEqual(decoded(binance.decode, frame), decoded(decodeAny, frame))
    }),
    BUDGET,
  )
})
