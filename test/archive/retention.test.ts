import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { retentionOf } from '../../src/archive/open.ts'
import { openTarget } from '../../src/archive/targets/open.ts'
import { parseConfig } from '../../src/config.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { archiverOf, openArchiveFixture } from '../support/data/archiving.ts'

const HOUR_MS = 3_600_000
/** The mixed log's last hour ends here. */
const LAST_HOUR_END_MS = Date.UTC(2026, 10, 23, 1)

const config = (environment: Record<string, string> = {}) => parseConfig({}, environment)

function freshDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-retention-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

test('an archived and verified hour is trimmed from a new log after a week, and not before', async t => {
  const directory = freshDirectory(t)
  const fixture = await openArchiveFixture(directory)
  t.after(() => fixture.close())
  const target = await openTarget(`file:${directory}/archive`, 'unused')
  const retention = retentionOf(config(), fixture.log)
  const firstAfter = async (hours: number) => {
    await archiverOf(fixture, target, { retention, nowMs: LAST_HOUR_END_MS + hours * HOUR_MS }).archiver.round()
    return fixture.log.bounds(0).first
  }
  const { first, next } = fixture.log.bounds(0)
  assert.equal(await firstAfter(24), first)
  const beforeLast = await firstAfter(167)
  assert.ok(beforeLast > first && beforeLast < next)
  assert.equal(await firstAfter(169), next)
})

test('a setting overrides the default of the log, and a log of an earlier version keeps everything', async t => {
  const directory = freshDirectory(t)
  await (await openSqliteLog(directory, 'write')).close()
  const reading = await openSqliteLog(directory, 'read')
  assert.equal(retentionOf(config(), reading).logHours, 168)
  assert.equal(retentionOf(config({ TICKHOUSE_LOG_KEEP_HOURS: '5' }), reading).logHours, 5)
  assert.equal(retentionOf(config({ TICKHOUSE_LOG_KEEP_HOURS: 'forever' }), reading).logHours, undefined)
  await reading.close()

  const file = new DatabaseSync(path.join(directory, 'log.sqlite'))
  file.exec('ALTER TABLE meta DROP COLUMN keep_hours')
  file.close()
  const older = await openSqliteLog(directory, 'write')
  assert.equal(retentionOf(config(), older).logHours, undefined)
  assert.equal(retentionOf(config({ TICKHOUSE_LOG_KEEP_HOURS: '5' }), older).logHours, 5)
  await older.close()
})
