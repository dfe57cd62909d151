/** `npm run venue:check`, as a user runs it, on the example of docs/add-a-venue.md and on faults made on purpose. */
import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LocalVenue } from '../support/servers/local-venue.ts'
import { EXAMPLE } from './example.ts'

const CHECK = fileURLToPath(new URL('check.ts', import.meta.url))

let directory: string
before(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-venue-check-'))
})
after(() => fs.rmSync(directory, { recursive: true, force: true }))

/** Outside the runner of this file: the check has one of its own. */
const { NODE_TEST_CONTEXT: _, ...environment } = process.env

function write(venue: string, frames: string): [string, string] {
  fs.writeFileSync(path.join(directory, 'my-venue.ts'), venue)
  fs.writeFileSync(path.join(directory, 'frames.jsonl'), frames)
  return ['./my-venue.ts', 'frames.jsonl']
}

function check(venue: string, frames: string, ...flags: string[]): SpawnSyncReturns<string> {
  const args = [CHECK, ...write(venue, frames), ...flags]
  return spawnSync(process.execPath, args, { cwd: directory, env: environment, encoding: 'utf8' })
}

const FRAMES = EXAMPLE.frames.trimEnd().split('\n')
const framesWithout = (text: string) => FRAMES.filter(line => !line.includes(text)).join('\n')

test('the example of docs/add-a-venue.md passes, and the frames that state nothing are shown with their meaning', () => {
  const { stdout, stderr, status } = check(EXAMPLE.venue, EXAMPLE.frames)
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /^\d+ checks passed, 0 failed\.$/m)
  assert.match(stdout, /2 frames of frames\.jsonl state no meaning/)
  assert.match(stdout, /^\{"frame":\{"type":"trade",.*"id":8,.*\},"trades":\[\{.*"side":"sell","id":8\}\]\}$/m)
  assert.doesNotMatch(stdout, /✖/)
})

test('--save writes the meanings into the file, which passes then and states every frame', () => {
  assert.equal(check(EXAMPLE.venue, EXAMPLE.frames, '--save').status, 0)
  const saved = fs.readFileSync(path.join(directory, 'frames.jsonl'), 'utf8')
  assert.equal(saved.trimEnd().split('\n').length, FRAMES.length)
  assert.ok(saved.startsWith(FRAMES[0]!))
  const { stdout, status } = check(EXAMPLE.venue, saved)
  assert.equal(status, 0)
  assert.match(stdout, /^\d+ checks passed, 0 failed\.$/m)
  assert.doesNotMatch(stdout, /state no meaning/)
})

describe('what is wrong or missing is named, with exit code 1', () => {
  const faults: [title: string, venue: string, frames: string, message: RegExp][] = [
    ['no trade', EXAMPLE.venue, framesWithout('"id":7'), /no frame with a trade/],
    ['no quote', EXAMPLE.venue, framesWithout('"quotes"'), /no frame with a quote/],
    ['no acknowledgement', EXAMPLE.venue, framesWithout('subscribed'), /no frame that acknowledges a symbol/],
    ['too few trades', EXAMPLE.venue, framesWithout('"id":9'), /fewer than 3 trades of one symbol in a row/],
    ['another side', EXAMPLE.venue, EXAMPLE.frames.replace('"side":"buy"', '"side":"sell"'), /'sell'/],
    ['a wrong kind of ids', EXAMPLE.venue, EXAMPLE.frames.replace('"id":8', '"id":10'), /dense ids rise by one/],
    [
      'no list of instruments',
      EXAMPLE.venue.replace('NO_LIST,\n  url', "{ requests: [{ path: '/symbols' }], read: () => undefined },\n  url"),
      EXAMPLE.frames,
      /an answer for each request/,
    ],
    [
      'a decoder that throws',
      EXAMPLE.venue.replace('  if (!message) return\n', ''),
      EXAMPLE.frames,
      /the decoder threw TypeError/,
    ],
    [
      'a frame that ends in nothing',
      EXAMPLE.venue.replace(/else out\.refuse\('unknown_message'.*/, ''),
      EXAMPLE.frames,
      /no call for the frame/,
    ],
    [
      'a venue that cannot be loaded',
      EXAMPLE.venue.replace("  ids: 'dense',\n", ''),
      EXAMPLE.frames,
      /ids is missing: one of dense/,
    ],
    [
      'a meaning with a wrong time',
      EXAMPLE.venue,
      EXAMPLE.frames.replaceAll('T12:00:00.123456Z","price"', ' noon","price"'),
      /line 2: time "2026-11-22 noon" is not like/,
    ],
    [
      'a misspelt key',
      EXAMPLE.venue,
      EXAMPLE.frames.replace('"control"', '"controls"'),
      /line 1: controls is none of frame, apart/,
    ],
  ]
  for (const [title, venue, frames, message] of faults)
    test(title, () => {
      const { stdout, stderr, status } = check(venue, frames)
      assert.equal(status, 1, stdout)
      assert.match(stdout + stderr, message)
      assert.doesNotMatch(stdout + stderr, /\n\s+at /)
    })

  test('no frames file', () => {
    write(EXAMPLE.venue, '')
    const { stderr, status } = spawnSync(process.execPath, [CHECK, './my-venue.ts', 'none.jsonl'], {
      ...{ cwd: directory, env: environment, encoding: 'utf8' },
    })
    assert.match(stderr, /none\.jsonl is not there: write it, or use --capture 30/)
    assert.equal(status, 1)
  })
})

test('a list of instruments is checked by its lines', () => {
  const venue = EXAMPLE.venue.replace('NO_LIST,\n  url', "{ requests: [{ path: '/symbols' }], read },\n  url").concat(`
import { instrument, isObject } from 'tickhouse/venue'
function read(answer: unknown) {
  return isObject(answer) && Array.isArray(answer.symbols)
    ? { instruments: answer.symbols.filter(each => typeof each === 'string').map(symbol => instrument({ symbol, kind: 'spot' })) }
    : undefined
}
`)
  const line = '{"list":{"symbols":["BTC-USD"]},"instruments":[{"symbol":"BTC-USD","kind":"spot"}]}'
  const { stdout, status } = check(venue, `${EXAMPLE.frames}${line}\n`)
  assert.equal(status, 0, stdout)
  assert.equal(check(venue, `${EXAMPLE.frames}${line.replace('"BTC-USD","kind"', '"ETH-USD","kind"')}\n`).status, 1)
})

test('--capture appends what the venue sends', async t => {
  const server = await LocalVenue.open(t)
  server.onVisit = ({ socket }) =>
    socket.on('message', data => {
      assert.deepEqual(JSON.parse(String(data)), {
        op: 'subscribe',
        channels: ['trades', 'quotes'],
        symbols: ['BTC-USD', 'ETH-USD'],
      })
      for (const line of FRAMES)
        socket.send(line.startsWith('{"frame"') ? JSON.stringify(JSON.parse(line).frame) : line)
    })
  const files = write(EXAMPLE.venue, '')
  const env = { ...environment, TICKHOUSE_ACME_WS: server.url }
  const child = spawn(process.execPath, [CHECK, ...files, '--capture', '1', '--save'], { cwd: directory, env })
  const [code] = await once(child, 'close')
  const saved = fs.readFileSync(path.join(directory, 'frames.jsonl'), 'utf8').trimEnd().split('\n')
  assert.deepEqual(saved.slice(0, 3), FRAMES.slice(0, 3))
  assert.equal(saved.length, FRAMES.length)
  assert.equal(code, 0)
})
