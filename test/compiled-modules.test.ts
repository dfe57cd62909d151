import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))
const home = mkdtempSync(path.join(os.tmpdir(), 'compiled-'))
after(() => rmSync(home, { recursive: true }))

/** A command of a user with this home directory. */
function version(environment: Record<string, string>): string {
  const { stdout, stderr } = spawnSync(process.execPath, [CLI, '--version'], { env: environment, encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout
}

test('the compiled form of the modules is kept in the user’s cache directory, and only there', () => {
  const first = version({ HOME: home })
  assert.deepEqual(readdirSync(home), ['.cache'])
  assert.deepEqual(readdirSync(path.join(home, '.cache')), ['tickhouse'])
  const kept = () =>
    readdirSync(path.join(home, '.cache/tickhouse/compiled'), { recursive: true, encoding: 'utf8' }).length
  const before = kept()
  assert.ok(before > 100, `${before} files`)
  assert.equal(version({ HOME: home }), first)
  assert.equal(kept(), before)
})

test('a command runs without a place to keep it', () => {
  const file = path.join(home, 'a-file')
  writeFileSync(file, '')
  assert.match(version({ HOME: file }), /^\d+\.\d+\.\d+\n$/)
  assert.match(version({ HOME: home, XDG_CACHE_HOME: 'relative' }), /^\d+\.\d+\.\d+\n$/)
  assert.match(version({ HOME: home, NODE_DISABLE_COMPILE_CACHE: '1' }), /^\d+\.\d+\.\d+\n$/)
})
