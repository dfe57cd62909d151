/**
 * A recorded afternoon on Binance of which frames are missing: the missing trades are requested from a server in the venue's
 * shape, and the sums are equal to the last digit, as if nothing had been missing. Another program counted TRUTH.json.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { skipWithoutData } from '../support/data/recorded-data.ts'
import { type Session, sessionOf, TRADE } from '../support/data/session-trades.ts'
import { assertPositions, checkPositions } from '../support/judges/oracle.ts'
import { assertSessionTrades, SESSION_FILES, SESSION_SOURCES, SESSIONS } from '../support/judges/recorded-truth.ts'
import { WAIT_MS_MAX, within } from '../support/judges/within.ts'
import { TestInstance, type TestProcess } from '../support/processes/tickhouse.ts'
import { BinanceRest, type BinanceTrade, type Fault } from '../support/servers/binance-rest.ts'
import { startPlayer } from '../support/servers/player.ts'

const LIMITS = { skip: skipWithoutData, timeout: 600_000 }
/** The sessions are of 2024. */
const REACH = { REPAIR_REACH: '90000' }

/** Leaves frames of trades out, but not the first and the last: nothing shows what was before and after them. */
function without(sessions: readonly Session[], isLeftOut: (trade: BinanceTrade, at: number) => boolean) {
  const leftOut = new Set<string>()
  for (const { symbol, trades } of sessions)
    for (const [at, trade] of trades.entries())
      if (at > 0 && at < trades.length - 1 && isLeftOut(trade, at)) leftOut.add(`${symbol} ${trade.id}`)
  const edit = (frame: string) => {
    const [, symbol, id] = TRADE.exec(frame) ?? []
    // An event that is not recorded.
    return leftOut.has(`${symbol} ${id}`) ? frame.replace('"e":"trade"', '"e":"avgPrice"') : frame
  }
  return { leftOut: leftOut.size, edit }
}

const open = async (storing: TestProcess) => {
  const query = `SELECT toUInt32(countIf(state = 'open')) AS open, toUInt32(count()) AS gaps, toUInt32((SELECT count() FROM trades)) AS trades FROM gaps FINAL`
  const answer = await fetch(`${await storing.url()}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
  return JSON.parse(await answer.text()) as { open: number; gaps: number; trades: number }
}

function random(share: number, seed: number): () => boolean {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 < share
  }
}

async function restored(
  t: TestContext,
  isLeftOut: (trade: BinanceTrade, at: number) => boolean,
  {
    faults = [] as Fault[],
    whileMissing = async (_recorder: TestProcess, _instance: TestInstance, _rest: BinanceRest) => {},
  } = {},
): Promise<void> {
  const sessions = SESSIONS.map(sessionOf)
  const { leftOut, edit } = without(sessions, isLeftOut)
  const rest = await BinanceRest.open(t, new Map(sessions.map(({ symbol, trades }) => [symbol, trades])), faults)
  rest.retryAfter = 5
  const player = await startPlayer({ files: SESSION_FILES, speed: Infinity, edit })
  t.after(() => player.close())
  const addresses = { BINANCE_WS: player.wsUrl, BINANCE_REST: rest.url }
  const instance = new TestInstance(t, {
    ...{ SOURCES: `${SESSION_SOURCES}@trades`, QUOTE_CHECK_SECONDS: '0', ...REACH, ...addresses },
  })
  const recorder = instance.run('record')
  const storing = instance.run('ingest')
  await player.done
  await whileMissing(recorder, instance, rest)
  const all = sessions.reduce((sum, { trades }) => sum + trades.length, 0)
  await within(WAIT_MS_MAX, async () => {
    const now = await open(storing)
    return now.gaps > 0 && now.open === 0 && now.trades === all ? undefined : JSON.stringify(now)
  })
  await storing.drained()
  assert.deepEqual(await storing.end('SIGTERM'), { code: 0, signal: null })
  assert.deepEqual(storing.logged('audit_failed'), [])
  const [store, log] = [await instance.store(), await instance.log()]
  try {
    await assertSessionTrades(store)
    assertPositions(await checkPositions(store, log))
    const [found] = await store.rows(
      `SELECT toUInt32(countIf(origin = 'repair')) AS repaired, toUInt32((SELECT count() FROM quarantine)) AS refused,
         toUInt32((SELECT count() FROM repairs)) AS unsupplied FROM trades`,
    )
    assert.deepEqual(found, { repaired: leftOut, refused: 0, unsupplied: 0 })
  } finally {
    await store.close()
    await log.close()
  }
  assert.equal(rest.bans, 0)
  assert.ok(rest.weightMax <= 3_000, `weight ${rest.weightMax} in a minute`)
  t.diagnostic(`${leftOut} of ${all} trades restored by ${rest.requests.length} requests, weight ${rest.weightMax}`)
}

for (const percent of [1, 10, 50])
  test(`${percent} % of the frames of trades are missing: restored to the last digit`, LIMITS, async t => {
    await restored(t, random(percent / 100, percent))
  })

test('whole minutes are missing: restored to the last digit, also by a server with faults', LIMITS, async t => {
  const minutes = new Set([28_719_354, 28_719_356])
  const isIn = ({ micros }: BinanceTrade) => minutes.has(Math.floor(micros / 60e6))
  const faults: Fault[] = ['cut body', 'html']
  await restored(t, trade => isIn(trade), { faults })
})

test('a recorder killed after a 429 sends nothing before its end, and then restores all', LIMITS, async t => {
  await restored(t, random(0.1, 3), {
    faults: ['rate limit'],
    whileMissing: async (recorder, instance, rest) => {
      await within(WAIT_MS_MAX, async () => (rest.requests.some(({ status }) => status === 429) ? undefined : 'no 429'))
      await recorder.waitFor('repair_waiting')
      await recorder.end('SIGKILL')
      const again = instance.run('record')
      await again.waitFor('log_opened')
      const limited = rest.requests.findIndex(({ status }) => status === 429)
      await within(WAIT_MS_MAX, async () => (rest.requests.length > limited + 1 ? undefined : 'no request since'))
      const [first, next] = rest.requests.slice(limited).map(({ atMs }) => atMs)
      assert.ok(next! - first! >= 4_900, `${next! - first!} ms later`)
    },
  })
})
