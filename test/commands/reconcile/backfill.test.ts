/** `tickhouse backfill` as a user runs it: a server in the shape of the venue's, a storing process, and some trades recorded live. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { unlink } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Schedule } from '../../support/faults.ts'
import {
  assertWhole,
  backfill,
  CLI,
  EARLIER,
  fileOf,
  LIVE,
  publish,
  start,
  stored,
  storing,
  YESTERDAY,
} from '../../support/processes/backfilling.ts'

test('days are brought in, joined by id with what was recorded live, and nothing is appended twice', async t => {
  const { url, requested } = await publish(t, { [EARLIER]: fileOf(EARLIER), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const first = await backfill(started, url)
  assert.equal(first.status, 0, first.output + first.errors)
  assert.match(
    first.output,
    new RegExp(
      `^${YESTERDAY}  30,000 trades, ids 5030000 to 5059999: 22,500 new\\n *its last trade is at 23:59:5.*\\n${EARLIER}  30,000 trades.*: 30,000 new\\n`,
    ),
  )
  assert.match(first.output, /2 of 2 days whole, 60,000 trades, 52,500 of them new\n$/)
  const again = await backfill(started, url)
  assert.equal(again.status, 0, again.output + again.errors)
  assert.match(again.output, /: all stored before\n.*\n.*: all stored before\n.*60,000 trades, 0 of them new\n$/)
  assert.equal(requested.length, 8)
  assertWhole(await stored(started))
})

test('a file that is not what the venue stated, or not of its day, brings nothing in, and says why', async t => {
  const lines = fileOf(YESTERDAY)
  const inMs = lines.map(line => line.replace(/,(\d{13})\d{3},/, ',$1,'))
  const cases: [why: RegExp, lines: readonly string[], checksum?: string][] = [
    [/it differs from its checksum/, lines, '0'.repeat(64)],
    [/29,?999 of its rows|1 of its rows have an id that is not above the one before/, lines.toSpliced(7, 0, lines[6]!)],
    [/30000 of its rows have times of another unit/, inMs],
    [/30000 of its rows are of another day/, fileOf(EARLIER)],
    [/1 of its lines are no rows, the first is line 30000/, [...lines.slice(0, -1), lines.at(-1)!.slice(0, 20)]],
  ]
  const started = await storing(t, [])
  for (const [why, some, checksum] of cases) {
    const { url } = await publish(t, { [YESTERDAY]: some }, checksum)
    const { status, output, errors } = await backfill(started, url, YESTERDAY)
    assert.equal(status, 1, output + errors)
    assert.match(output, why)
    assert.match(output, /nothing was taken from its file/)
    // As the message states.
    await Promise.all(
      ['', '.CHECKSUM'].map(end =>
        unlink(path.join(started.instance.directory, `data/backfill/BTCUSDT-trades-${YESTERDAY}.zip${end}`)),
      ),
    )
  }
  assert.equal((await stored(started)).trades.length, 0)
})

test('a file with missing rows is taken, and what it lacks stays known as missing', async t => {
  const { url } = await publish(t, { [YESTERDAY]: fileOf(YESTERDAY).toSpliced(100, 3) })
  const started = await storing(t, LIVE)
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 1, output + errors)
  assert.match(output, /the file lacks 3 ids between them: 5030100–5030102/)
  assert.match(output, new RegExp(`${EARLIER}  not published at http://`))
  const { gaps, refused } = await stored(started)
  assert.deepEqual(gaps, [{ missing: 3 }])
  assert.equal(refused, 0)
})

test('a file that ends too early does not count as whole, though its checksum is that of the file', async t => {
  const { url } = await publish(t, { [EARLIER]: fileOf(EARLIER).slice(0, -200), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 1, output + errors)
  assert.match(output, /does not reach to the next day's first id, 5030000: it ends at 23:5\d:\d\d/)
  assert.match(output, /1 of 2 days whole/)
  assert.deepEqual((await stored(started)).gaps, [{ missing: 200 }])
})

test('killed at any moment and run again, it brings in the same', async t => {
  const { url } = await publish(t, { [EARLIER]: fileOf(EARLIER), [YESTERDAY]: fileOf(YESTERDAY) })
  const started = await storing(t, LIVE)
  const schedule = new Schedule(t)
  for (let kill = 0; kill < 4; kill++) {
    const child = await start(started, url)
    const closed = once(child, 'close')
    await sleep(700)
    await schedule.moment(1_500)
    child.kill('SIGKILL')
    await closed
  }
  const { status, output, errors } = await backfill(started, url)
  assert.equal(status, 0, output + errors)
  assertWhole(await stored(started))
})

test('a mistake is one clear line', async t => {
  const started = await storing(t, [])
  for (const [words, message] of [
    [['nowhere:BTCUSDT', '--from', YESTERDAY], /there is no venue nowhere/],
    [['coinbase:BTC-USD', '--from', YESTERDAY], /coinbase publishes no file of a day that can be read: only binance/],
    [['binance:BTCUSDT', '--from', 'yesterday'], /--from takes a UTC day, not yesterday/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--to', EARLIER], /no day that is over/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--to', '2999-01-01'], /not all over/],
    [['binance:BTCUSDT', '--from', YESTERDAY, '--url', 'http://127.0.0.1:1'], /cannot download http:\/\/127.0.0.1:1/],
  ] as const) {
    const { host } = new URL(await started.ingest.url())
    const child = spawn(process.execPath, [CLI, 'backfill', ...words, '--listen', host], {
      cwd: started.instance.directory,
      env: { PATH: process.env.PATH },
    })
    const closed = once(child, 'close')
    const errors = (await child.stderr.toArray()).join('')
    assert.match(errors, message)
    assert.equal(errors.trim().split('\n').length, 1, errors)
    assert.equal((await closed)[0], 2)
  }
})
