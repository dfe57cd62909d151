import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import type { TickhouseError } from '../../src/errors.ts'
import { printable } from '../../src/plain-text.ts'
import { newPrivateKey, parsePrivateKey, readKey, readOrMakeKey } from '../../src/proof/keys.ts'
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

test('the key of a secret is what new-key prints, or the PEM of a key file, whatever became of its line ends', () => {
  const text = newPrivateKey()
  assert.match(text, /^[A-Za-z0-9+/]{64}$/)
  assert.notEqual(newPrivateKey(), text)
  const expected = publicBytes(parsePrivateKey(text))
  const pem = parsePrivateKey(text).export({ type: 'pkcs8', format: 'pem' }) as string
  const forms = [`${text}\n`, pem, pem.replaceAll('\n', '\r\n'), pem.replaceAll('\n', '\\n'), pem.replaceAll('\n', ' ')]
  for (const form of forms) {
    assert.deepEqual(publicBytes(parsePrivateKey(form)), expected, form)
    assert.doesNotMatch(printable(`refused: ${form.trim()}, ${text}`), new RegExp(text.slice(0, 32)))
  }
})

test('a secret that is no Ed25519 key is refused with what to do, without its text', () => {
  const x25519 = generateKeyPairSync('x25519').privateKey
  const own = generateKeyPairSync('ed25519')
  const pem = own.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
  const wrong: [string, RegExp][] = [
    ['no key, a sentence', /neither PEM nor base64/],
    ['c2hvcnQ=', /not a key, or was cut/],
    [newPrivateKey().slice(0, 50), /not a key, or was cut/],
    [pem.slice(0, 70), /neither PEM nor base64/],
    [own.publicKey.export({ type: 'spki', format: 'pem' }) as string, /a PEM block of the kind PUBLIC KEY/],
    [pem.replaceAll('PRIVATE KEY', 'OPENSSH PRIVATE KEY'), /of the kind OPENSSH PRIVATE KEY/],
    [x25519.export({ type: 'pkcs8', format: 'pem' }) as string, /a key of another kind/],
  ]
  for (const [text, why] of wrong)
    assert.throws(
      () => parsePrivateKey(text),
      ({ code, message, advice }: TickhouseError) => {
        assert.equal(code, 'config_invalid')
        assert.match(message, why)
        assert.match(advice!, /tickhouse archive new-key/)
        assert.ok(!`${message}${advice}`.includes(text.trim().slice(-20)), message)
        return true
      },
    )
})
