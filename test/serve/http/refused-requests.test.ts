import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RefusedRequests, refusedClass } from '../../../src/serve/http/refused-requests.ts'

test('an error is of the class of its name', () => {
  const classes = {
    READONLY: 'denied',
    TOO_MANY_SIMULTANEOUS_QUERIES: 'limit',
    TOO_MANY_ROWS_OR_BYTES: 'limit',
    AUTHENTICATION_FAILED: 'token',
    NETWORK_ERROR: 'failed',
    SYNTAX_ERROR: 'mistake',
  }
  for (const [name, expected] of Object.entries(classes)) assert.equal(refusedClass(name), expected, name)
})

test('whatever errors are called, each counts once, in one of five classes', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom('constructor', '__proto__', 'READONLY'))), names => {
      const refused = new RefusedRequests()
      for (const name of names) refused.add(name)
      const measured = refused.measurements()
      assert.equal(measured.length, 5)
      assert.equal(
        measured.reduce((sum, { value }) => sum + value, 0),
        names.length,
      )
    }),
  )
})
