/** Damaged, foreign and unwritable files, and full disks: the log's errors, and that it never causes further damage. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { TickhouseError } from '../../../src/errors.ts'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { freshDirectory, numbered, readRange } from '../../contracts/log.ts'

const MIB = 2 ** 20

/** A log of 300 records of 20,000 bytes, closed cleanly. */
async function closedLog(t: TestContext): Promise<string> {
  const directory = freshDirectory(t)
  const log = await openSqliteLog(directory, 'write')
  await log.append(
    0,
    Array.from({ length: 300 }, (_, number) => numbered(number, 20_000)),
  )
  await log.close()
  return directory
}

const main = (directory: string): string => join(directory, 'log.sqlite')

/** Opens to read and reads everything: the damage must show in one or the other. */
async function readAll(directory: string, below: number): Promise<void> {
  const log = await openSqliteLog(directory, 'read')
  try {
    await readRange(log, 0, 0, below)
  } finally {
    await log.close()
  }
}

/** Mounts a small file system; skips the test where that is not permitted. */
function mountTmpfs(t: TestContext, bytes: number): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-log-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', directory]).status === 0
  t.after(() => {
    // Lazily, because a failed test may have left the log open.
    if (mounted) execFileSync('umount', ['-l', directory])
    rmdirSync(directory)
  })
  if (mounted) return directory
  t.skip('needs the right to mount a tmpfs')
  return undefined
}

test('a file truncated anywhere is refused as damaged, with advice, by writer and reader', async t => {
  const whole = await closedLog(t)
  const bytes = statSync(main(whole)).size
  for (const kept of [0, 10, 50, 100, 5000, 16_384, 40_000, Math.floor(bytes / 2), bytes - 16_384, bytes - 1]) {
    const directory = freshDirectory(t)
    cpSync(whole, directory, { recursive: true })
    truncateSync(main(directory), kept)
    const damaged = { code: 'data_corrupt', advice: /make a copy of the whole directory/, retryable: false }
    await assert.rejects(openSqliteLog(directory, 'write'), damaged, `writer, ${kept} of ${bytes} bytes`)
    await assert.rejects(readAll(directory, 300), damaged, `reader, ${kept} of ${bytes} bytes`)
    assert.equal(statSync(main(directory)).size, kept, 'left as it was found')
  }
})

test('a truncated main file beside a complete write-ahead log is detected', async t => {
  const source = freshDirectory(t)
  const log = await openSqliteLog(source, 'write')
  // Beyond the first checkpoint, so that most pages lie in the main file and only the last ones in the write-ahead log.
  for (let call = 0; call < 20; call++) await log.append(0, [numbered(call, MIB)])
  const copies = [freshDirectory(t), freshDirectory(t)]
  for (const copy of copies) {
    copyFileSync(main(source), main(copy))
    copyFileSync(`${main(source)}-wal`, `${main(copy)}-wal`)
  }
  await log.close()
  const [whole, cut] = copies as [string, string]
  assert.ok(statSync(main(whole)).size < 20 * MIB, 'the last records are not in the main file yet')
  const opened = await openSqliteLog(whole, 'write')
  assert.equal((await readRange(opened, 0, 0, 20)).length, 20)
  await opened.close()

  truncateSync(main(cut), 2 * MIB)
  await assert.rejects(openSqliteLog(cut, 'write'), {
    code: 'data_corrupt',
    message: /was cut off: page \d+ is missing/,
  })
  assert.equal(statSync(main(cut)).size, 2 * MIB)
})

test('a torn page is detected when it is read', async t => {
  const directory = await closedLog(t)
  const bytes = readFileSync(main(directory))
  // In the middle of a record: half of the file may be a page that nothing uses.
  const at = bytes.indexOf(numbered(150, 20_000).payload.subarray(0, 251))
  assert.ok(at > 0)
  bytes.fill(0, at, at + 8192)
  writeFileSync(main(directory), bytes)
  await assert.rejects(readAll(directory, 300), { code: 'data_corrupt' })
})

test('one changed bit in a payload is detected when it is read', async t => {
  const directory = await closedLog(t)
  const bytes = readFileSync(main(directory))
  const at = bytes.indexOf(numbered(150, 20_000).payload.subarray(0, 251))
  assert.ok(at > 0)
  bytes[at + 100]! ^= 4
  writeFileSync(main(directory), bytes)
  await assert.rejects(readAll(directory, 300), { code: 'data_corrupt', message: /partition 0 offset 150/ })
  const log = await openSqliteLog(directory, 'write')
  assert.equal((await readRange(log, 0, 151, 300)).length, 149)
  await log.close()
})

test('records deleted by another program are detected', async t => {
  const directory = await closedLog(t)
  const db = new DatabaseSync(main(directory))
  db.exec('DELETE FROM records WHERE id = 150')
  db.close()
  await assert.rejects(readAll(directory, 300), { code: 'data_corrupt', message: /offset 150 is missing/ })
  const again = new DatabaseSync(main(directory))
  again.exec('DELETE FROM records WHERE id = 299')
  again.close()
  await assert.rejects(openSqliteLog(directory, 'write'), { code: 'data_corrupt', message: /offsets 0 to 299/ })
})

