import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { causeAgain, causeOf, type GapFacts, numbersOf } from '../../../src/coverage/gap-causes/cause.ts'

const at = (time: string) => Date.parse(`2026-11-22T${time}Z`)
const samples = (from: string, to: string, off: (ms: number) => boolean = () => false) => {
  const found: { atMs: number; recorded: boolean }[] = []
  for (let ms = at(from); ms <= at(to); ms += 10_000) found.push({ atMs: ms, recorded: !off(ms) })
  return found
}

/** Recorded all the time from 12:03:00 to 12:04:00. */
const RECORDED: GapFacts = {
  ids: 20,
  refused: { count: 0, reason: '' },
  between: { fromMs: at('12:03:00'), toMs: at('12:04:00') },
  lost: [],
  startedMs: [],
  samples: samples('12:02:55', '12:04:05'),
  receivedUnsampled: false,
  eventsSinceMs: at('00:00:00'),
  resting: undefined,
}
const textOf = (facts: Partial<GapFacts>) => {
  const { cause, detail } = causeOf({ ...RECORDED, ...facts })
  return `${cause}: ${detail}`
}
const LOST = { lost: [{ atMs: at('12:03:04'), words: 'connection lost' }] }
const UNKNOWN = ': '
const STOPPED = [...samples('12:02:35', '12:02:55'), ...samples('12:03:45', '12:04:05')]

describe('the cause of a gap', () => {
  test('is the venue only where samples and events show that we recorded all the time', () => {
    assert.equal(textOf({}), 'venue: connected all the time: the venue skipped them')
    assert.equal(textOf({ samples: [] }), UNKNOWN)
    assert.equal(textOf({ samples: samples('12:03:05', '12:04:05') }), UNKNOWN)
    assert.equal(textOf({ samples: samples('12:02:55', '12:03:55') }), UNKNOWN)
    assert.equal(textOf({ eventsSinceMs: at('12:03:30') }), UNKNOWN)
    assert.equal(textOf({ between: null, ...LOST }), UNKNOWN)
  })

  test('is the connection that was lost between, with its time', () => {
    assert.equal(textOf(LOST), 'connection: connection lost at 12:03:04')
    assert.equal(textOf({ ...LOST, samples: [] }), 'connection: connection lost at 12:03:04')
    const next = { lost: [{ atMs: Date.parse('2026-11-23T00:00:01Z'), words: 'connection found silent' }] }
    assert.equal(textOf(next), 'connection: connection found silent at 2026-11-23 00:00:01')
  })

  test('is the recorder where nothing was recorded, nothing ran, or it started between', () => {
    assert.equal(
      textOf({ samples: samples('12:02:55', '12:04:05', ms => ms === at('12:03:25')) }),
      'recorder: nothing was recorded at 12:03:25',
    )
    assert.equal(textOf({ samples: STOPPED }), 'recorder: nothing ran from 12:03:00 to 12:03:45')
    assert.equal(textOf({ startedMs: [at('12:03:50')] }), 'recorder: the recorder of the venue started at 12:03:50')
  })

  test('is not the recorder where only the storing process was stopped', () => {
    assert.equal(textOf({ samples: STOPPED, receivedUnsampled: true }), UNKNOWN)
  })

  test('of a lost connection and a recorder that did not record is the first one', () => {
    const off = samples('12:02:55', '12:04:05', ms => ms >= at('12:03:05') && ms < at('12:03:30'))
    assert.match(textOf({ ...LOST, samples: off }), /^connection/)
    const late = { lost: [{ atMs: at('12:03:50'), words: 'connection lost' }] }
    assert.match(textOf({ ...late, samples: off }), /^recorder/)
    assert.match(textOf({ ...late, samples: STOPPED }), /^recorder/)
    assert.match(textOf({ ...late, startedMs: [at('12:03:45')] }), /^recorder/)
    assert.match(textOf({ ...LOST, startedMs: [at('12:03:45')] }), /^connection/)
  })

  test('is a halt where the instrument was not trading and nothing was lost', () => {
    const resting = { sinceMs: at('12:03:10'), status: 'BREAK' }
    assert.equal(textOf({ resting }), 'halt: the venue lists the instrument as BREAK at 12:03:10')
    assert.match(textOf({ resting, ...LOST }), /^connection/)
    assert.match(textOf({ resting, samples: [] }), /^halt/)
  })

  test('is a refusal where ids reached the log, whatever else happened, and states how many', () => {
    const some = { refused: { count: 12, reason: 'malformed_frame' } }
    assert.equal(
      textOf({ ...some, ...LOST }),
      'refused: 12 of 20 ids reached the log and were refused: malformed_frame',
    )
    assert.equal(
      textOf({ ...some, ids: 12, between: null }),
      'refused: all 12 ids reached the log and were refused: malformed_frame',
    )
    const one = { refused: { count: 1, reason: 'malformed_frame' } }
    assert.equal(textOf({ ...one, ids: 1 }), 'refused: the id reached the log and was refused: malformed_frame')
  })

  test('stays what it was when the gap changes after its events were deleted; only refused ids replace it', () => {
    const known = { cause: 'connection' as const, detail: 'connection lost at 12:03:04' }
    assert.deepEqual(causeAgain(known, RECORDED), known)
    assert.deepEqual(causeAgain(known, { ...RECORDED, samples: [] }), known)
    assert.equal(causeAgain(known, { ...RECORDED, refused: { count: 2, reason: 'side_unknown' } }).cause, 'refused')
    assert.equal(causeAgain({ cause: '', detail: '' }, RECORDED).cause, 'venue')
  })
})

test('the ids of a refused frame are read where it is cut off too, and no digits of prices, names or times of day', () => {
  const frame =
    '{"stream":"btc2usdt@trade","data":{"e":"trade","s":"BTC2USDT","t":4711,"p":"60.12","q":"7","T":1764000000000,"id":"99"'
  assert.deepEqual(numbersOf(frame), [4711, 7, 1764000000000, 99])
  assert.deepEqual(numbersOf('[1,["12.5",33,'), [1, 33])
  assert.deepEqual(numbersOf('{"s":"A","t":4711'), [])
  assert.deepEqual(numbersOf('{"s":"A","t":2839920537'), [2839920537])
  assert.deepEqual(numbersOf('{"s":"A","t":"2839920537'), [2839920537])
  assert.deepEqual(numbersOf('"at":"12:03:04"'), [])
})
