import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Journal } from '../../src/telemetry/journal.ts'

const JOURNAL = fileURLToPath(new URL('../../src/telemetry/journal.ts', import.meta.url))
const WHY = 'bye\n[00:00:00.000] INFO: FORGED \u001b[31m\u202e\ud800\u2028end'

for (const format of ['text', 'json'] as const) {
  test(`others' words make one line of bounded length in the log as ${format}`, () => {
    const script = `
      const { Journal } = await import(${JSON.stringify(JOURNAL)})
      const journal = new Journal('test', 'info', ${JSON.stringify(format)})
      const lost = why => journal.emit('connection_lost', { venue: 'v', connection: 'c', why, waitMs: 1 })
      lost(${JSON.stringify(WHY)})
      lost('x'.repeat(50_000_000))
      await journal.flush()`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    const lines = stdout.split('\n').filter(Boolean)
    assert.equal(lines.length, 2, stdout.slice(0, 1000))
    for (const line of lines) assert.ok(line.length < 10_000 && !/[\p{Cc}\p{Cf}\p{Zl}]/u.test(line))
    assert.match(lines[0]!, /FORGED/)
  })
}

test('what the page and the tables get is as plain as the log', () => {
  const journal = new Journal('test', 'error', 'json')
  journal.emit('connection_lost', { venue: 'v', connection: 'c', why: WHY + 'x'.repeat(1e6), waitMs: 1 })
  const { text, fields } = journal.since(0)[0]!
  for (const each of [text, String(fields.why)])
    assert.ok(each.length <= 4000 && !/[\p{Cc}\p{Cf}\p{Zl}]/u.test(each) && each.isWellFormed())
})
