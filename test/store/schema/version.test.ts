import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { schemaStatements } from '../../../src/store/schema/definitions.ts'
import { SCHEMA_VERSION } from '../../../src/store/schema/version.ts'

/** Of the statements of each version, without comments and line breaks. A new version gets a line of its own; none is changed. */
const FINGERPRINTS: Record<number, string> = {
  1: 'f3fe258787e33410',
  2: '64667e709aaf1d0f',
}

test('a change of the schema raises its version', () => {
  const statements = schemaStatements().map(text => text.replace(/--.*$/gm, '').replace(/\s+/g, ' ').trim())
  const fingerprint = createHash('sha256').update(statements.join('\n')).digest('hex').slice(0, 16)
  assert.equal(
    fingerprint,
    FINGERPRINTS[SCHEMA_VERSION],
    'the SQL changed: raise SCHEMA_VERSION in src/store/schema/version.ts and add its fingerprint here',
  )
})
