/** `certify` and `verify` as a user runs them, on an archive without its store. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { SealedArchive } from '../../support/data/sealed-archive.ts'

const CLI = path.join(import.meta.dirname, '../../../src/cli.ts')
const RANGE = ['2020-01-01', '2030-01-01']

const archive = await SealedArchive.open({ after })
const directory = archive.scratch

interface Output {
  code: number
  stdout: string
  stderr: string
}

/** Runs a command in a directory of its own; its exit code and output. */
const tickhouse = (...args: string[]) => tickhouseWith({}, ...args)

async function tickhouseWith(settings: Record<string, string>, ...args: string[]): Promise<Output> {
  const env = {
    ...process.env,
    TICKHOUSE_ARCHIVE: `file:${archive.directory}`,
    TICKHOUSE_SEAL_KEY: `${directory}/key.pem`,
    ...settings,
  }
  return promisify(execFile)(process.execPath, [CLI, ...args], { env, cwd: directory }).then(
    output => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  )
}

test('a certificate is written, and accepted with the published key', async () => {
  const made = await tickhouse('certify', 'binance', 'BBB', ...RANGE, '--out', 'bbb.json')
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /^bbb\.json: proved: 41 trades in 2 objects$/m)
  const { stdout: key } = await tickhouse('archive', 'key')
  assert.equal(key.trim(), archive.key)
  const accepted = await tickhouse('verify', 'bbb.json', archive.directory, '--key', key.trim())
  assert.equal(accepted.code, 0, accepted.stderr)
  assert.match(accepted.stdout, /^ACCEPTED proved: binance:BBB, trades/)
  assert.match(accepted.stdout, /^ids 90–130: 41 there, none missing$/m)
  assert.match(accepted.stdout, /^Not proved:\n- /m)
  assert.doesNotMatch(accepted.stdout, /The key is the one in the archive/)
  assert.match((await tickhouse('verify', 'bbb.json', archive.directory)).stdout, /The key is the one in the archive/)
})

test('the witness that cosigned is named with the time; one that did not, and what is no key, are refused', async () => {
  const made = await tickhouse('certify', 'binance', 'BBB', ...RANGE, '--out', 'cosigned.json')
  assert.match(made.stdout, /^its checkpoint is cosigned by watch\.example\.org$/m)
  const verify = (...witnesses: string[]) =>
    tickhouse('verify', 'cosigned.json', archive.directory, ...witnesses.flatMap(key => ['--witness', key]))
  const accepted = await verify(archive.witnessKey)
  assert.match(accepted.stdout, /^Cosigned by watch\.example\.org at 2026-11-23T02:00:00\.000Z$/m)
  const env = { TICKHOUSE_WATCH_STATE: `${directory}/watch/watch.json` }
  const { stdout: other } = await tickhouseWith(env, 'watch', '--public-key')
  assert.match(other, /^tickhouse-watch\/[0-9a-f]{16}\+/)
  assert.equal((await tickhouseWith(env, 'watch', '--public-key')).stdout, other)
  const refused = await verify(archive.witnessKey, other.trim())
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /^REFUSED witness: tickhouse-watch\/\w+ has not cosigned its checkpoint$/m)
  const mistaken = await verify(archive.key)
  assert.notEqual(mistaken.code, 0)
  assert.match(mistaken.stderr, /not the public key of a witness/)
})

test('missing ids are listed, and a refusal has its reason and exit code 1', async () => {
  await tickhouse('certify', 'binance', 'AAA', ...RANGE, '--out', 'aaa.json')
  assert.match(
    (await tickhouse('verify', 'aaa.json', archive.directory)).stdout,
    /^ids 1–120: 116 there, missing: 111–114$/m,
  )
  const copy = archive.copy(`${directory}/copy`)
  fs.appendFileSync(`${copy}/${archive.objects()[0]}`, 'x')
  const refused = await tickhouse('verify', 'aaa.json', copy, '--key', archive.key)
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /^REFUSED object: trades\/date=/)
})

test('a mistake is one line with what to do: no ticks, no kind, no key, no file', async () => {
  for (const [args, message] of [
    [['certify', 'binance', 'ZZZ', ...RANGE], /no trades of binance:ZZZ in this range are sealed/],
    [['certify', 'binance', 'BBB', ...RANGE, '--kind', 'candles'], /no kind of ticks: candles/],
    [['certify', 'binance', 'BBB', 'yesterday', 'today'], /not a time: yesterday/],
    [['verify', 'missing.json', archive.directory], /cannot read missing\.json/],
    [['verify', `${CLI}`, archive.directory, '--key', 'x'], /not a public key/],
  ] as const) {
    const { code, stderr } = await tickhouse(...args)
    assert.notEqual(code, 0)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /\n\s+at /)
  }
})
