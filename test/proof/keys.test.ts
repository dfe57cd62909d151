import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { readKey, readOrMakeKey } from '../../src/proof/keys.ts'
import { publicBytes } from '../../src/proof/note.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-keys-'))
after(() => fs.rmSync(directory, { recursive: true, force: true }))

test('a key is made once, readable by its owner only', () => {
  const file = `${directory}/deeper/key.pem`
  const made = readOrMakeKey(file)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(publicBytes(readOrMakeKey(file)), publicBytes(made))
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['key.pem'])
})

test('a key that others can read, of another kind, or no key is refused with what to do', () => {
  const open = `${directory}/open.pem`
  readOrMakeKey(open)
  fs.chmodSync(open, 0o644)
  assert.throws(() => readOrMakeKey(open), { code: 'config_invalid', message: /mode 644 .*chmod 600/ })
  const other = generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' })
  for (const [name, text] of [
    ['x25519', other],
    ['text', 'no key'],
  ] as const) {
    fs.writeFileSync(`${directory}/${name}`, text, { mode: 0o600 })
    assert.throws(() => readOrMakeKey(`${directory}/${name}`), { code: 'config_invalid' })
  }
  assert.throws(() => readKey(`${directory}/missing`), { code: 'config_invalid' })
})
