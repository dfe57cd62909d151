/** What every venue must fulfil. `test/venues/venues.test.ts` runs it for each entry of VENUES. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { timerMs } from '../../src/clock.ts'
import { parseConfig } from '../../src/config.ts'
import { subscriptionOf } from '../../src/launcher/venue-addresses.ts'
import { openFeeds } from '../../src/sources/feeds.ts'
import { parseSources } from '../../src/sources/selection.ts'
import type { Amendment } from '../../src/tick/amendments/amendments.ts'
import type { Liquidation } from '../../src/tick/derivatives/liquidations.ts'
import type { Mark } from '../../src/tick/derivatives/marks.ts'
import { defaultKinds } from '../../src/tick/kinds.ts'
import type { Decoded } from '../../src/tick/named/columns.ts'
import { QUOTE_FLAGS_KNOWN } from '../../src/tick/quotes/quotes.ts'
import { REFUSALS, type Refusal } from '../../src/tick/refusal.ts'
import { DECODER_THREW } from '../../src/venues/outside/load.ts'
import { type Control, type Venue, WITNESS } from '../../src/venues/venue.ts'
import { damaged, monstrous } from '../support/data/damaged-frames.ts'
import { CollectingReceiver } from '../support/judges/collecting-receiver.ts'
import { type CollectingSink, decoded, type Quote, type Trade } from '../support/judges/collecting-sink.ts'
import { EventLog } from '../support/judges/event-log.ts'
import { until } from '../support/judges/within.ts'
import { LocalVenue } from '../support/servers/local-venue.ts'
import { idContradiction, joinedContradiction } from './id-kind.ts'

/** A frame and its whole meaning. */
export type FrameCase = {
  frame: string
  /** Frames of the same socket before it, where its meaning depends on them. */
  after?: readonly string[]
} & (
  | { trades: readonly Trade[] }
  | { quotes: readonly Quote[] }
  | { amendments: readonly Amendment[] }
  | { marks: readonly Decoded<Mark>[] }
  | { liquidations: readonly Decoded<Liquidation>[] }
  | { control: Control }
  | { controls: readonly Control[] }
  | { refused: Refusal }
  | { ignored: true }
)

/** Frames of a venue with their meaning: `test/venues/<venue>/frames.ts` exports it as `evidence`. */
export interface VenueEvidence {
  /** The venue's document that states the form of the frames: its address. */
  document?: string
  /** Recorded frames, or examples of the document. Of a venue that acknowledges symbols one is an acknowledgement. */
  frames: readonly FrameCase[]
  /** Frames of one connection without a break, in order, with three trades of one symbol at least: they show the kind of ids. */
  stretch: readonly string[]
  /** A recorded session, where the recorded data is at hand: its frames, and the number of trades in them where that is known. */
  session?: { frames: () => readonly (string | Buffer)[]; trades?: number; skip: string | false }
}

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const BUDGET = { seed: SEED, numRuns: 20_000, interruptAfterTimeLimit: 4000, markInterruptAsFailure: false }
/** Processor time that one frame may take, ms, which a busy machine does not lengthen: generous, it only detects hanging. */
const FRAME_MS_MAX = 2_000
/** A full connection is subscribed within this time at the venue's limit of frames, s. */
const SUBSCRIBE_SECONDS_MAX = 60
const MINUTE_MS = 60_000
const credentials = () => ({ key: 'key-of-a-test', secret: 'secret-of-a-test', token: 'token-of-a-test' })

const LIVE_PAGE = readFileSync(new URL('../../docs/live.md', import.meta.url), 'utf8')

