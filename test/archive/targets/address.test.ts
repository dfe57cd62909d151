import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseArchiveAddress } from '../../../src/archive/targets/address.ts'
import { parseS3Address, type S3Address } from '../../../src/archive/targets/s3/address.ts'
import { parseConfig } from '../../../src/config.ts'
import { TickhouseError } from '../../../src/errors.ts'

/** What addresses are made of, and what breaks them. */
const PIECE = fc.oneof(
  fc.constantFrom(
    's3://',
    'file:',
    'market',
    '/',
    '//',
    '..',
    '.',
    '?',
    '&',
    '=',
    '%',
    '%25',
    '%ff',
    '%2',
    '#',
    '\n',
    '\0',
    '{',
    '*',
  ),
  fc.constantFrom(
    'region=',
    'endpoint=',
    'http://',
    '[',
    ':',
    '@',
    'pathStyle=true',
    'checksum=none',
    'sse=',
    'kmsKeyId=',
    '__proto__=',
  ),
  fc.string({ unit: 'binary', maxLength: 5 }),
)
const ADDRESS = fc.oneof(
  fc.array(PIECE, { maxLength: 12 }).map(pieces => pieces.join('')),
  fc.array(PIECE, { maxLength: 12 }).map(pieces => `s3://market/${pieces.join('')}`),
)

describe('an archive address', () => {
  test('that is invalid is refused with advice, whatever the text', () => {
    fc.assert(
      fc.property(ADDRESS, address => {
        try {
          const location = parseArchiveAddress(address)
          if ('bucket' in location) assert.ok(location.prefix === '' || /[^/]\/$/.test(location.prefix))
        } catch (error) {
          assert.ok(error instanceof TickhouseError, String(error))
          assert.equal(error.code, 'address_invalid')
          assert.doesNotMatch(error.message, /\p{Cc}/u)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test('is refused when the settings are read', () => {
    for (const address of [
      's3://market/100%',
      's3://market/a/../b',
      's3://Market',
      's3://market?region=a%0ab',
      'file:a{b}',
    ])
      assert.throws(() => parseConfig({ ARCHIVE: address }, {}), { code: 'address_invalid' }, address)
    assert.equal(parseConfig({ ARCHIVE: 's3://market/100%25' }, {}).ARCHIVE, 's3://market/100%25')
  })

  test('with an endpoint uses path-style requests unless set otherwise', () => {
    const style = (query: string) => (parseS3Address(`s3://market/x?${query}`) as S3Address).pathStyle
    assert.equal(style('endpoint=http://127.0.0.1:9000'), true)
    assert.equal(style('endpoint=http://127.0.0.1:9000&pathStyle=false'), false)
    assert.equal(style('region=eu-central-1'), false)
    assert.equal(style('region=eu-central-1&pathStyle=true'), true)
  })
})
