import assert from 'node:assert/strict'
import type { TestInstance, TestProcess } from '../processes/tickhouse.ts'

/**
 * Ends storing processes that have stored all: each is clean, no audit of theirs failed, and as many as `partitions`
 * passed. On a busy machine a stop leaves a long audit to the next run, which is then waited for.
 */
export async function endAudited(
  instance: TestInstance,
  storing: readonly TestProcess[],
  partitions = 1,
): Promise<void> {
  for (const each of storing)
    assert.deepEqual(await each.end('SIGTERM'), { code: 0, signal: null }, each.recentOutput())
  for (const each of storing) assert.deepEqual(each.logged('audit_failed'), [])
  const passed = storing.flatMap(each => each.logged('audit_passed')).length
  if (passed >= partitions) return
  const left = storing.flatMap(each => each.logged('upkeep_failed'))
  assert.match(JSON.stringify(left), /left to the next run/, storing[0]!.recentOutput())
  const next = instance.run('ingest')
  await next.waitFor('audit_passed', {}, partitions - passed)
  assert.deepEqual(await next.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(next.logged('audit_failed'), [])
}
