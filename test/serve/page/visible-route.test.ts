import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastify } from 'fastify'
import type { Live } from '../../../src/serve/page/live.ts'
import { serveVisible } from '../../../src/serve/page/visible-route.ts'

test('a page names its stream and the symbols in sight; unknown streams and other bodies are refused', async t => {
  const shown: [string, readonly number[]][] = []
  const server = fastify()
  t.after(() => server.close())
  const live: Pick<Live, 'show'> = {
    show: (stream, symbols) => {
      shown.push([stream, symbols])
      return stream === 'mine'
    },
  }
  serveVisible(server, live)
  const put = async (body: object | string) =>
    (await server.inject({ method: 'PUT', url: '/api/visible', payload: body as object })).statusCode
  assert.equal(await put({ stream: 'mine', symbols: [1, 2] }), 204)
  assert.equal(await put({ stream: 'gone', symbols: [] }), 404)
  for (const wrong of [
    {},
    { stream: 'mine', symbols: [-1] },
    { stream: 'mine', symbols: Array.from({ length: 301 }, (_, index) => index) },
    { stream: 'mine', symbols: [1], more: 1 },
  ])
    assert.equal(await put(wrong), 400, JSON.stringify(wrong).slice(0, 80))
  assert.deepEqual(shown, [
    ['mine', [1, 2]],
    ['gone', []],
  ])
})
