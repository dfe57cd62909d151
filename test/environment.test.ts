import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnvFile } from '../src/environment.ts'

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
