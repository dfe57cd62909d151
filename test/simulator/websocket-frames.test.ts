import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { instrumentOf } from '../../src/simulator/market/instruments.ts'
import { QuoteFrame } from '../../src/venues/binance/quote-frame.ts'
import { TradeFrame } from '../../src/venues/binance/trade-frame.ts'
import { unitsText } from '../../src/venues/binance/units.ts'
import { FrameBuffer } from '../../src/venues/websocket-frames.ts'

/** Takes frames of one kind apart again, by RFC 6455, 5.2. */
function payloads(bytes: Buffer, kind = 0x81): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    assert.equal(bytes[at], kind)
    const short = bytes[at + 1]!
    const header = short < 126 ? 2 : short === 126 ? 4 : 10
    const length =
      short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    found.push(bytes.subarray(at + header, at + header + length))
    at += header + length
  }
  return found
}

test('payloads of every header length come out as they went in, also past the end of a slab', () => {
  const frames = new FrameBuffer()
  const written = [0, 1, 125, 126, 65_535, 65_536, 200_000, 7].map(length => Buffer.alloc(length, length % 251))
  for (const payload of written) frames.text(payload)
  assert.deepEqual(payloads(frames.take()), written)
  assert.equal(frames.take().length, 0)
})

test('text written in place is unchanged, for any number of bytes per character', () => {
  const frames = new FrameBuffer()
  const written = [0, 1, 125, 126, 65_535, 65_536, 300_000].flatMap(length => [
    'a'.repeat(length),
    'é€😀'.repeat(length / 3),
  ])
  for (const text of written) frames.textInPlace(text)
  assert.deepEqual(payloads(frames.take()).map(String), written)
})

test('bytes written in place are unchanged, if shorter or longer than announced', () => {
  const frames = new FrameBuffer()
  const sizes = [0, 1, 125, 126, 65_535, 65_536, 200_000, 300_000, 7]
  const written = sizes.map(length => Buffer.from(Array.from({ length }, (_, index) => (index * length) % 251)))
  for (const payload of written) {
    frames.binaryInPlace(200_000, room => {
      if (payload.length > room.length) return payload
      payload.copy(room)
      return room.subarray(0, payload.length)
    })
  }
  assert.deepEqual(payloads(frames.take(), 0x82), written)
})

test('taken frames do not change while others are written', () => {
  const frames = new FrameBuffer()
  const taken = Array.from({ length: 50 }, (_, index) => {
    frames.text(Buffer.alloc(10_000, index))
    return frames.take()
  })
  for (const [index, bytes] of taken.entries()) assert.deepEqual(payloads(bytes), [Buffer.alloc(10_000, index)])
})

test('any trade of any symbol is written as Binance writes it, to the byte', () => {
  const symbols = fc.stringMatching(/^[A-Z0-9]{1,20}$/)
  const id = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
  const ticks = fc.integer({ min: 1, max: 9_000_000 })
  const steps = fc.integer({ min: 1, max: 9_000_000 })
  const time = fc.integer({ min: 1_600_000_000_000_000, max: 4_000_000_000_000_000 })
  const bool = fc.boolean()
  fc.assert(
    fc.property(
      symbols,
      id,
      ticks,
      steps,
      time,
      bool,
      bool,
      bool,
      (symbol, t, p, q, timeMicros, isSell, combined, micros) => {
        const instrument = instrumentOf(symbol, 1)
        const frames = new FrameBuffer()
        const frame = new TradeFrame(instrument, { combined, micros })
        frame.stamp(timeMicros)
        frame.write(frames, t, p, q, isSell)
        const at = micros ? timeMicros : Math.floor(timeMicros / 1000)
        const price = unitsText(p * instrument.tickUnits)
        const volume = unitsText(q * instrument.stepUnits)
        const event = `{"e":"trade","E":${at},"s":"${symbol}","t":${t},"p":"${price}","q":"${volume}","T":${at},"m":${isSell},"M":true}`
        const text = combined ? `{"stream":"${symbol.toLowerCase()}@trade","data":${event}}` : event
        assert.deepEqual(payloads(frames.take()).map(String), [text])
      },
    ),
    { numRuns: 1_000 },
  )
})

test('the frame of the recorded session of 8 August 2024 is written to the byte', () => {
  const frames = new FrameBuffer()
  const frame = new TradeFrame(instrumentOf('BTCUSDT', 1), { combined: false, micros: false })
  frame.stamp(1_723_161_255_342_000)
  frame.write(frames, 3_735_683_259, 6_183_763, 2_000, true)
  assert.equal(
    String(payloads(frames.take())[0]),
    '{"e":"trade","E":1723161255342,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}',
  )
})

test('any quote of any symbol is written as Binance writes it, to the byte', () => {
  const symbols = fc.stringMatching(/^[A-Z0-9]{1,20}$/)
  const id = fc.oneof(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))
  const count = fc.integer({ min: 1, max: 9_000_000 })
  fc.assert(
    fc.property(symbols, id, count, count, count, count, fc.boolean(), (symbol, u, b, B, a, A, combined) => {
      const { tickUnits, stepUnits } = instrumentOf(symbol, 1)
      const frames = new FrameBuffer()
      new QuoteFrame({ symbol, tickUnits, stepUnits }, combined).write(frames, u, b, B, a, A)
      const [bid, ask] = [unitsText(b * tickUnits), unitsText(a * tickUnits)]
      const [bidSize, askSize] = [unitsText(B * stepUnits), unitsText(A * stepUnits)]
      const event = `{"u":${u},"s":"${symbol}","b":"${bid}","B":"${bidSize}","a":"${ask}","A":"${askSize}"}`
      const text = combined ? `{"stream":"${symbol.toLowerCase()}@bookTicker","data":${event}}` : event
      assert.deepEqual(payloads(frames.take()).map(String), [text])
    }),
    { numRuns: 1_000 },
  )
})

test("the example of the venue's document is written to the byte", () => {
  const frames = new FrameBuffer()
  const grid = { symbol: 'BNBUSDT', tickUnits: 10_000, stepUnits: 1_000_000 }
  new QuoteFrame(grid, false).write(frames, 400_900_217, 253_519, 3_121, 253_652, 4_066)
  assert.equal(
    String(payloads(frames.take())[0]),
    '{"u":400900217,"s":"BNBUSDT","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}',
  )
})