test('a write-ahead log without its main file is not deleted', async t => {
  const directory = await closedLog(t)
  rmSync(main(directory))
  writeFileSync(`${main(directory)}-wal`, 'anything')
  await assert.rejects(openSqliteLog(directory, 'write'), { code: 'data_corrupt' })
  assert.equal(readFileSync(`${main(directory)}-wal`, 'utf8'), 'anything')
})

test('files of other programs are refused and not touched', async t => {
  const text = freshDirectory(t)
  writeFileSync(main(text), 'my diary')
  const other = freshDirectory(t)
  const db = new DatabaseSync(main(other))
  db.exec('CREATE TABLE diary (day TEXT)')
  db.close()
  for (const directory of [text, other]) {
    const before = readFileSync(main(directory))
    for (const mode of ['write', 'read'] as const)
      await assert.rejects(openSqliteLog(directory, mode), { code: 'data_foreign', advice: /another directory/ })
    assert.deepEqual(readFileSync(main(directory)), before)
  }
})

test('a log of a newer tickhouse is refused with the advice to upgrade', async t => {
  const directory = await closedLog(t)
  const db = new DatabaseSync(main(directory))
  db.exec('PRAGMA user_version = 99')
  db.close()
  for (const mode of ['write', 'read'] as const)
    await assert.rejects(openSqliteLog(directory, mode), {
      code: 'data_foreign',
      message: /written by a newer tickhouse: version 99, this program has 1/,
      advice: /^Start the newer tickhouse/,
    })
})

test('a directory that cannot be created is refused', async t => {
  const directory = freshDirectory(t)
  writeFileSync(join(directory, 'file'), '')
  await assert.rejects(openSqliteLog(join(directory, 'file', 'log'), 'write'), { code: 'data_unwritable' })
  await assert.rejects(openSqliteLog(join(directory, 'file'), 'write'), { code: 'data_unwritable' })
})

test('a read-only disk is refused, with a log on it or without', async t => {
  const directory = mountTmpfs(t, 8 * MIB)
  if (!directory) return
  const log = await openSqliteLog(join(directory, 'log'), 'write')
  await log.append(0, [numbered(1)])
  await log.close()
  execFileSync('mount', ['-o', 'remount,ro', directory])
  const refused = { code: 'data_unwritable', advice: /read and write access/ }
  await assert.rejects(openSqliteLog(join(directory, 'log'), 'write'), refused)
  await assert.rejects(openSqliteLog(join(directory, 'other'), 'write'), refused)
})

test('a full disk rejects appends in order, keeps acknowledged records, and appends resume when there is space', async t => {
  const directory = mountTmpfs(t, 6 * MIB)
  if (!directory) return
  const ballast = join(directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(2 * MIB))
  const log = await openSqliteLog(join(directory, 'log'), 'write')
  t.after(() => log.close())
  const calls = Array.from({ length: 120 }, (_, number) => log.append(0, [numbered(number, 64 * 1024)]))
  const results = await Promise.allSettled(calls)
  const acknowledged = results.findIndex(({ status }) => status === 'rejected')
  t.diagnostic(`full after ${acknowledged} records`)
  assert.ok(acknowledged > 0)
  for (const [index, result] of results.entries()) {
    if (index < acknowledged) assert.deepEqual(result, { status: 'fulfilled', value: index })
    else assert.ok(result.status === 'rejected' && isDiskFull(result.reason), `call ${index} must not overtake`)
  }
  assert.deepEqual(log.bounds(0), { first: 0, next: acknowledged })
  // More than the whole disk: how much is left depends on where the write-ahead log was cut.
  assert.ok(isDiskFull(await log.append(0, [numbered(0, 7 * MIB)]).catch(error => error)))

  rmSync(ballast)
  // The large call fills a transaction by itself; the small ones after it would find space, in a transaction of their own.
  const [large, ...small] = await Promise.allSettled([
    log.append(0, [numbered(0, 17 * MIB)]),
    log.append(0, [numbered(1)]),
    log.append(0, [numbered(2)]),
  ])
  for (const result of [large, ...small]) assert.ok(result.status === 'rejected' && isDiskFull(result.reason))
  assert.equal(await log.append(0, [numbered(acknowledged, 64 * 1024)]), acknowledged)
  await log.close()
  const reopened = await openSqliteLog(join(directory, 'log'), 'write')
  const entries = await readRange(reopened, 0, 0, acknowledged + 1)
  for (const { offset, payload } of entries) assert.deepEqual(payload, numbered(offset, 64 * 1024).payload)
  assert.equal(entries.length, acknowledged + 1)
  await reopened.close()
})

test('a disk too full to create a log is reported, and a later attempt succeeds', async t => {
  const directory = mountTmpfs(t, MIB)
  if (!directory) return
  const ballast = join(directory, 'ballast')
  writeFileSync(ballast, Buffer.alloc(MIB - 32 * 1024))
  assert.ok(isDiskFull(await openSqliteLog(join(directory, 'log'), 'write').catch(error => error)))
  rmSync(ballast)
  const log = await openSqliteLog(join(directory, 'log'), 'write')
  assert.equal(await log.append(0, [numbered(0)]), 0)
  await log.close()
})

function isDiskFull(error: unknown): boolean {
  return error instanceof TickhouseError && error.code === 'disk_full' && error.retryable
}
