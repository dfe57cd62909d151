import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseEnv } from 'node:util'
import { environmentText, writeEnvironment } from '../../deploy/environment.ts'

test('the file is for its owner alone, and one that is there is never overwritten', t => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-env-'))
  t.after(() => fs.rmSync(directory, { recursive: true }))
  const file = path.join(directory, '.env')
  writeEnvironment(file)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  const first = fs.readFileSync(file, 'utf8')
  assert.throws(() => writeEnvironment(file), { code: 'EEXIST' })
  assert.equal(fs.readFileSync(file, 'utf8'), first)
})

test('no two passwords are the same, in one file or in two, and all fit into an address', () => {
  const files = [environmentText(), environmentText()].map(text => parseEnv(text))
  const values = files.flatMap(file => Object.values(file))
  assert.equal(new Set(values).size, values.length)
  for (const { KAFKA_CLUSTER_ID, ...secrets } of files) {
    assert.match(KAFKA_CLUSTER_ID!, /^[\w][\w-]{21}$/)
    for (const secret of Object.values(secrets)) assert.match(secret!, /^[0-9a-f]{48}$/)
  }
})
