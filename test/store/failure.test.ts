import assert from 'node:assert/strict'
import { test } from 'node:test'
import { typed } from '../../src/store/embedded/client-statement.ts'
import { EngineAborted, engineError, storeError } from '../../src/store/failure.ts'

test('ABORTED means that the engine in this process is dead; no other error does', () => {
  const aborted = engineError(typed(new Error('Query failed: Code: 236. DB::Exception: Fatal signal 11. (ABORTED)')))
  assert.ok(aborted instanceof EngineAborted)
  assert.deepEqual([aborted.code, aborted.type, aborted.message], ['236', 'ABORTED', 'Fatal signal 11. '])
  const { code, retryable } = storeError(aborted)
  assert.deepEqual([code, retryable], ['engine_died', false])
  const timeout = engineError(typed(new Error('Query failed: Code: 159. DB::Exception: Late. (TIMEOUT_EXCEEDED)')))
  assert.ok(!(timeout instanceof EngineAborted))
  assert.equal(storeError(timeout).retryable, true)
})
