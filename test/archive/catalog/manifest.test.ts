/** Which manifests and keys are accepted: anyone with write access to an archive can write one. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { ArchivedObject } from '../../../src/archive/archive.ts'
import { manifestOf, parseManifest } from '../../../src/archive/catalog/manifest.ts'
import { dailyKey, dailyManifestKey, manifestKey, objectKey, parseKey } from '../../../src/archive/keys.ts'
import { DAILY_KINDS, TICK_KINDS } from '../../../src/archive/kinds.ts'
import { combined } from '../../../src/archive/verify/checksum.ts'

const HOUR = 3_600_000
const OWNER = { archive: 'a3a1c1c0-0000-4000-8000-000000000000', log: 'log' }
const START = Date.UTC(2026, 10, 22, 13)
const SEGMENT = { partition: 0, firstOffset: 5, lastOffset: 9, startMs: START, endMs: START + HOUR }

const segments = fc
  .record({ partition: fc.nat(65_535), first: fc.maxSafeNat(), more: fc.nat(1000), hours: fc.nat(24 * 365 * 80) })
  .map(({ partition, first, more, hours }) => ({
    partition,
    firstOffset: first,
    lastOffset: Math.min(first + more, Number.MAX_SAFE_INTEGER),
    startMs: hours * HOUR,
    endMs: (hours + 1) * HOUR,
  }))

function objectOf(kind: string, change: Partial<ArchivedObject> = {}): ArchivedObject {
  return {
    kind,
    segment: SEGMENT,
    key: objectKey(kind, SEGMENT),
    rows: 3,
    bytes: 100,
    sha256: 'ab'.repeat(32),
    hashSum: '1',
    hashXor: '2',
    lowestOffset: 5,
    lowestIndex: 0,
    highestOffset: 9,
    highestIndex: 1,
    firstTimeNanos: '1',
    lastTimeNanos: '2',
    state: 'verified',
    asOfMs: 1,
    verifiedAtMs: 2,
    changedAtMicros: 2000,
    ...change,
  }
}
const manifest = (change: Partial<ArchivedObject>) =>
  manifestOf(OWNER, [objectOf('trades', change), objectOf('quarantine')])

describe('a key', () => {
  test('of a segment or a day is parsed to what it was formatted from', () => {
    fc.assert(
      fc.property(segments, fc.constantFrom(...TICK_KINDS), fc.constantFrom(...DAILY_KINDS), (segment, kind, daily) => {
        const { endMs: _end, ...inKey } = segment
        const dayMs = segment.startMs - (segment.startMs % (24 * HOUR))
        assert.deepEqual(parseKey(objectKey(kind.table, segment)), {
          manifest: false,
          daily: false,
          kind: kind.table,
          segment: inKey,
        })
        assert.deepEqual(parseKey(manifestKey(segment)), { manifest: true, daily: false, kind: null, segment: inKey })
        assert.deepEqual(parseKey(dailyKey(daily.table, dayMs)), {
          manifest: false,
          daily: true,
          kind: daily.table,
          dayMs,
        })
        assert.deepEqual(parseKey(dailyManifestKey(daily.table, dayMs)), {
          manifest: true,
          daily: true,
          kind: daily.table,
          dayMs,
        })
      }),
    )
  })

  test('with any character changed, added or removed is invalid, or another key', () => {
    fc.assert(
      fc.property(
        segments,
        fc.nat(100),
        fc.constantFrom('', 'x', '0', '../../', '\n', '-'),
        fc.nat(1),
        (segment, at, text, cut) => {
          const key = objectKey('trades', segment)
          const changed = key.slice(0, at) + text + key.slice(at + cut)
          const parsed = parseKey(changed)
          if (!parsed) return
          assert.ok(!parsed.daily && !parsed.manifest)
          assert.equal(objectKey(parsed.kind!, parsed.segment), changed)
        },
      ),
    )
  })
})

describe('a manifest', () => {
  const key = manifestKey(SEGMENT)

  test('that matches its key is accepted, and one of an earlier version too', () => {
    const parsed = parseManifest(key, manifest({}))
    assert.deepEqual(parsed, { key, owner: OWNER, objects: [objectOf('trades'), objectOf('quarantine')] })
    const { objects } = JSON.parse(manifest({}))
    assert.deepEqual(objects[0].slice, SEGMENT, 'the stored name of a segment')
    assert.equal(parseManifest(key, JSON.stringify({ version: 1, objects })).owner, null)
  })

  const wrong: Record<string, Partial<ArchivedObject>> = {
    'a path outside the archive': { key: '../../../../etc/passwd' },
    'the key of another segment': { key: objectKey('trades', { ...SEGMENT, lastOffset: 8 }) },
    'the key of another kind': { key: objectKey('quarantine', SEGMENT) },
    'control characters': { key: '\u001b[31mRED\u001b[0m\nFORGED LINE' },
    'a kind that is no table': { kind: 'system.users' },
    'the same kind twice': { kind: 'quarantine', key: objectKey('quarantine', SEGMENT) },
    'another segment': { segment: { ...SEGMENT, partition: 1 } },
    'a segment of a year': { segment: { ...SEGMENT, endMs: START + 8760 * HOUR } },
    'more rows than its records can have': { rows: 9e15 },
    'a number beyond 64 bits': { hashSum: '99999999999999999999' },
    'rows of other records': { highestOffset: 10 },
    'rows without bytes': { bytes: 0, sha256: '' },
    'a partition that no log has': { segment: { ...SEGMENT, partition: 1e6 } },
  }
  for (const [what, change] of Object.entries(wrong)) {
    test(`with ${what} is refused in one clean line`, () => {
      assert.throws(() => parseManifest(key, manifest(change)), {
        code: 'archive_mismatch',
        message: /^the manifest ledger\/[^\p{Cc}]+ cannot be used: [^\p{Cc}]+$/u,
      })
    })
  }

  test('of a newer version is refused with what to do', () => {
    const newer = JSON.stringify({ ...JSON.parse(manifest({})), version: 3, added: 'by it' })
    assert.throws(() => parseManifest(key, newer), {
      code: 'archive_mismatch',
      message:
        /^the manifest ledger\/\S+ cannot be used: a newer tickhouse wrote it, version 3, and this program has 2$/,
      advice: /^Use the newer tickhouse for this archive/,
    })
  })

  test('under an invalid key, or not JSON, is refused in one clean line', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(key), fc.string({ unit: 'binary' })),
        fc.oneof(fc.string({ unit: 'binary' }), fc.json()),
        (key, text) => {
          assert.throws(() => parseManifest(key, text), { code: 'archive_mismatch', message: /^[^\p{Cc}]+$/u })
        },
      ),
    )
  })
})

test('the fingerprint of a union does not depend on how the rows were divided', () => {
  const parts = [1, 2, 3].map(n =>
    objectOf('trades', {
      rows: n,
      hashSum: String(2n ** 63n + BigInt(n)),
      hashXor: String(n * 77),
      lowestOffset: n,
      highestOffset: 10 - n,
      firstTimeNanos: String(-n),
      lastTimeNanos: String(n),
    }),
  )
  const [a, b, c] = parts as [ArchivedObject, ArchivedObject, ArchivedObject]
  assert.deepEqual(combined(combined(a, b), c), combined(a, combined(c, b)))
  assert.equal(combined(a, b).hashSum, '3')
})
