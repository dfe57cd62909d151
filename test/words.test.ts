import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { proseOf, retiredWordsIn } from './words.ts'

const FILES = [
  ...fs.globSync('{src,web/src}/**/*.{ts,tsx,sql}'),
  ...fs.globSync('docs/**/*.md'),
  ...fs.globSync('*.md'),
]

test('no comment, message or document uses a retired word', () => {
  assert.ok(FILES.length > 400)
  assert.deepEqual(
    FILES.flatMap(file => retiredWordsIn(file, fs.readFileSync(file, 'utf8'))),
    [],
  )
})

test('prose is comments and messages, not names and code', () => {
  const source = [
    "import { told } from './told.ts'",
    '/** Told by `station`. */',
    "emit('told', { why: 'the house says why' }) // asked",
    'const sql = `SELECT station FROM events`',
    'const text = `at the lane`',
  ].join('\n')
  assert.deepEqual(
    retiredWordsIn('a.ts', source).map(found => /“(.*)”/.exec(found)![1]),
    ['Told', 'house', 'says', 'asked', 'lane'],
  )
  assert.deepEqual(retiredWordsIn('a.tsx', '<p class="station">All stations told</p>').length, 2)
  assert.equal(proseOf('a.md', 'text `told`\n```\ntold\n```\n').includes('told'), false)
})
