/**
 * The fast way of each decoder, byte by byte, against the slow one with JSON.parse: what the fast way accepts, the slow
 * way reads just so, and where it declines it has called nothing. Every run prints its seed; `FUZZ_SEED=<seed>` repeats
 * it.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { VENUES } from '../../src/venues/index.ts'
import type { Sink } from '../../src/venues/venue.ts'
import type { FrameCase, VenueEvidence } from '../contracts/venue.ts'
import { damaged } from '../support/data/damaged-frames.ts'
import { legal } from '../support/data/legal-frames.ts'
import { CollectingSink, decoded } from '../support/judges/collecting-sink.ts'

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)
const BUDGET = { seed: SEED, numRuns: 10_000, interruptAfterTimeLimit: 3000, markInterruptAsFailure: false }

interface Case {
  name: string
  evidence: VenueEvidence
  decodeUsualTicks(frame: Buffer, out: Sink): boolean
  decodeAny(frame: Buffer, out: Sink): void
}

/** Of venues that share a folder: the folder, and the names of its fast and its slow decoder, if not the usual ones. */
const FOLDERS: Readonly<Record<string, readonly [folder: string, fast?: string, slow?: string]>> = {
  binanceusdm: ['binance-futures'],
  binancecoinm: ['binance-futures'],
  bybitlinear: ['bybit', 'decodeUsualContractTicks', 'decodeAnyContract'],
  bybitinverse: ['bybit', 'decodeUsualContractTicks', 'decodeAnyContract'],
}

// All awaited before the first test is registered: a test that is registered late is left out by --test-force-exit.
const cases = await Promise.all(
  VENUES.map(async ({ name }): Promise<Case | undefined> => {
    const [shared = name, fast = 'decodeUsualTicks', slow = 'decodeAny'] = FOLDERS[name] ?? []
    const folder = new URL(`../../src/venues/${shared}/`, import.meta.url)
    if (!existsSync(new URL('usual-ticks.ts', folder))) return undefined
    const { evidence } = await import(new URL(`${name}/frames.ts`, import.meta.url).href)
    const { [fast]: decodeUsualTicks } = await import(new URL('usual-ticks.ts', folder).href)
    const { [slow]: decodeAny } = await import(new URL('decode.ts', folder).href)
    return { name, evidence, decodeUsualTicks, decodeAny }
  }),
)

for (const one of cases) if (one) compare(one)

function compare({ name, evidence, decodeUsualTicks, decodeAny }: Case): void {
  const examples = [...evidence.frames.map(({ frame }) => frame), ...evidence.stretch]
  const hasTicks = (one: FrameCase) => 'trades' in one || 'quotes' in one
  const ticks = [...evidence.frames.filter(hasTicks).map(({ frame }) => frame), ...evidence.stretch]

  /** Was the frame accepted? Then both ways agree. */
  function accepts(frame: Buffer): boolean {
    const fast = new CollectingSink()
    const accepted = decodeUsualTicks(frame, fast)
    assert.deepEqual(fast, accepted ? decoded(decodeAny, frame) : new CollectingSink(), frame.toString())
    return accepted
  }

  test(`${name}: the ticks of its document take the fast way, and no other frame does`, () => {
    for (const frame of evidence.stretch) assert.ok(accepts(Buffer.from(frame)), frame)
    const others = evidence.frames.filter(one => !hasTicks(one) && !one.after)
    for (const { frame } of others) assert.ok(!accepts(Buffer.from(frame)), frame)
  })

  test(`${name}: nearly all recorded ticks take the fast way`, {
    skip: evidence.session?.skip ?? 'none recorded',
  }, () => {
    const frames = evidence.session!.frames().map(frame => Buffer.from(frame))
    // Quotes of a book that we build have no fast way.
    const quotesToo = evidence.frames.some(one => 'quotes' in one && accepts(Buffer.from(one.frame)))
    const ofKind = { trades: [] as boolean[], quotes: [] as boolean[] }
    for (const frame of frames) {
      const { trades, quotes } = decoded(decodeAny, frame)
      const accepted = accepts(frame)
      if (trades.length > 0) ofKind.trades.push(accepted)
      if (quotes.length > 0 && quotesToo) ofKind.quotes.push(accepted)
    }
    assert.ok(ofKind.trades.length > 0)
    for (const [kind, accepted] of Object.entries(ofKind)) {
      const fast = accepted.filter(Boolean).length
      assert.ok(fast >= 0.95 * accepted.length, `${kind}: ${fast} of ${accepted.length}`)
    }
  })

  test(`${name}: both ways agree on legal frames of any values and any order of keys (seed ${SEED})`, () => {
    let [accepted, all] = [0, 0]
    const frame = legal(ticks).map(text => Buffer.from(text))
    fc.assert(
      fc.property(frame, frame => {
        all++
        if (accepts(frame)) accepted++
      }),
      BUDGET,
    )
    assert.ok(accepted > all / 10, `only ${accepted} of ${all} took the fast way: the comparison is worth little`)
  })

  test(`${name}: both ways agree on every damaged frame (seed ${SEED})`, () => {
    fc.assert(
      fc.property(damaged(examples), frame => void accepts(frame)),
      BUDGET,
    )
  })
}
