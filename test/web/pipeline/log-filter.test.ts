import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEntry } from '../../../src/serve/page/protocol.ts'
import { filterLines, type LogFilter } from '../../../web/src/pipeline/log-filter.ts'

const LINES: LogEntry[] = [
  {
    id: 1,
    atMs: 0,
    level: 'debug',
    station: 'store',
    event: 'audit_passed',
    text: 'audit passed: 12 ticks',
    fields: {},
  },
  {
    id: 2,
    atMs: 0,
    level: 'info',
    station: 'log',
    event: 'log_opened',
    text: 'log open at sqlite:data/log',
    fields: {},
  },
  {
    id: 3,
    atMs: 0,
    level: 'warn',
    station: 'ingest',
    event: 'gap_found',
    text: 'binance BTCUSDT: trades 4 to 9 missing',
    fields: {},
  },
  {
    id: 4,
    atMs: 0,
    level: 'error',
    station: 'store',
    event: 'insert_failed',
    text: 'partition 0: insert failed',
    fields: {},
  },
]
const shown = (part: Partial<LogFilter>): number[] =>
  filterLines(LINES, { level: 'debug', stage: 'all', query: '', ...part }).map(line => line.id)

test('a level shows itself and what is worse', () => {
  assert.deepEqual(shown({}), [1, 2, 3, 4])
  assert.deepEqual(shown({ level: 'warn' }), [3, 4])
})

test('stage and words narrow it together; events are found by name', () => {
  assert.deepEqual(shown({ stage: 'store' }), [1, 4])
  assert.deepEqual(shown({ stage: 'store', query: 'FAILED' }), [4])
  assert.deepEqual(shown({ query: 'gap_found btcusdt' }), [3])
})