/** `framesFile`: the file of the evidence of a venue from outside the tree, which has no row in docs/live.md. */
export function venueContract(venue: Venue, evidence: VenueEvidence | undefined, framesFile?: string): void {
  const { name, limits } = venue

  test(`${name}: its limits and defaults can be used`, () => {
    assert.match(name, /^[a-z][a-z0-9]*$/, 'the name is stored, is part of a setting, and stands before a colon')
    assert.ok(Number.isInteger(limits.symbolsPerConnection) && limits.symbolsPerConnection >= 1)
    assert.ok(limits.framesPerSecond > 0)
    assert.ok(limits.connectsPerFiveMinutes === undefined || limits.connectsPerFiveMinutes >= 1)
    const { connectionAgeMsMax: ageMs = MINUTE_MS } = limits
    assert.ok(ageMs >= MINUTE_MS && timerMs(ageMs) >= MINUTE_MS && timerMs(ageMs) < 2 ** 31, 'a timer takes the age')
    assert.ok(venue.silenceMsMax >= 1000 && venue.silenceMsMax <= 10 * MINUTE_MS)
    assert.ok(venue.keepAlive === undefined || venue.keepAlive.everyMs < venue.silenceMsMax)
    const [selected] = parseSources(name)
    assert.ok(selected!.symbols.length > 0)
    assert.deepEqual(parseSources(`${name}:${selected!.symbols.join(',')}`)[0]!.symbols, venue.defaultSymbols)
  })

  test(`${name}: the symbols of a full connection are subscribed to within its limits`, () => {
    const symbols = Array.from({ length: limits.symbolsPerConnection }, (_, at) => venue.defaultSymbols[0]! + at)
    for (const kinds of venue.kinds) {
      assert.match(new URL(venue.url('ws://127.0.0.1:1', symbols, kinds)).href, /^ws:\/\/127\.0\.0\.1:1\//)
      assert.ok(
        venue.url('ws://127.0.0.1:1', symbols, kinds).length < 8_000,
        'longer than servers take in a request line',
      )
      const unsubscribe = venue.unsubscribe(symbols, kinds)
      for (const frames of [venue.subscribe(symbols, kinds), venue.resubscribe(symbols, kinds), unsubscribe]) {
        assert.ok(frames.length / limits.framesPerSecond <= SUBSCRIBE_SECONDS_MAX, `${frames.length} frames`)
        for (const frame of frames) assert.equal(typeof JSON.parse(frame), 'object')
      }
      const asked = [venue.url('', symbols, kinds), ...venue.subscribe(symbols, kinds)].join(' ').toLowerCase()
      const ended = unsubscribe.join(' ').toLowerCase()
      for (const symbol of symbols) assert.ok(asked.includes(symbol.toLowerCase()), symbol)
      for (const symbol of symbols) assert.ok(ended.includes(symbol.toLowerCase()), `${symbol} cannot be ended`)
      for (const frame of unsubscribe) assert.ok(!asked.includes(frame.toLowerCase()), `${frame} subscribes`)
      // Each kind by itself: another one of the same symbol continues.
      if (kinds.length > 1)
        for (const kind of kinds) assert.notDeepEqual(venue.unsubscribe(symbols, [kind]), unsubscribe)
    }
  })

  test(`${name}: the stream that states which trades exist is requested beside trades, within its limits`, {
    skip: venue.witness ? false : 'it has none',
  }, () => {
    const symbols = Array.from({ length: limits.symbolsPerConnection }, (_, at) => venue.defaultSymbols[0]! + at)
    const trades = ['trades']
    const both = [...trades, WITNESS]
    assert.equal(venue.url('ws://127.0.0.1:1', symbols, both), venue.url('ws://127.0.0.1:1', symbols, trades))
    for (const request of [venue.subscribe, venue.resubscribe, venue.unsubscribe]) {
      const [alone, beside] = [request(symbols, trades), request(symbols, both)]
      assert.ok(beside.length / limits.framesPerSecond <= SUBSCRIBE_SECONDS_MAX, `${beside.length} frames`)
      const own = request(symbols, [WITNESS]).join(' ').toLowerCase()
      for (const symbol of symbols) assert.ok(own.includes(symbol.toLowerCase()), symbol)
      for (const frame of alone) assert.ok(request !== venue.subscribe || beside.includes(frame), frame)
      assert.notDeepEqual(beside, alone)
    }
  })

  test(`${name}: a symbol joins and another leaves on the open connection, which goes on`, {
    skip: venue.account?.login ? 'its server must first answer the login' : false,
  }, async t => {
    const server = await LocalVenue.open(t)
    const [kept, left, joined] = ['A', 'B', 'C'].map(letter => venue.defaultSymbols[0]! + letter)
    for (const kinds of venue.kinds) {
      const of = (...symbols: string[]) => [{ venue, symbols, kinds, ws: server.url, credentials }]
      const visited = server.visit()
      const feeds = openFeeds(of(kept!, left!), new CollectingReceiver(), new EventLog().emit)
      t.after(() => feeds.close())
      const { received, socket } = await visited
      const before = venue.subscribe([kept!, left!], kinds)
      await until(() => received.length >= before.length)
      feeds.record(of(kept!, joined!))
      const frames = [...before, ...venue.unsubscribe([left!], kinds), ...venue.resubscribe([joined!], kinds)]
      await until(() => received.length >= frames.length)
      assert.deepEqual(received, frames)
      assert.equal(socket.readyState, socket.OPEN)
    }
    assert.equal(server.visits.length, venue.kinds.length)
  })

  test(`${name}: TICKHOUSE_${name.toUpperCase()}_WS and _REST replace its addresses`, () => {
    const [ws, rest] = ['ws://127.0.0.1:9000', 'http://127.0.0.1:9001']
    const key = `TICKHOUSE_${name.toUpperCase()}`
    const secrets = (venue.account?.secrets ?? []).map(each => [each, `the-${each}-of-${name}`])
    const account = `TICKHOUSE_${venue.account?.name.toUpperCase()}`
    const settings = secrets.map(([each, secret]) => [`${account}_${each!.toUpperCase()}`, secret])
    const config = parseConfig({}, { [`${key}_WS`]: ws, [`${key}_REST`]: rest, ...Object.fromEntries(settings) })
    const [selected] = parseSources(name)
    const [feed = ''] = Object.values(venue.feeds ?? {})
    const { credentials, ...subscription } = subscriptionOf(selected!, config)
    assert.deepEqual(subscription, {
      ...{ venue, symbols: venue.defaultSymbols, kinds: defaultKinds(venue.kinds.flat()) },
      ...{ ws: `${ws}${feed}`, rest },
    })
    assert.deepEqual(credentials?.() ?? {}, Object.fromEntries(secrets))
  })

  test(`${name}: docs/live.md has a row for it that states the kind of its ids`, {
    skip: framesFile !== undefined && 'not built in',
  }, () => {
    const row = LIVE_PAGE.split('\n').find(line => line.startsWith(`| \`${name}\` `))
    assert.ok(row, `no row | \`${name}\` | … in docs/live.md`)
    assert.ok(row.includes(`\`${venue.ids}\``), `the row does not state \`${venue.ids}\`: ${row}`)
  })

  test(`${name}: ${framesFile ?? `test/venues/${name}/frames.ts`} states what its frames mean`, () => {
    assert.ok(evidence, `no test/venues/${name}/frames.ts`)
    if (framesFile === undefined) assert.match(evidence.document ?? '', /^https:\/\//)
    assert.ok(
      evidence.frames.some(one => 'trades' in one && one.trades.length > 0),
      'no frame with a trade',
    )
    if (venue.kinds.flat().includes('quotes'))
      assert.ok(
        evidence.frames.some(one => 'quotes' in one && one.quotes.length > 0),
        'no frame with a quote',
      )
    for (const kind of ['marks', 'liquidations'])
      if (venue.kinds.flat().includes(kind))
        assert.ok(
          evidence.frames.some(one => kind in one),
          `no frame with ${kind}`,
        )
    if (venue.witness)
      assert.ok(
        evidence.frames.some(one => controlsOf(one).some(control => control.kind === 'witness' && control.trades > 0)),
        'no frame that states which trades exist',
      )
    if (venue.acknowledges)
      assert.ok(
        evidence.frames.some(one => controlsOf(one).some(({ kind }) => kind === 'subscribed')),
        'no frame that acknowledges a symbol',
      )
  })
  if (!evidence) return

  for (const { frame, after = [], ...expected } of evidence.frames)
    test(`${name} reads ${frame.slice(0, 80)}`, () => {
      const decode = venue.decoder()
      for (const before of after) decoded(decode, before)
      const sink = decoded(decode, frame)
      assert.deepEqual(sink.trades, 'trades' in expected ? expected.trades : [])
      assert.deepEqual(sink.quotes, 'quotes' in expected ? expected.quotes : [])
      assert.deepEqual(sink.amendments, 'amendments' in expected ? expected.amendments : [])
      assert.deepEqual(sink.marks, 'marks' in expected ? expected.marks : [])
      assert.deepEqual(sink.liquidations, 'liquidations' in expected ? expected.liquidations : [])
      assert.deepEqual(sink.controls, controlsOf(expected))
      assert.deepEqual(
        sink.refusals.map(({ reason }) => reason),
        'refused' in expected ? [expected.refused] : [],
      )
      assert.equal(sink.ignored, 'ignored' in expected ? 1 : 0)
    })

  test(`${name}: its frames do not contradict ids of kind ${venue.ids}`, () => {
    assertIds(venue, evidence.stretch)
  })

  test(`${name}: a recorded session is read whole and agrees`, {
    skip: evidence.session?.skip ?? 'none recorded',
  }, () => {
    const frames = evidence.session!.frames()
    const decode = venue.decoder()
    let trades = 0
    for (const frame of frames) {
      const sink = decoded(decode, frame)
      assert.deepEqual(sink.refusals, [], String(frame))
      trades += sink.trades.length
    }
    assert.equal(trades, evidence.session!.trades ?? trades)
    assertIds(venue, frames)
  })

  const frames = [...evidence.frames.map(({ frame }) => frame), ...evidence.stretch]
  const sides = new Set(['buy', 'sell'])
  for (const one of evidence.frames) if ('trades' in one) for (const { side } of one.trades) sides.add(side)

  test(`${name}: a damaged frame never throws, and ends in a trade, a message or a refusal (seed ${SEED})`, () => {
    fc.assert(
      fc.property(damaged(frames), frame => assertAccounted(decoded(venue.decoder(), frame), frame, sides)),
      BUDGET,
    )
  })

  test(`${name}: long and deeply nested frames are refused in time`, () => {
    for (const monster of monstrous(frames)) {
      const started = process.cpuUsage()
      const frame = Buffer.from(monster)
      assertAccounted(decoded(venue.decoder(), frame), frame, sides)
      const { user, system } = process.cpuUsage(started)
      assert.ok((user + system) / 1000 < FRAME_MS_MAX, `${monster.slice(0, 40)}… took too long`)
    }
  })
}

function controlsOf(expected: object): readonly Control[] {
  if ('control' in expected) return [expected.control as Control]
  return 'controls' in expected ? (expected.controls as readonly Control[]) : []
}

/** Fails if the ids of the trades contradict the kind that the venue states. */
function assertIds({ ids: kind, ...venue }: Venue, frames: readonly (string | Buffer)[]): void {
  const decode = venue.decoder()
  const trades = frames.flatMap(frame => decoded(decode, frame).trades)
  const ids = new Map(
    [...Map.groupBy(trades, ({ symbol }) => symbol)].map(([symbol, own]) => [symbol, own.map(t => t.tradeId)]),
  )
  assert.equal(idContradiction(kind, ids), undefined)
  if (kind === 'aggregate') assert.equal(joinedContradiction(trades), undefined)
  else assert.ok(trades.every(({ joined }) => joined === undefined))
}

function assertAccounted(sink: CollectingSink, frame: Buffer, sides: ReadonlySet<string>): void {
  assert.ok(sink.calls >= 1, `no call for the frame ${frame}`)
  for (const { reason, detail } of sink.refusals) {
    assert.ok(reason in REFUSALS)
    assert.notEqual(detail, '')
    assert.ok(!detail.startsWith(DECODER_THREW), detail)
  }
  for (const trade of sink.trades) {
    assert.ok(Number.isFinite(trade.price) && Number.isFinite(trade.volume) && trade.symbol !== '')
    assert.ok(Number.isSafeInteger(trade.micros) && trade.micros >= 0 && trade.nanos >= 0 && trade.nanos <= 999)
    assert.ok(sides.has(trade.side), `side ${trade.side}`)
    assert.ok(typeof trade.tradeId === 'bigint' ? trade.tradeId < 2n ** 64n : Number.isSafeInteger(trade.tradeId))
    assert.ok(trade.tradeId >= 0)
  }
  for (const { symbol, micros, nanos, bid, ask, sequence, flags } of sink.quotes) {
    assert.ok([...bid, ...ask].every(Number.isFinite) && symbol !== '')
    assert.ok(Number.isSafeInteger(micros) && micros >= 0 && nanos >= 0 && nanos <= 999)
    assert.ok(typeof sequence === 'bigint' ? sequence < 2n ** 64n : Number.isSafeInteger(sequence))
    assert.ok(sequence >= 0)
    assert.equal(flags & ~QUOTE_FLAGS_KNOWN, 0)
  }
  for (const { symbol, timestamp, next_funding_at, ...sizes } of sink.marks) {
    assert.ok(Object.values(sizes).every(Number.isFinite) && symbol !== '')
    assert.ok([timestamp, next_funding_at].every(micros => Number.isSafeInteger(micros) && micros >= 0))
  }
  for (const { symbol, timestamp, side, ...of } of sink.liquidations) {
    assert.ok([of.price, of.size, of.average_price, of.filled_size].every(Number.isFinite) && symbol !== '')
    assert.ok(Number.isSafeInteger(timestamp) && timestamp >= 0)
    assert.ok(side === 'buy' || side === 'sell')
  }
}
