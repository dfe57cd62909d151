/** The contract of every log. An implementation runs it in one line: see `test/log/sqlite/log.test.ts`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import fc from 'fast-check'
import type { LoggedRecord, LogRecord, OpenLog } from '../../src/log/log.ts'

/**
 * Opens the log of a place for writing, making it if there is none; `partitions` are those for trades. A place is an empty
 * directory, unique to its test.
 */
export type Opener = (directory: string, options?: { partitions?: number }) => Promise<OpenLog>

/** A record whose payload is made from its number: no two numbers give the same bytes. */
export function numbered(number: number, payloadBytes = 16): LogRecord {
  // A period of a prime length, so that no two pages of a large payload are alike.
  const period = Uint8Array.from({ length: 251 }, (_, index) => (number >> (8 * (index % 4))) ^ index)
  const payload = new Uint8Array(payloadBytes > 0 ? Buffer.alloc(payloadBytes, period) : [])
  return { kind: 'trades', format: 'native', version: 1, ticks: number % 7, payload }
}

/** Payload sizes for numbered records: from nothing to about 90 kB, so that some fill many pages. */
export const sizeOf = (number: number): number => (number % 11 === 0 ? 90_000 : (number * 37) % 3000)

/** An empty directory, removed after the test. */
export function freshDirectory(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-log-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Reads exactly the records from `from` up to `below`. */
export async function readRange(log: OpenLog, partition: number, from: number, below: number): Promise<LoggedRecord[]> {
  const records: LoggedRecord[] = []
  if (from >= below) return records
  for await (const chunk of log.read(partition, from, new AbortController().signal)) {
    records.push(...chunk)
    if (from + records.length >= below) break
  }
  return records.slice(0, below - from)
}

const contentOf = ({ kind, format, version, ticks, payload }: LogRecord): LogRecord => {
  return { kind, format, version, ticks, payload: new Uint8Array(payload) }
}

export function logContract(name: string, open: Opener): void {
  /** Runs a test on a new log and closes it afterwards. */
  const onLog = (title: string, run: (log: OpenLog) => Promise<void>, partitions = 1): void => {
    test(title, async t => {
      const log = await open(freshDirectory(t), { partitions })
      try {
        await run(log)
      } finally {
        await log.close()
      }
    })
  }

  describe(`${name} implements the log's contract`, () => {
    onLog('an empty log has bounds 0 to 0, no ticks, and a reader that waits until it is aborted', async log => {
      assert.deepEqual(log.bounds(0), { first: 0, next: 0 })
      assert.equal(await log.countTicks(0, 0, 10), 0)
      const aborted = new AbortController()
      const reading = log.read(0, 0, aborted.signal).next()
      aborted.abort()
      assert.deepEqual(await reading, { done: true, value: undefined })
    })

    onLog('offsets are dense from 0, and records come back unchanged and in order', async log => {
      const records = Array.from({ length: 50 }, (_, number) => numbered(number))
      assert.equal(await log.append(0, records.slice(0, 1)), 0)
      assert.equal(await log.append(0, records.slice(1, 30)), 1)
      assert.equal(await log.append(0, records.slice(30)), 30)
      assert.deepEqual(log.bounds(0), { first: 0, next: 50 })
      const read = await readRange(log, 0, 0, 50)
      assert.deepEqual(read.map(contentOf), records)
      assert.deepEqual(
        read.map(({ partition, offset }) => [partition, offset]),
        records.map((_, offset) => [0, offset]),
      )
    })

    onLog('kind, format and version come back with any value, and payloads belong to the reader', async log => {
      const record: LogRecord = {
        kind: 'quotes',
        format: 'json',
        version: 7,
        ticks: 0,
        payload: Uint8Array.of(1, 2, 3),
      }
      await log.append(0, [record])
      const [mine] = await readRange(log, 0, 0, 1)
      assert.deepEqual(contentOf(mine!), record)
      mine!.payload.fill(9)
      const [again] = await readRange(log, 0, 0, 1)
      assert.deepEqual(contentOf(again!), record)
    })

    onLog('an appended payload stays the caller’s, also if it is a view of a larger buffer', async log => {
      const larger = new Uint8Array(64).map((_, index) => index)
      const record = { ...numbered(0), payload: larger.subarray(8, 16) }
      await log.append(0, [record])
      assert.deepEqual(record.payload, larger.slice(8, 16))
      assert.deepEqual((await readRange(log, 0, 0, 1))[0]!.payload, larger.slice(8, 16))
    })

    onLog(
      'each partition has its own order and offsets when appends are interleaved',
      async log => {
        const numbers = Array.from({ length: 200 }, (_, number) => number)
        const offsets = await Promise.all(numbers.map(number => log.append(number % 4, [numbered(number)])))
        assert.deepEqual(
          offsets,
          numbers.map(number => Math.floor(number / 4)),
        )
        for (let partition = 0; partition < 4; partition++) {
          const expected = numbers.filter(number => number % 4 === partition).map(number => numbered(number))
          assert.deepEqual((await readRange(log, partition, 0, 50)).map(contentOf), expected)
        }
      },
      4,
    )

    onLog('appends made without waiting are processed in order', async log => {
      const sizes = Array.from({ length: 300 }, (_, call) => 1 + ((call * 7) % 5))
      const offsets = await Promise.all(sizes.map((size, call) => log.append(0, Array(size).fill(numbered(call)))))
      let next = 0
      for (const [call, size] of sizes.entries()) {
        assert.equal(offsets[call], next)
        next += size
      }
      const calls = sizes.flatMap((size, call) => Array<LogRecord>(size).fill(numbered(call)))
      assert.deepEqual((await readRange(log, 0, 0, next)).map(contentOf), calls)
    })

    onLog('a record with a negative number of ticks is refused, and nothing of its call is appended', async log => {
      await assert.rejects(log.append(0, [numbered(1), { ...numbered(2), ticks: -7 }]), RangeError)
      assert.deepEqual(log.bounds(0), { first: 0, next: 0 })
    })

    onLog('appending no records returns the next offset and changes nothing', async log => {
      await log.append(0, [numbered(1)])
      assert.equal(await log.append(0, []), 1)
      assert.deepEqual(log.bounds(0), { first: 0, next: 1 })
    })

    test('records, bounds and identity are the same after reopening; another log has another identity', async t => {
      const directory = freshDirectory(t)
      const records = Array.from({ length: 20 }, (_, number) => numbered(number))
      const first = await open(directory, { partitions: 2 })
      const identity = first.identity()
      await first.append(1, records)
      const before = await readRange(first, 1, 0, 20)
      await first.close()
      const second = await open(directory)
      assert.equal(second.identity(), identity)
      assert.equal(second.partitions, first.partitions)
      assert.deepEqual(second.partitionsOf('trades'), { first: 0, count: 2 })
      assert.deepEqual(second.bounds(0), { first: 0, next: 0 })
      assert.deepEqual(await readRange(second, 1, 0, 20), before)
      assert.equal(await second.append(1, [numbered(20)]), 20)
      await second.close()
      const other = await open(freshDirectory(t))
      assert.notEqual(other.identity(), identity)
      await other.close()
    })

    onLog('a read starts at any offset and continues into records appended later', async log => {
      await log.append(
        0,
        [0, 1, 2].map(number => numbered(number)),
      )
      const aborted = new AbortController()
      const seen: number[] = []
      for await (const chunk of log.read(0, 1, aborted.signal)) {
        seen.push(...chunk.map(({ offset }) => offset))
        if (seen.at(-1) === 10) aborted.abort()
        // Not awaited to the end: the reader is waiting, or already reading, when the records come.
        else if (seen.at(-1)! % 2 === 0) void log.append(0, [numbered(1), numbered(2)])
      }
      assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    onLog('two readers read the same records independently', async log => {
      await log.append(
        0,
        Array.from({ length: 100 }, (_, number) => numbered(number)),
      )
      const [all, tail] = await Promise.all([readRange(log, 0, 0, 100), readRange(log, 0, 60, 100)])
      assert.deepEqual(all.slice(60), tail)
    })

    onLog('aborting ends a reader in the middle of a backlog, without an error', async log => {
      for (let call = 0; call < 10; call++) await log.append(0, [numbered(call, 2 ** 20)])
      const aborted = new AbortController()
      let seen = 0
      for await (const chunk of log.read(0, 0, aborted.signal)) {
        seen += chunk.length
        aborted.abort()
      }
      assert.ok(seen > 0 && seen < 10)
    })

    onLog('a read with an aborted signal yields nothing', async log => {
      await log.append(0, [numbered(1)])
      assert.equal((await log.read(0, 0, AbortSignal.abort()).next()).done, true)
    })

    onLog('an offset beyond the end is refused with log_behind_store', async log => {
      await log.append(0, [numbered(1)])
      await assert.rejects(log.read(0, 2, new AbortController().signal).next(), { code: 'log_behind_store' })
    })

    onLog(
      'a reader that names the record before its first one reads on behind that one, and behind no other',
      async log => {
        await log.append(0, [numbered(0), numbered(1), numbered(2)])
        const held = (await readRange(log, 0, 1, 2))[0]!
        // Under another leader's epoch, where there are any: records that replace lost ones have one.
        const other = held.leaderEpoch === undefined ? {} : { leaderEpoch: held.leaderEpoch + 1 }
        const { value } = await log.read(0, 2, new AbortController().signal, held).next()
        assert.deepEqual((value as LoggedRecord[]).map(contentOf), [numbered(2)])
        for (const after of [
          { ...held, ...other, payload: numbered(7).payload },
          { ...held, ...other, timestampMs: held.timestampMs - 1, writtenMs: (held.writtenMs ?? held.timestampMs) - 1 },
        ])
          await assert.rejects(log.read(0, 2, new AbortController().signal, after).next(), { code: 'log_truncated' })
      },
    )

    onLog('trimming drops the records below both floors, and no others', async log => {
      await log.append(
        0,
        Array.from({ length: 100 }, (_, number) => numbered(number)),
      )
      assert.equal(await log.trim(0, { storedBelow: 40, archivedBelow: 0 }), 0)
      assert.equal(await log.trim(0, { storedBelow: 0, archivedBelow: 40 }), 0)
      assert.equal(await log.trim(0, { storedBelow: 70, archivedBelow: 30 }), 30)
      assert.deepEqual(log.bounds(0), { first: 30, next: 100 })
      assert.equal(await log.trim(0, { storedBelow: 35, archivedBelow: 90 }), 5)
      assert.equal(await log.trim(0, { storedBelow: 35, archivedBelow: 35 }), 0)
      const rest = Array.from({ length: 65 }, (_, index) => numbered(35 + index))
      assert.deepEqual((await readRange(log, 0, 35, 100)).map(contentOf), rest)
    })

    onLog(
      'trimming one partition leaves the others unchanged',
      async log => {
        for (const partition of [0, 1, 2]) await log.append(partition, [numbered(partition), numbered(9)])
        assert.equal(await log.trim(1, { storedBelow: 100, archivedBelow: 100 }), 2)
        assert.deepEqual(log.bounds(0), { first: 0, next: 2 })
        assert.deepEqual(log.bounds(1), { first: 2, next: 2 })
        assert.deepEqual(log.bounds(2), { first: 0, next: 2 })
      },
      3,
    )

    test('offsets are never assigned twice, even if everything was trimmed and the log reopened', async t => {
      const directory = freshDirectory(t)
      const first = await open(directory)
      await first.append(0, [numbered(0), numbered(1)])
      assert.equal(await first.trim(0, { storedBelow: 2, archivedBelow: 2 }), 2)
      assert.equal(await first.append(0, [numbered(2)]), 2)
      await first.trim(0, { storedBelow: 3, archivedBelow: 3 })
      await first.close()
      const second = await open(directory)
      assert.deepEqual(second.bounds(0), { first: 3, next: 3 })
      assert.equal(await second.append(0, [numbered(3)]), 3)
      await second.close()
    })

    onLog('a trimmed offset is refused with log_offset_gone, at the start and in the middle of reading', async log => {
      await log.append(
        0,
        Array.from({ length: 12 }, (_, number) => numbered(number, 2 ** 20)),
      )
      const reader = log.read(0, 0, new AbortController().signal)
      await reader.next()
      await log.trim(0, { storedBelow: 11, archivedBelow: 11 })
      await assert.rejects(reader.next(), { code: 'log_offset_gone' })
      await assert.rejects(log.read(0, 10, new AbortController().signal).next(), { code: 'log_offset_gone' })
      assert.equal((await readRange(log, 0, 11, 12)).length, 1)
    })

    onLog('timestamps are current and never fall', async log => {
      const beforeMs = Date.now()
      for (let call = 0; call < 20; call++) await log.append(0, [numbered(call), numbered(call)])
      const times = (await readRange(log, 0, 0, 40)).map(({ timestampMs }) => timestampMs)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => a - b),
      )
      assert.ok(times[0]! >= beforeMs && times.at(-1)! <= Date.now())
    })

    onLog('countTicks returns the writers’ counts of any range, also after trimming', async log => {
      const records = Array.from({ length: 30 }, (_, number) => numbered(number))
      await log.append(0, records)
      const expected = (from: number, below: number): number =>
        records.slice(from, below).reduce((sum, { ticks }) => sum + ticks, 0)
      for (const [from, below] of [
        [0, 30],
        [0, 0],
        [7, 8],
        [3, 29],
        [29, 30],
        [12, 5],
      ] as const)
        assert.equal(await log.countTicks(0, from, below), expected(from, below))
      assert.equal(await log.countTicks(0, 20, 1000), expected(20, 30))
      await log.trim(0, { storedBelow: 10, archivedBelow: 10 })
      assert.equal(await log.countTicks(0, 10, 30), expected(10, 30))
      assert.equal(await log.countTicks(0, 0, 30), expected(10, 30))
    })

    onLog('a payload of 0 bytes and one of 8 MiB come back complete, in chunks of bounded size', async log => {
      const records = [numbered(0, 0), numbered(1, 8 * 2 ** 20), numbered(2, 3 * 2 ** 20), numbered(3, 3 * 2 ** 20)]
      await log.append(0, records)
      const chunks: LoggedRecord[][] = []
      for await (const chunk of log.read(0, 0, new AbortController().signal)) {
        chunks.push(chunk)
        if (chunks.flat().length === 4) break
      }
      for (const [index, { payload }] of chunks.flat().entries())
        assert.ok(Buffer.from(payload).equals(records[index]!.payload), `payload ${index}`)
      assert.ok(
        chunks.every(chunk => chunk.length === 1 || chunk.reduce((sum, e) => sum + e.payload.length, 0) <= 2 ** 22),
      )
    })

    onLog('a partition that the log does not have is refused', async log => {
      for (const partition of [-1, log.partitions, 0.5]) {
        await assert.rejects(log.append(partition, [numbered(1)]), RangeError)
        await assert.rejects(log.read(partition, 0, new AbortController().signal).next(), RangeError)
        assert.throws(() => log.bounds(partition), RangeError)
      }
    })

    test('an announcement replaces the last one of its key, and survives closing the log', async t => {
      const directory = freshDirectory(t)
      const first = await open(directory)
      assert.deepEqual(first.announcements(), [])
      const beforeMs = Date.now()
      await first.announce('sources', { connected: 1 })
      await first.announce('ingest', 'here')
      await first.announce('sources', { connected: 2, symbols: ['BTC-USD'] })
      await first.close()
      const second = await open(directory)
      const announced = second.announcements().toSorted((a, b) => (a.key < b.key ? -1 : 1))
      assert.deepEqual(
        announced.map(({ key, body }) => [key, body]),
        [
          ['ingest', 'here'],
          ['sources', { connected: 2, symbols: ['BTC-USD'] }],
        ],
      )
      assert.deepEqual(
        second.announcements('source').map(({ key }) => key),
        ['sources'],
      )
      assert.ok(announced.every(({ atMs }) => atMs >= beforeMs && atMs <= Date.now()))
      assert.deepEqual(second.bounds(0), { first: 0, next: 0 })
      await second.close()
    })

    test('closing commits pending appends; afterwards appends reject and readers have ended', async t => {
      const directory = freshDirectory(t)
      const log = await open(directory)
      const reader = log.read(0, 0, new AbortController().signal)
      const waiting = reader.next()
      const appended = Array.from({ length: 40 }, (_, number) => log.append(0, [numbered(number, 2 ** 20)]))
      await log.close()
      assert.deepEqual(
        await Promise.all(appended),
        Array.from({ length: 40 }, (_, offset) => offset),
      )
      await waiting
      assert.equal((await reader.next()).done, true)
      await assert.rejects(log.append(0, [numbered(1)]), { code: 'log_unavailable' })
      await log.close()
      const reopened = await open(directory)
      assert.deepEqual(reopened.bounds(0), { first: 0, next: 40 })
      await reopened.close()
    })

    onLog('the size on disk grows with the records', async log => {
      const emptyBytes = log.sizeBytes()
      await log.append(0, [numbered(1, 2 ** 20)])
      assert.ok(log.sizeBytes() >= emptyBytes + 2 ** 20)
    })

    test('after any sequence of appends, trims and reopens, the log equals a plain array', async () => {
      const step = fc.oneof(
        {
          weight: 5,
          arbitrary: fc.record({ partition: fc.nat(1), append: fc.array(fc.nat(40_000), { maxLength: 6 }) }),
        },
        { weight: 2, arbitrary: fc.record({ partition: fc.nat(1), stored: fc.nat(60), archived: fc.nat(60) }) },
        { weight: 1, arbitrary: fc.constant('reopen' as const) },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 25 }), async steps => {
          const directory = mkdtempSync(join(tmpdir(), 'tickhouse-log-'))
          let log = await open(directory, { partitions: 2 })
          try {
            const models = [0, 1].map(() => ({ first: 0, records: [] as LogRecord[] }))
            for (const step of steps) {
              if (step === 'reopen') {
                await log.close()
                log = await open(directory)
              } else if ('append' in step) {
                const { records } = models[step.partition]!
                const added = step.append.map((bytes, index) => numbered(records.length + index, bytes))
                assert.equal(await log.append(step.partition, added), records.length)
                records.push(...added)
              } else {
                const model = models[step.partition]!
                const below = Math.max(model.first, Math.min(step.stored, step.archived, model.records.length))
                const floor = { storedBelow: step.stored, archivedBelow: step.archived }
                assert.equal(await log.trim(step.partition, floor), below - model.first)
                model.first = below
              }
              for (const [partition, { first, records }] of models.entries())
                assert.deepEqual(log.bounds(partition), { first, next: records.length })
            }
            for (const [partition, { first, records }] of models.entries()) {
              const kept = records.slice(first)
              assert.deepEqual((await readRange(log, partition, first, records.length)).map(contentOf), kept)
              const ticks = kept.reduce((sum, record) => sum + record.ticks, 0)
              assert.equal(await log.countTicks(partition, first, records.length), ticks)
            }
          } finally {
            await log.close()
            rmSync(directory, { recursive: true, force: true })
          }
        }),
        { numRuns: 12 },
      )
    })
  })
}
