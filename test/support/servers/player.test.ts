import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { WebSocket } from 'ws'
import { startPlayer } from './player.ts'

const SESSIONS = '../shared/data/binance-spot'
const FILES = [`${SESSIONS}/btcusdt_20240808.gz`, `${SESSIONS}/ethusdt_20240808.gz`]
const skip = existsSync(SESSIONS) ? false : `no recorded sessions at ${SESSIONS}`

const directory = mkdtempSync(join(tmpdir(), 'player-'))
after(() => rmSync(directory, { recursive: true }))

function listen(ws: WebSocket): string[] {
  const messages: string[] = []
  ws.on('message', data => messages.push(String(data)))
  return messages
}

/** Closes from the client's side, so that everything sent before has been read. */
async function drained(ws: WebSocket): Promise<void> {
  const closed = once(ws, 'close')
  ws.close()
  await closed
}

/** The frames of files in the order of their receive times, optionally of some streams. */
function recorded(files: readonly string[], wanted: (stream: string) => boolean): string[] {
  return files
    .flatMap(file => gunzipSync(readFileSync(file)).toString().trimEnd().split('\n'))
    .map(line => [BigInt(line.slice(0, line.indexOf(' '))), line.slice(line.indexOf(' ') + 1)] as const)
    .filter(([, frame]) => frame.startsWith('{"stream"') && wanted(JSON.parse(frame).stream))
    .sort(([a], [b]) => Number(a - b))
    .map(([, frame]) => frame)
}

test('a client of both symbols gets every trade of the recorded sessions once, byte for byte, in order', {
  skip,
}, async () => {
  const player = await startPlayer({ files: FILES, speed: Infinity })
  const ws = new WebSocket(`${player.wsUrl}/stream?streams=btcusdt@trade/ethusdt@trade`)
  const messages = listen(ws)
  await player.done
  await drained(ws)
  assert.deepEqual(player.sent, { 'btcusdt@trade': 9_757, 'ethusdt@trade': 6_106 })
  assert.deepEqual(
    messages,
    recorded(FILES, stream => stream.endsWith('@trade')),
  )
  await player.close()
})

test('with `all`, every stream of a session reaches a client that subscribed to trades only', { skip }, async () => {
  const player = await startPlayer({ files: [FILES[0]!], speed: Infinity, filter: 'all' })
  const ws = new WebSocket(`${player.wsUrl}/stream?streams=btcusdt@trade`)
  const messages = listen(ws)
  await player.done
  await drained(ws)
  assert.deepEqual(player.sent, { 'btcusdt@trade': 9_757, 'btcusdt@bookTicker': 28_040, 'btcusdt@depth@100ms': 3_451 })
  assert.deepEqual(
    messages,
    recorded([FILES[0]!], () => true),
  )
  await player.close()
})

const frame = (id: number): string => `{"stream":"btcusdt@trade","data":{"e":"trade","t":${id}}}`

/** A session of frames so many ms apart. */
function session(name: string, frames: readonly string[], apartMs: number): string {
  const path = join(directory, name)
  const lines = frames.map(
    (text, index) => `${1_723_161_254_000_000_000n + BigInt(index * apartMs * 1_000_000)} ${text}\n`,
  )
  writeFileSync(path, gzipSync(lines.join('')))
  return path
}

test('nothing is sent before every stream is subscribed, and two connections get their own', async () => {
  const ids = [1, 2, 3]
  const bitcoin = session('btc', ids.map(frame), 1)
  const ether = session(
    'eth',
    ids.map(id => frame(id).replace('btc', 'eth')),
    1,
  )
  const player = await startPlayer({ files: [bitcoin, ether], speed: Infinity })
  const first = new WebSocket(`${player.wsUrl}/stream?streams=btcusdt@trade`)
  const firstMessages = listen(first)
  await once(first, 'open')
  assert.deepEqual(player.sent, {})
  const second = new WebSocket(`${player.wsUrl}/stream`)
  const secondMessages = listen(second)
  await once(second, 'open')
  second.send('{"method":"SUBSCRIBE","params":["ethusdt@trade"],"id":1}')
  await player.done
  await Promise.all([drained(first), drained(second)])
  assert.deepEqual(firstMessages, ids.map(frame))
  assert.deepEqual(
    secondMessages.filter(text => !text.includes('result')),
    ids.map(id => frame(id).replace('btc', 'eth')),
  )
  await player.close()
})

test('a session takes its recorded time divided by the speed', async () => {
  const path = session('slow', [1, 2, 3, 4, 5].map(frame), 1_000)
  const player = await startPlayer({ files: [path], speed: 20 })
  const ws = new WebSocket(`${player.wsUrl}/stream?streams=btcusdt@trade`)
  await once(ws, 'message')
  const startedMs = performance.now()
  await player.done
  const tookMs = performance.now() - startedMs
  assert.ok(tookMs > 180, `4 s at 20 times the speed took ${tookMs} ms`)
  await drained(ws)
  await player.close()
})

test('a client that reads late still gets every frame', async () => {
  const ids = Array.from({ length: 400 }, (_, index) => index)
  const long = ids.map(id => frame(id).replace('}}', `,"filler":"${'x'.repeat(50_000)}"}}`))
  const player = await startPlayer({ files: [session('long', long, 1)], speed: Infinity })
  const ws = new WebSocket(`${player.wsUrl}/stream?streams=btcusdt@trade`)
  const messages = listen(ws)
  await once(ws, 'open')
  ws.pause()
  const ended = await Promise.race([
    player.done.then(() => 'done'),
    once(ws, 'message').then(() => 'read'),
    stuck(player.sent),
  ])
  assert.equal(ended, 'stuck', 'the player waits for its client')
  ws.resume()
  await player.done
  await drained(ws)
  assert.equal(messages.length, long.length)
  await player.close()
})

/** Resolves once something was sent and the count stands still for a tenth of a second. */
async function stuck(sent: Readonly<Record<string, number>>): Promise<'stuck'> {
  const { promise, resolve } = Promise.withResolvers<'stuck'>()
  let before = 0
  const timer = setInterval(() => {
    const now = sent['btcusdt@trade'] ?? 0
    if (now > 0 && now === before) {
      clearInterval(timer)
      resolve('stuck')
    }
    before = now
  }, 100)
  return promise
}
