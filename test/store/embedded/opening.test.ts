/** The real engine on a directory that it cannot open, each for another reason. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { openingError } from '../../../src/store/embedded/opening.ts'

const OPEN = `import { openStore } from ${JSON.stringify(new URL('../../../src/store/open.ts', import.meta.url).href)}
try {
  await openStore(process.argv[1])
  console.log(JSON.stringify({ code: 'opened' }))
} catch ({ code, message, advice }) {
  console.log(JSON.stringify({ code, message, advice }))
}
process.exit()`
const ARGUMENTS = ['--input-type=module-typescript', '-e', OPEN]

interface Outcome {
  code: string
  message?: string
  advice?: string
}

/** Opens the store in a process of its own. */
function open(directory: string, environment: Record<string, string> = {}, shell = 'exec "$@"'): Outcome {
  const { stdout } = spawnSync('sh', ['-c', shell, 'sh', process.execPath, ...ARGUMENTS, `chdb:${directory}`], {
    cwd: os.tmpdir(),
    env: { ...process.env, ...environment },
    encoding: 'utf8',
  })
  return JSON.parse(stdout.trim().split('\n').at(-1)!)
}

function freshDirectory(t: TestContext): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-opening-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  return path.join(directory, 'store')
}

function assertHarmless({ advice }: Outcome): void {
  assert.doesNotMatch(advice!, /move|aside|delete|new (store|directory)/i)
}

test('an unknown time zone is called that, not damage', t => {
  const outcome = open(freshDirectory(t), { TZ: 'Nowhere/Bad' })
  assert.equal(outcome.code, 'config_invalid')
  assert.match(outcome.message!, /time zone/)
  assertHarmless(outcome)
})

test('a store that another process has open is called that', async t => {
  const directory = freshDirectory(t)
  const other = spawn(process.execPath, [
    '-e',
    "import('chdb').then(({ Session }) => { globalThis.session = new Session(process.argv[1]); console.log('open'); setInterval(() => {}, 1000) })",
    directory,
  ])
  t.after(() => other.kill('SIGKILL'))
  await once(other.stdout, 'data')
  const outcome = open(directory)
  assert.equal(outcome.code, 'data_in_use')
  assertHarmless(outcome)
})

test('a store whose files are not ours is called that', { skip: process.getuid?.() !== 0 && 'needs root' }, t => {
  const directory = freshDirectory(t)
  assert.equal(open(directory).code, 'opened')
  fs.chmodSync(path.dirname(directory), 0o755)
  // The directory itself may be written by everyone, what lies in it may not.
  fs.chmodSync(directory, 0o777)
  const child = spawnSync(process.execPath, [...ARGUMENTS, `chdb:${directory}`], {
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  })
  const outcome: Outcome = JSON.parse(child.stdout.trim().split('\n').at(-1)!)
  assert.equal(outcome.code, 'data_unwritable', outcome.message)
  assertHarmless(outcome)
})

test('damaged files are reported as damage, without advice to delete the only copy', t => {
  const directory = freshDirectory(t)
  assert.equal(open(directory).code, 'opened')
  const [definition] = fs.globSync(path.join(directory, 'store/*/*/trades.sql'))
  fs.writeFileSync(definition!, 'garbage')
  const outcome = open(directory)
  assert.equal(outcome.code, 'data_corrupt')
  assert.match(outcome.message!, /garbage/)
  assert.match(outcome.advice!, /copy the whole directory/)
})

test('a path that the engine would read as a pattern is refused before anything is made of it', t => {
  for (const name of ['{prod}', 'a*', 'b?']) {
    const directory = path.join(path.dirname(freshDirectory(t)), name, 'store')
    assert.equal(open(directory).code, 'address_invalid', name)
    assert.ok(!fs.existsSync(directory))
  }
})

test('each reason that an engine gives for what is no damage has its own words', () => {
  const cases: Record<string, string[]> = {
    store_unavailable: [
      'Cannot open file /x/y.bin, errno: 24, strerror: Too many open files',
      'Cannot allocate memory: , errno: 12, strerror: Cannot allocate memory',
      'Memory limit (total) exceeded',
    ],
    data_unwritable: [
      'filesystem error: in rename: Permission denied ["/x"]',
      'Cannot create file, errno: 30, strerror: Read-only file system',
    ],
    disk_full: ['Cannot write to file descriptor, errno: 28, strerror: No space left on device', 'Disk quota exceeded'],
    data_in_use: ['Cannot lock file /x/status. Another server instance in same directory is already running'],
    config_invalid: ['Cannot load time zone Nowhere/Bad'],
    data_corrupt: ['Checksum does not match', 'errno: 124', 'the engine gave no reason'],
  }
  for (const [code, reasons] of Object.entries(cases))
    for (const reason of reasons) assert.equal(openingError('x', reason).code, code, reason)
})
