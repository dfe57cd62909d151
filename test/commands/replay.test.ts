import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestInstance } from '../support/processes/tickhouse.ts'

test('kinds that are not replayed are refused by name, before anything is opened', async t => {
  const instance = new TestInstance(t)
  for (const [flags, message] of [
    [['--as', 'kraken', '--kinds', 'marks'], 'unknown kind marks: --kinds takes quotes, trades'],
    [['--as', 'binance', '--kinds', 'trades,candles'], 'unknown kind candles: --kinds takes quotes, trades'],
    [['--into', 'sqlite:again', '--kinds', ','], '--kinds names no kind'],
  ] as const) {
    const replay = instance.run('replay', {}, [...flags])
    assert.notEqual((await replay.exited).code, 0)
    assert.ok(replay.recentOutput().includes(message), replay.recentOutput())
  }
})
