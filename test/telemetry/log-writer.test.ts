import assert from 'node:assert/strict'
import fs from 'node:fs'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { LogWriter } from '../../src/telemetry/log-writer.ts'
import { FullPipe } from '../support/processes/full-pipe.ts'

const LINE = `${'x'.repeat(1_000)}\n`

test('an unread pipe blocks nothing; buffered lines are read later, in order, and dropped ones are counted', async t => {
  const pipe = FullPipe.open(t)
  const { promise: told, resolve } = Promise.withResolvers<number>()
  const lines = new LogWriter(pipe.descriptor, resolve)
  const written = 3_000
  for (let line = 0; line < written; line++) lines.write(`${line} ${LINE}`)
  await lines.flush()
  const read: number[] = []
  const ended = Promise.withResolvers<void>()
  const reader = createInterface({ input: fs.createReadStream(pipe.path) })
  reader.on('line', line => {
    if (/^\d+ x+$/.test(line)) read.push(Number.parseInt(line, 10))
    if (line === 'end') ended.resolve()
  })
  const leftOut = await told
  lines.write('end\n')
  await ended.promise
  reader.close()
  assert.ok(leftOut > 0 && read.length > 0)
  assert.equal(read.length + leftOut, written)
  assert.deepEqual(
    read,
    Array.from(read, (_, index) => index),
  )
})
