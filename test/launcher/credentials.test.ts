import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Config, parseConfig } from '../../src/config.ts'
import { TickhouseError } from '../../src/errors.ts'
import { credentialsOf } from '../../src/launcher/credentials.ts'
import { redact } from '../../src/plain-text.ts'
import type { Account } from '../../src/venues/venue.ts'

const ACME: Account = { name: 'acme', secrets: ['key', 'secret'], advice: 'Create one at acme.example.' }
const [KEY, SECRET] = ['acme-key-1', 'acme-secret-1']

const read = (settings: Record<string, string>) =>
  credentialsOf(ACME, { ...parseConfig({}, {}), ...settings } as Config)

function refusal(settings: Record<string, string>): string {
  try {
    read(settings)
  } catch (error) {
    assert.ok(error instanceof TickhouseError && error.code === 'config_invalid')
    return `${error.message}. ${error.advice}`
  }
  return assert.fail('accepted')
}

function file(t: TestContext, text: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'tickhouse-key-'))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'key'), text)
  return join(directory, 'key')
}

test('secrets come from the environment or from files, and are redacted from then on', t => {
  const fromFile = file(t, ` ${SECRET}\r\n`)
  assert.equal(redact(`${KEY} ${SECRET}`), `${KEY} ${SECRET}`)
  assert.deepEqual(read({ ACME_KEY: KEY, ACME_SECRET_FILE: fromFile }), { key: KEY, secret: SECRET })
  assert.equal(redact(`${KEY} ${SECRET}`), '[redacted] [redacted]')
  // A secret that is replaced is read again, and the old one stays redacted.
  writeFileSync(fromFile, 'acme-secret-2')
  assert.equal(read({ ACME_KEY: KEY, ACME_SECRET_FILE: fromFile }).secret, 'acme-secret-2')
  assert.equal(redact(`${SECRET} acme-secret-2`), '[redacted] [redacted]')
})

test('a secret that is missing, set twice or unreadable is refused with its setting and advice', t => {
  assert.match(
    refusal({ ACME_KEY: KEY }),
    /acme requires a secret: set TICKHOUSE_ACME_SECRET, or TICKHOUSE_ACME_SECRET_FILE .* Create one at acme.example/,
  )
  assert.match(
    refusal({ ACME_KEY: KEY, ACME_KEY_FILE: '/x', ACME_SECRET: SECRET }),
    /_KEY and TICKHOUSE_ACME_KEY_FILE are both set/,
  )
  assert.match(
    refusal({ ACME_KEY_FILE: '/nowhere/key', ACME_SECRET: SECRET }),
    /KEY_FILE: cannot read \/nowhere\/key \(ENOENT\)/,
  )
  for (const text of ['', '\n', 'short', 'two words of text'])
    assert.match(refusal({ ACME_KEY_FILE: file(t, text), ACME_SECRET: SECRET }), /KEY_FILE: .* does not contain a key/)
})
