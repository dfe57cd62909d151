import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import aws from '../../deploy/aws/package.json' with { type: 'json' }
import tickhouse from '../../package.json' with { type: 'json' }

const PRELOADED = pathToFileURL(path.join(import.meta.dirname, 'blocking-output.ts')).href
const TESTS = 300
/** Without it about half of the processes lose results. */
const PROCESSES = 8

test('a test process that is forced to end loses no result', async t => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'tickhouse-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'many.test.mjs')
  writeFileSync(
    file,
    `import { test } from 'node:test'\nfor (let at = 0; at < ${TESTS}; at++) test('test ' + at, () => {})\n`,
  )
  const counts = Array.from({ length: PROCESSES }, async () => {
    const child = spawn(process.execPath, ['--test-force-exit', '--import', PRELOADED, file], {
      env: { ...process.env, NODE_TEST_CONTEXT: 'child-v8' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const results = (await buffer(child.stdout)).toString('latin1')
    return results.match(/test:pass/g)?.length
  })
  assert.deepEqual(await Promise.all(counts), Array(PROCESSES).fill(TESTS))
})

// By its whole path: threads load it too, also after the directory was changed.
test('every script that forces the end of its tests loads it', () => {
  for (const [name, script] of [...Object.entries(tickhouse.scripts), ...Object.entries(aws.scripts)])
    if (script.includes('--test-force-exit'))
      assert.match(script, /--import "\$PWD\/(\.\.\/\.\.\/)?test\/support\/blocking-output\.ts" --test /, name)
})
