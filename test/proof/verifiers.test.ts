/** The verifiers in verify/, on other people's code: Python with pyarrow and cryptography, Go with x/mod. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { fetched, fetching } from '../support/data/fetched.ts'
import { FORGERY_KINDS, type Forgery, forge } from '../support/data/forgeries.ts'
import { rangeOf, SealedArchive } from '../support/data/sealed-archive.ts'
import { rounds } from '../support/faults.ts'
import { outcomeOf } from '../support/processes/outcome.ts'
import { pythonMissing, pythonWith } from '../support/processes/python.ts'

const run = promisify(execFile)
const PROGRAMS = path.join(import.meta.dirname, '../../verify')
const FETCH_MS_MAX = 600_000
const SEEDS = rounds(FORGERY_KINDS, 1_000)
const ci = process.env.CI !== undefined
const pythonSkip = ci ? false : ((await pythonMissing()) ?? false)
const goSkip = ci
  ? false
  : await run('go', ['version']).then(
      () => false as const,
      () => 'no go',
    )

const archive = await SealedArchive.open({ after })
const certificates = [await archive.certificate(rangeOf('AAA')), await archive.certificate(rangeOf('BBB'))]
const directory = archive.scratch

type Check = (certificate: string, directory: string, witnesses: readonly string[]) => Promise<string>

/** Runs a verifier; its first line without the explanation: `ACCEPTED`, or the reason. */
async function verdictOf(command: string, args: readonly string[], environment = {}): Promise<string> {
  const options = { env: { ...process.env, ...environment } }
  const { stdout, stderr } = await run(command, [...args], options).catch(
    (error: { stdout: string; stderr: string }) => error,
  )
  const [, refusal, accepted] = /^(?:REFUSED (\w+):|(ACCEPTED))/.exec(stdout) ?? assert.fail(stderr || stdout)
  return refusal ?? accepted!
}

async function tryAll(check: Check, expected: (forgery: Forgery) => boolean): Promise<void> {
  for (const certificate of certificates)
    assert.equal(await check(certificate, archive.directory, [archive.witnessKey]), 'ACCEPTED')
  for (let seed = 0; seed < SEEDS; seed++) {
    const forgery = await forge(archive, certificates, seed, `${directory}/forged`)
    if (!expected(forgery)) continue
    const verdict = await check(forgery.certificate, forgery.directory, forgery.witnesses)
    assert.equal(verdict, forgery.refusal, `${forgery.name}, seed ${seed}`)
  }
}

const flagsOf = (witnesses: readonly string[]) => witnesses.flatMap(key => ['--witness', key])

function written(certificate: string): string {
  const file = `${directory}/certificate.json`
  fs.writeFileSync(file, certificate)
  return file
}

test('Python accepts what is untouched and refuses each forgery with its reason', {
  skip: pythonSkip,
  timeout: FETCH_MS_MAX * 4,
}, async () => {
  const { command, path: packages } = await pythonWith('pyarrow', 'cryptography')
  await tryAll(
    (certificate, place, witnesses) => {
      const args = [
        path.join(PROGRAMS, 'verify.py'),
        written(certificate),
        place,
        '--key',
        archive.key,
        ...flagsOf(witnesses),
      ]
      return verdictOf(command, args, { PYTHONPATH: packages })
    },
    () => true,
  )
})

test('Python without its packages names them, and refuses nothing', { skip: pythonSkip }, async () => {
  const { command } = await pythonWith('pyarrow', 'cryptography')
  // -S: without the packages of this machine.
  const { code, text } = await outcomeOf(command, ['-S', path.join(PROGRAMS, 'verify.py'), 'a', 'b', '--key', 'c'])
  assert.equal(code, 2)
  assert.equal(text, 'cannot check: pyarrow is not installed: pip install pyarrow cryptography\n')
})

test('Go accepts what is untouched and refuses each forgery that shows without reading rows', {
  skip: goSkip,
  timeout: FETCH_MS_MAX * 4,
}, async () => {
  const built = await fetched(`verify-go-${fs.statSync(path.join(PROGRAMS, 'go/main.go')).mtimeMs}`, place =>
    fetching('go', ['build', '-C', path.join(PROGRAMS, 'go'), '-o', path.join(place, 'verify'), '.']),
  )
  await tryAll(
    (certificate, place, witnesses) =>
      verdictOf(path.join(built, 'verify'), [written(certificate), place, archive.key, ...flagsOf(witnesses)]),
    ({ rows }) => !rows,
  )
})
