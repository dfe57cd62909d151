import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { parseConfig, SECRETS_IN_FILES, toEnvironment } from '../src/config.ts'
import { parseEnvFile, withSecretFiles } from '../src/environment.ts'

const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-secrets-'))
process.on('exit', () => fs.rmSync(directory, { recursive: true, force: true }))
const written = (name: string, content: string) => {
  const file = path.join(directory, name)
  fs.writeFileSync(file, content)
  return file
}
const secretsOf = (environment: Record<string, string>) => withSecretFiles(environment, SECRETS_IN_FILES)
const TOKEN = 'a token of many letters'

test('a byte order mark and Windows line ends hide nothing of a .env file', () => {
  const text = 'TICKHOUSE_LISTEN=127.0.0.1:18372\r\nTICKHOUSE_LOG=sqlite:x\r\n'
  const expected = { TICKHOUSE_LISTEN: '127.0.0.1:18372', TICKHOUSE_LOG: 'sqlite:x' }
  for (const start of ['', '\ufeff']) assert.deepEqual({ ...parseEnvFile(Buffer.from(start + text)) }, expected)
})

test('a .env file that would hide a setting is refused', () => {
  const text = 'TICKHOUSE_LISTEN=127.0.0.1:18372\n'
  const files = [
    Buffer.from(text, 'utf16le'),
    Buffer.from(`\ufeff\ufeff${text}`),
    Buffer.from(`\u200b${text}`),
    Buffer.from(`OTHER=x\n\u00a0${text}`),
    Buffer.from(`export\u00a0${text}`),
    Buffer.concat([Buffer.from('A='), Buffer.from([0xe9]), Buffer.from(`\n${text}`)]),
  ]
  for (const file of files) assert.throws(() => parseEnvFile(file), { code: 'config_invalid' }, file.toString('latin1'))
})

test('every secret may be in a file, whose last line break is not part of it', () => {
  assert.deepEqual(SECRETS_IN_FILES, [
    'TICKHOUSE_SEAL_PRIVATE_KEY',
    'TICKHOUSE_TOKEN',
    'TICKHOUSE_WATCH_PING',
    'TICKHOUSE_ALERT_SMTP',
    'TICKHOUSE_ALERT_WEBHOOKS',
  ])
  const config = parseConfig(
    {},
    secretsOf({
      TICKHOUSE_TOKEN_FILE: written('token', `${TOKEN}\n`),
      TICKHOUSE_ALERT_WEBHOOKS_FILE: written('hooks', 'https://a.example/x slack+https://b.example/y\n'),
    }),
  )
  assert.equal(config.TOKEN, TOKEN)
  assert.deepEqual(config.ALERT_WEBHOOKS, ['https://a.example/x', 'slack+https://b.example/y'])
})

test('a value wins over its file, so that a child process reads what its parent read', () => {
  const TICKHOUSE_TOKEN_FILE = written('token', TOKEN)
  const config = parseConfig({}, secretsOf({ TICKHOUSE_TOKEN_FILE }))
  fs.rmSync(TICKHOUSE_TOKEN_FILE)
  const child = parseConfig({}, secretsOf({ TICKHOUSE_TOKEN_FILE, ...toEnvironment(config) }))
  assert.equal(child.TOKEN, TOKEN)
})

test('a file that is missing or empty is refused by its setting and name', () => {
  const missing = path.join(directory, 'missing')
  assert.throws(() => secretsOf({ TICKHOUSE_TOKEN_FILE: missing }), {
    code: 'config_invalid',
    message: `TICKHOUSE_TOKEN_FILE: cannot read ${missing} (ENOENT)`,
  })
  assert.throws(() => secretsOf({ TICKHOUSE_TOKEN_FILE: written('empty', ' \n') }), {
    code: 'config_invalid',
    message: /^TICKHOUSE_TOKEN_FILE: .* is empty$/,
  })
})

test('the accounts of venues keep the file settings of their own', () => {
  const file = written('key', 'a key of a venue')
  assert.equal(secretsOf({ TICKHOUSE_ALPACA_KEY_FILE: file }).TICKHOUSE_ALPACA_KEY_FILE, file)
})
