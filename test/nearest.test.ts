import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nearest } from '../src/nearest.ts'

test('the nearest word is the one fewest letters away', () => {
  assert.equal(nearest('SOURCE', ['STORE', 'SOURCES', 'LOG']), 'SOURCES')
})
