/** What every venue's list of instruments must fulfil. `test/venues/instruments.test.ts` runs it for each entry of VENUES. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { appendChanges } from '../../src/sources/instruments/append-changes.ts'
import { compareLists } from '../../src/sources/instruments/known-list.ts'
import { INSTRUMENTS } from '../../src/tick/kinds.ts'
import type { LogRecord } from '../../src/tick/records.ts'
import { reasonOf } from '../../src/tick/validate.ts'
import { type Instrument, type ListRequest, NO_LIST, readList, TRADING } from '../../src/venues/instruments.ts'
import type { Venue } from '../../src/venues/venue.ts'

/** Answers of a venue's REST lists with their meaning: `test/venues/<venue>/instruments.ts` exports it as `evidence`. */
export interface InstrumentEvidence {
  /** The venue's document that states the form of the answers: its address. */
  document?: string
  /** Recorded or documented answers in the order of the requests, the pages of each included. */
  answers: readonly unknown[]
  /** All that they list, in order. */
  listed: readonly Instrument[]
  /** Paths of the requests for the pages after the first ones, in the order of `answers`. */
  nextPaths?: readonly string[]
  /** A whole recorded list, where the recorded data is at hand. */
  recorded?: {
    answers: () => readonly unknown[]
    /** How many of each kind, and of each status other than `trading`. */
    counts: Record<string, number>
    skip: string | false
  }
}

const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31)

/** Reads the list from answers in order; `asked` gets each request. */
export async function readAnswers(
  { instruments }: Pick<Venue, 'instruments'>,
  answers: readonly unknown[],
  asked: ListRequest[] = [],
): Promise<Instrument[]> {
  const listed = await readList(instruments, async request => answers[asked.push(request) - 1])
  assert.equal(asked.length, answers.length, 'answers that were not asked for')
  return listed
}

/** `framesFile`: the file of the evidence of a venue from outside the tree. */
export function instrumentContract(venue: Venue, evidence: InstrumentEvidence | undefined, framesFile?: string): void {
  const { name, instruments } = venue
  if (instruments === NO_LIST) {
    test(`${name}: has no list of instruments`, () => assert.equal(evidence, undefined))
    return
  }

  test(`${name}: ${framesFile ?? `test/venues/${name}/instruments.ts`} states what its lists mean`, () => {
    assert.ok(evidence, `no test/venues/${name}/instruments.ts`)
    if (framesFile === undefined) assert.match(evidence.document ?? '', /^https:\/\//)
    assert.ok(evidence.answers.length >= instruments.requests.length, 'an answer for each request')
    for (const { path, body } of instruments.requests) {
      assert.match(path, /^\//)
      if (body !== undefined) JSON.parse(body)
    }
  })
  if (!evidence) return

  test(`${name}: its instruments are read as its document states them, in all their fields`, async () => {
    const asked: ListRequest[] = []
    assert.deepEqual(await readAnswers(venue, evidence.answers, asked), evidence.listed)
    await assertStorable(name, evidence.listed)
    const first = new Set(instruments.requests)
    assert.deepEqual(
      asked.filter(request => !first.has(request)).map(({ path }) => path),
      evidence.nextPaths ?? [],
    )
  })

  test(`${name}: the recorded list is read whole`, {
    skip: evidence.recorded?.skip ?? 'none recorded',
  }, async () => {
    const counts: Record<string, number> = {}
    const listed = await readAnswers(venue, evidence.recorded!.answers())
    const count = (what: string): void => {
      counts[what] = (counts[what] ?? 0) + 1
    }
    for (const each of listed) {
      count(each.kind)
      if (each.status !== TRADING) count(each.status)
      assert.ok(each.base !== '' && each.quote !== '' && each.tickSize > 0 && each.lotSize > 0, JSON.stringify(each))
      const isDated = each.kind === 'future' || each.kind === 'option'
      assert.equal(each.expiresMs > 0, isDated, JSON.stringify(each))
    }
    assert.deepEqual(counts, evidence.recorded!.counts)
    await assertStorable(name, listed)
  })

  test(`${name}: an answer of another form is no list, and none throws (seed ${SEED})`, () => {
    for (const request of instruments.requests) {
      for (const answer of [null, 'x', 7, { error: ['EGeneral:Internal error'] }, { code: -1003 }])
        assert.equal(instruments.read(answer, request), undefined)
      fc.assert(
        fc.property(fc.oneof(fc.jsonValue(), mixedUp(evidence.answers)), answer => {
          for (const each of instruments.read(answer, request)?.instruments ?? []) {
            for (const text of [each.symbol, each.base, each.quote, each.status, each.sessions, ...each.aliases])
              assert.equal(typeof text, 'string')
            for (const size of [each.tickSize, each.lotSize, each.contractSize, each.expiresMs])
              assert.ok(Number.isFinite(size) && size >= 0)
            assert.notEqual(each.status, '')
          }
        }),
        { seed: SEED },
      )
    }
  })
}

/** Each instrument is a valid row: none would go to quarantine. */
async function assertStorable(venue: string, listed: readonly Instrument[]): Promise<void> {
  const records: LogRecord[] = []
  const log: Parameters<typeof appendChanges>[0] = {
    append: async (_partition, appended) => records.push(...appended),
    partitionsOf: () => ({ first: 0, count: 1 }),
  }
  await appendChanges(log, venue, compareLists(undefined, listed, 1_790_000_000_000).changes, 1_790_000_000_000)
  for (const { payload, ticks } of records) {
    const codes = new Uint8Array(ticks)
    INSTRUMENTS.validate(INSTRUMENTS.decode(payload), new Set([venue]), codes)
    assert.deepEqual([...new Set(codes)].filter(Boolean).map(reasonOf), [])
  }
  assert.equal(
    records.reduce((sum, { ticks }) => sum + ticks, 0),
    listed.length,
  )
}

/** The answers with any of their values replaced by another. */
function mixedUp(answers: readonly unknown[]): fc.Arbitrary<unknown> {
  return fc.tuple(fc.constantFrom(...answers), fc.nat(), fc.jsonValue()).map(([answer, at, value]) => {
    let index = 0
    return JSON.parse(JSON.stringify(answer), (_key, own) => (index++ === at % 40 ? value : own))
  })
}
