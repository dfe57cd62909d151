/** `tickhouse quarantine` as a user runs it, beside a running tickhouse. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { RECORD_VERSION } from '../../src/tick/records.ts'
import { tradesOf } from '../support/data/trades.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url))
const ACME = [1, 2].map(tradeId => ({ symbol: 'AAA', tradeId, price: 1.5, volume: 2, side: 'buy' }))

test('reasons, rows, payloads, and reprocessing after a venue was configured', async t => {
  const instance = new TestInstance(t)
  const log = await instance.log('write')
  t.after(() => log.close())
  const binary = Uint8Array.of(0xff, 0x00, 0x1b, 0x41)
  await log.append(0, [
    tradesOf('acme', ACME),
    { kind: 'trades', format: 'native', version: RECORD_VERSION, ticks: 3, payload: binary },
  ])
  let url = ''
  const ask = async (...flags: string[]) => {
    const listen = ['--listen', new URL(url).host]
    return (
      await promisify(execFile)(process.execPath, [CLI, 'quarantine', ...listen, ...flags], { encoding: 'buffer' })
    ).stdout
  }
  const refusing = instance.run('ingest')
  await refusing.drained()
  url = await refusing.url()
  const reasons = (await ask()).toString()
  assert.match(
    reasons,
    /^unknown_venue: 2 ticks in 1 records from acme\n {2}\d{4}-.* for example: a venue that is neither/m,
  )
  assert.match(reasons, /^undecodable_record: 3 ticks in 1 records\n/m)
  const rows = (await ask('--reason', 'unknown_venue', '--limit', '1')).toString()
  assert.match(rows, /^0\/0\/0 .* unknown_venue {2}acme AAA\n.*\n {2}\| \{"venue":"acme","symbol":"AAA".*\}\n$/)
  assert.match((await ask('--at', '0/1/0')).toString(), /\| 4 bytes\n {2}\| 000000 {2}ff 00 1b 41 +\.\.\.A\n$/)
  assert.deepEqual(await ask('--at', '0/1/0', '--raw'), Buffer.from(binary))
  assert.deepEqual(
    JSON.parse((await ask('--venue', 'acme', '--until', '2020-01-01', '--json')).toString()),
    [],
    'filters are combined',
  )
  await assert.rejects(ask('--since', 'yesterday'), /--since must be a time, not "yesterday"/)
  assert.match(
    (await ask('--reprocess')).toString(),
    /^0 of 5 ticks were moved from quarantine to trades.*\n {2}2 stay: unknown_venue, still/,
  )
  assert.deepEqual(await refusing.end('SIGTERM'), { code: 0, signal: null })

  const accepting = instance.run('ingest', { EXTRA_VENUES: 'acme' })
  await accepting.waitFor('ingest_started')
  url = await accepting.url()
  assert.match(
    (await ask('--reprocess', '--dry-run')).toString(),
    /^2 of 5 ticks would be moved to trades\. Nothing was changed\.\n/,
  )
  assert.match(
    (await ask('--reprocess', '--venue', 'acme')).toString(),
    /^2 of 2 ticks were moved from quarantine to trades/,
  )
  assert.doesNotMatch((await ask()).toString(), /unknown_venue/)
  await accepting.waitFor('requeued', { count: 2 })
  assert.deepEqual(await accepting.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(accepting.logged('audit_failed'), [])
})
