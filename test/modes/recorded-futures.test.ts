/** A recorded session of Binance's futures through the processes that a user runs: the sums are equal to the last digit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { LogWatch } from '../support/judges/log-watch.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import { assertSessionQuotes, assertSessionTrades, FUTURES_SESSIONS } from '../support/judges/recorded-truth.ts'
import { TestInstance, WAIT_MS_MAX } from '../support/processes/tickhouse.ts'
import { startPlayer } from '../support/servers/player.ts'

/**
 * The sessions have raw trades, of a stream that the venue does not document any more. As an aggregate that joins one
 * trade, with that trade's id, each takes the way of today's trades.
 */
function asAggregate(frame: string): string {
  return frame
    .replace('@trade"', '@aggTrade"')
    .replace('"e":"trade"', '"e":"aggTrade"')
    .replace(/"t":(\d+),/, '"a":$1,"f":$1,"l":$1,')
}

test('recorded sessions of USD-M and COIN-M futures are stored to the last digit', {
  skip: skipWithoutData,
}, async t => {
  const player = await startPlayer({
    files: FUTURES_SESSIONS.map(({ file }) => file),
    speed: Infinity,
    edit: asAggregate,
    startWhen: FUTURES_SESSIONS.flatMap(({ symbol }) =>
      ['aggTrade', 'bookTicker'].map(stream => `${symbol.toLowerCase()}@${stream}`),
    ),
  })
  t.after(() => player.close())
  const instance = new TestInstance(t, {
    SOURCES: FUTURES_SESSIONS.map(({ venue, symbol }) => `${venue}:${symbol}`).join(' '),
    BINANCEUSDM_WS: player.wsUrl,
    BINANCECOINM_WS: player.wsUrl,
  })
  const recorder = instance.run('record')
  const storing = instance.run('ingest')
  await recorder.waitFor('log_opened')
  const log = await instance.log()
  await using watch = new LogWatch(log)
  const last = FUTURES_SESSIONS.flatMap(({ symbol, truth }): [string, number][] => [
    [symbol, truth().trade_oracle.last_id],
    [`quotes ${symbol}`, truth().quote_oracle.last_u],
  ])
  await watch.until(new Map(last), recorder, WAIT_MS_MAX)
  assert.deepEqual(await recorder.end('SIGTERM'), { code: 0, signal: null })
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  const store = await instance.store()
  try {
    await assertSessionTrades(store, FUTURES_SESSIONS)
    await assertSessionQuotes(store, FUTURES_SESSIONS)
    const [others] = await store.rows<Record<string, number>>(
      `SELECT (SELECT count() FROM quarantine) AS refused, (SELECT count() FROM gaps) AS gaps,
         (SELECT countIf(first_id != trade_id OR last_id != trade_id) FROM trades) AS unjoined`,
    )
    assert.deepEqual(others, { refused: 0, gaps: 0, unjoined: 0 })
    assertPositions(await checkPositions(store, log))
  } finally {
    await store.close()
  }
})
