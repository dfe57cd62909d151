/** `tickhouse backfill` that is interrupted, has nobody to store, or has options: with real processes, files and a server. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeWithChecksum, zipOf } from '../../support/data/zip-file.ts'
import {
  assertWhole,
  backfill,
  EARLIER,
  fileOf,
  ids,
  LIVE,
  outcome,
  publish,
  run,
  start,
  stored,
  storing,
  YESTERDAY,
} from '../../support/processes/backfilling.ts'
import { TestInstance } from '../../support/processes/tickhouse.ts'

const BOTH = { [EARLIER]: fileOf(EARLIER), [YESTERDAY]: fileOf(YESTERDAY) }
const NOBODY = ['--listen', '127.0.0.1:1']
const nameOf = (day: string) => `BTCUSDT-trades-${day}.zip`

test('Ctrl-C ends it with a message and exit code 1, leaves no half file, and the next run goes on', async t => {
  const { url, stalled, requested } = await publish(t, BOTH)
  stalled.day = EARLIER
  const started = await storing(t, LIVE)
  const child = await start(started, url)
  const ended = outcome(child)
  while (!requested.some(each => each.includes(EARLIER))) await sleep(50)
  child.kill('SIGINT')
  const { status, output, errors } = await ended
  assert.equal(status, 1, output + errors)
  assert.match(
    output,
    new RegExp(`^${YESTERDAY} .*22,500 new\\n.*\\nstopped: run it again to go on; what is stored is skipped\\n$`),
  )
  assert.equal(errors, '')
  assert.deepEqual(readdirSync(path.join(started.instance.directory, 'data/backfill')), [])
  delete stalled.day
  const again = await backfill(started, url)
  assert.equal(again.status, 0, again.output + again.errors)
  assert.match(again.output, /60,000 trades, 30,000 of them new\n$/)
  assertWhole(await stored(started))
})

test('while nothing stores, what an earlier run appended is not appended again', async t => {
  const { url } = await publish(t, BOTH)
  const started = await storing(t, LIVE)
  await started.ingest.end('SIGTERM')
  const words = ['binance:BTCUSDT', '--from', EARLIER, '--url', url, ...NOBODY]
  const first = await outcome(run(started.instance, words))
  assert.equal(first.status, 1, first.output + first.errors)
  assert.match(first.output, /30,000 trades.*: 30,000 new\n.*no tickhouse runs: they are in the log, and stored once/)
  const again = await outcome(run(started.instance, words))
  assert.equal(again.status, 1, again.output + again.errors)
  assert.match(again.output, /: 22,500 in the log already\n/)
  assert.match(again.output, /: 30,000 in the log already\n/)
  assert.match(again.output, /60,000 trades, 0 of them new\n$/)
  const ingest = started.instance.run('ingest')
  assertWhole(await stored({ instance: started.instance, ingest }))
  const log = await started.instance.log()
  const { next } = await log.refresh(0)
  assert.equal(await log.countTicks(0, 0, next), 60_500, 'each trade once')
  await log.close()
})

test('--files takes local files, of days in ms and of days in µs, and requests nothing', async t => {
  const started = await storing(t, [])
  const directory = path.join(started.instance.directory, 'mine')
  mkdirSync(directory)
  const days = { '2024-12-31': 1_735_603_200_000, '2025-01-01': 1_735_689_600_000_000 }
  const [FIRST, PER_DAY] = [70_001, 500]
  for (const [at, [day, start]] of Object.entries(days).entries()) {
    const step = start > 1e14 ? 1_000_001 : 1_001
    const lines = ids(FIRST + at * PER_DAY, PER_DAY).map(
      (id, n) => `${id},1.5,0.25,0.375,${start + n * step},True,True`,
    )
    writeWithChecksum(path.join(directory, nameOf(day)), zipOf(`${lines.join('\n')}\n`))
  }
  // Any request would fail.
  const more = ['--files', directory, '--to', '2025-01-02']
  const { status, output, errors } = await backfill(started, 'http://127.0.0.1:1', '2024-12-31', more)
  assert.equal(status, 0, output + errors)
  assert.match(output, /2 of 2 days whole, 1,000 trades, 1,000 of them new\n$/)
  assert.equal(readdirSync(directory).length, 4, 'files of the user are not removed')
  const { trades, gaps } = await stored(started)
  assert.deepEqual(gaps, [])
  const micros = trades.map(({ line }) => Number(line.split(' ')[4]))
  const expected = [
    ...ids(0, PER_DAY).map(n => (days['2024-12-31'] + n * 1_001) * 1000),
    ...ids(0, PER_DAY).map(n => days['2025-01-01'] + n * 1_000_001),
  ]
  assert.deepEqual(micros, expected)
})

test('--keep keeps downloads, which another run reads in place of a download; without it they are removed', async t => {
  const { url, requested } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const directory = path.join(started.instance.directory, 'data/backfill')
  const kept = await backfill(started, url, YESTERDAY, ['--keep'])
  assert.equal(kept.status, 0, kept.output + kept.errors)
  assert.deepEqual(readdirSync(directory).sort(), [nameOf(YESTERDAY), `${nameOf(YESTERDAY)}.CHECKSUM`])
  const before = requested.length
  const again = await backfill(started, url, YESTERDAY)
  assert.match(again.output, /all stored before/)
  assert.equal(requested.length, before)
  assert.deepEqual(readdirSync(directory), [])
})

test('--dry-run prints what would be downloaded and appended, and does neither', async t => {
  const { url, requested } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const log = await started.instance.log()
  const { next } = await log.refresh(0)
  const remote = await backfill(started, url, EARLIER, ['--dry-run'])
  assert.equal(remote.status, 1, remote.output + remote.errors)
  assert.match(
    remote.output,
    new RegExp(`^${YESTERDAY}  would download [\\d,]+ bytes from ${url}/.*; 7,500 trades of the day are stored\n`),
  )
  assert.match(remote.output, new RegExp(`\n${EARLIER}  not published at ${url}`))
  assert.match(
    remote.output,
    /dry run of 2 days: [\d,]{4,} bytes to download; 0 of 0 trades of files at hand would be appended\n$/,
  )
  assert.deepEqual(requested, [])
  const files = path.join(started.instance.directory, 'mine')
  mkdirSync(files)
  writeWithChecksum(path.join(files, nameOf(YESTERDAY)), zipOf(`${fileOf(YESTERDAY).join('\n')}\n`))
  const local = await backfill(started, url, YESTERDAY, ['--dry-run', '--files', files])
  assert.equal(local.status, 0, local.output + local.errors)
  assert.match(local.output, /ids 5030000 to 5059999: 22,500 would be appended\n/)
  assert.equal((await log.refresh(0)).next, next, 'nothing was appended')
  await log.close()
  assert.equal(existsSync(path.join(started.instance.directory, 'data/backfill')), false)
})

test('a day whose trades have left the tables by retention is refused, the day after it is not', async t => {
  const { url } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY) })
  const instance = new TestInstance(t, { ARCHIVE: 'off' })
  const store = await instance.store()
  const row = { archive: 'file:elsewhere', kind: 'trades', slice_start: `${EARLIER} 23:00:00`, state: 'dropped' }
  await store.insertRows('archive_ledger', [row])
  await store.close()
  const words = ['binance:BTCUSDT', '--url', url, ...NOBODY, '--from']
  const refused = await outcome(run(instance, [...words, EARLIER]))
  assert.equal(refused.status, 2, refused.output)
  assert.match(refused.errors, new RegExp(`trades of days up to ${EARLIER} have left the tables by retention`))
  const taken = await outcome(run(instance, [...words, YESTERDAY]))
  assert.match(taken.output, /30,000 new/, taken.errors)
})

test('a log that the store does not follow is refused: its trades would never be stored', async t => {
  const { url } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const other = new TestInstance(t)
  const log = await other.log('write')
  await log.close()
  const { host } = new URL(await started.ingest.url())
  const words = ['binance:BTCUSDT', '--from', YESTERDAY, '--url', url, '--listen', host]
  const { status, errors } = await outcome(run(other, words))
  assert.equal(status, 2)
  assert.match(errors, /the store follows log .*, not this one/)
})
