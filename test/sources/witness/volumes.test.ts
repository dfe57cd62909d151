/** A venue's bars state another volume than its trades: over a real local socket, in the frames of Binance and Kraken. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TIMINGS } from '../../../src/sources/connection/timings.ts'
import { openFeeds } from '../../../src/sources/feeds.ts'
import { binance } from '../../../src/venues/binance/decode.ts'
import { kraken } from '../../../src/venues/kraken/decode.ts'
import type { Venue } from '../../../src/venues/venue.ts'
import { CollectingReceiver } from '../../support/judges/collecting-receiver.ts'
import { EventLog } from '../../support/judges/event-log.ts'
import { LocalVenue } from '../../support/servers/local-venue.ts'

const START_MS = Date.UTC(2026, 10, 22, 12)
const MINUTE_MS = 60_000
/** Each minute has three trades; in doubles their sum is 0.6000000000000001. */
const VOLUMES = ['0.1', '0.2', '0.3']

interface Frames {
  trade(id: number, ms: number, volume: string): string
  bar(minute: number, trades: number, volume: string): string
}

const ofBinance: Frames = {
  trade: (id, ms, volume) =>
    `{"stream":"btcusdt@trade","data":{"e":"trade","E":${ms},"s":"BTCUSDT","t":${id},"p":"100.5","q":"${volume}","T":${ms},"m":true,"M":true}}`,
  bar: (minute, trades, volume) => {
    const [t, f, L] = [START_MS + minute * MINUTE_MS, trades ? 1 + 3 * minute : -1, trades ? 3 * minute + trades : -1]
    const k = { t, T: t + MINUTE_MS - 1, s: 'BTCUSDT', i: '1m', f, L, v: volume, n: trades, x: false }
    return JSON.stringify({ stream: 'btcusdt@kline_1m', data: { e: 'kline', E: t, s: 'BTCUSDT', k } })
  },
}

const ofKraken: Frames = {
  trade: (id, ms, volume) =>
    `{"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"buy","price":100.5,"qty":${volume},"ord_type":"limit","trade_id":${id},"timestamp":"${new Date(ms).toISOString()}"}]}`,
  bar: (minute, trades, volume) =>
    `{"channel":"ohlc","type":"update","timestamp":"2026-11-22T12:00:00Z","data":[{"symbol":"BTC/USD","trades":${trades},"volume":${volume},"interval_begin":"${new Date(START_MS + minute * MINUTE_MS).toISOString()}","interval":1}]}`,
}

/** Minutes 0 to 4; the bar of each states `stated(minute)`, and one trade of `lost` does not arrive. Returns the details of the events. */
async function differences(
  t: TestContext,
  venue: Venue,
  frames: Frames,
  stated: (minute: number) => string,
  lost = -1,
) {
  const symbol = venue === binance ? 'BTCUSDT' : 'BTC/USD'
  const server = await LocalVenue.open(t)
  const [events, receiver] = [new EventLog(), new CollectingReceiver()]
  const feed = { venue, symbols: [symbol], kinds: ['trades'], ws: server.url }
  const feeds = openFeeds([feed], receiver, events.emit, TIMINGS, true)
  t.after(() => feeds.close())
  await events.next('connection_opened')
  for (let minute = 0; minute < 5; minute++) {
    server.broadcast(frames.bar(minute, 0, '0'))
    for (const [at, volume] of VOLUMES.entries())
      if (minute !== lost || at !== 1)
        server.broadcast(frames.trade(1 + 3 * minute + at, START_MS + minute * MINUTE_MS + at * 1_000, volume))
    server.broadcast(frames.bar(minute, 3, stated(minute)))
  }
  await receiver.until(lost < 0 ? 15 : 14)
  return events.named('volume_differs').map(({ detail }) => detail)
}

for (const [venue, frames] of [
  [binance, ofBinance],
  [kraken, ofKraken],
] as const) {
  test(`${venue.name}: equal volumes are no event, though doubles would round their sum`, async t => {
    assert.deepEqual(await differences(t, venue, frames, () => '0.6'), [])
  })

  test(`${venue.name}: a minute with another volume is one event with both`, async t => {
    const found = await differences(t, venue, frames, minute => (minute === 2 ? '0.60000001' : '0.6'))
    assert.deepEqual(found, ['3 trades of 2026-11-22T12:02Z have volume 0.60000000, and by the venue 0.60000001'])
  })

  test(`${venue.name}: a minute of which a trade did not arrive is not compared`, async t => {
    assert.deepEqual(await differences(t, venue, frames, () => '0.6', 2), [])
  })
}
