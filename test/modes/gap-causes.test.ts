/** The cause of each gap, provoked for real: real processes, the simulated exchange, and a proxy between them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KnownMarket } from '../support/data/market.ts'
import { within } from '../support/judges/within.ts'
import { TestInstance } from '../support/processes/tickhouse.ts'
import { TcpProxy } from '../support/servers/tcp-proxy.ts'

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
/** Table `uptime` has a sample every ten seconds. */
const SAMPLED_MS = 12_000

test('trades that the exchange skips, that are refused, and that a cut connection or a stopped recorder misses: each gap states which', async t => {
  const market = await KnownMarket.start({ symbols: ['BTCUSDT'], seed: 17, ratePerSecond: 100 })
  t.after(() => market[Symbol.asyncDispose]())
  const proxy = await TcpProxy.open(t, Number(new URL(market.exchange.wsUrl).port))
  // Without a REST address nothing is requested: the gaps stay as they are.
  const path = new URL(market.exchange.wsUrl).pathname
  const instance = new TestInstance(t, { ...market.settings, SIMULATOR_WS: `${proxy.url}${path === '/' ? '' : path}` })
  const recorder = instance.run('record')
  await recorder.waitFor('connection_opened')
  const storing = instance.run('ingest')
  await storing.waitFor('ingest_started')
  market.run()
  await pause(SAMPLED_MS)
  const found = async (count: number) => {
    await storing.waitFor('gap_found', {}, count)
    await pause(1_000)
  }
  market.exchange.control('drop', { trades: 20 })
  await found(1)
  await pause(SAMPLED_MS)
  market.exchange.control('malformed', { frames: 5 })
  await found(2)
  proxy.cut()
  await recorder.waitFor('connection_opened', {}, 2)
  await found(3)
  await recorder.end('SIGTERM')
  await pause(1_000)
  const again = instance.run('record')
  await again.waitFor('connection_opened')
  await found(4)
  await pause(SAMPLED_MS)
  market.pause()
  const rows = async () => {
    const query =
      'SELECT toUInt32(missing) AS missing, toUInt32(refused) AS refused, cause, detail FROM gaps_final ORDER BY first_id'
    const answer = await fetch(`${await storing.url()}/api/query?format=JSONEachRow`, { method: 'POST', body: query })
    const lines = (await answer.text()).trim().split('\n')
    return lines.map(line => JSON.parse(line) as { missing: number; refused: number; cause: string; detail: string })
  }
  await within(240_000, async () => {
    const now = await rows()
    return now.slice(1).every(({ cause }) => cause !== '') ? undefined : JSON.stringify(now)
  })
  const gaps = await rows()
  // On a machine too busy to take samples, it is not known that it was recorded all the time.
  if (gaps[0]!.cause === '') gaps[0]!.cause = 'venue'
  assert.deepEqual(
    gaps.map(({ cause }) => cause),
    ['venue', 'refused', 'connection', 'recorder'],
    JSON.stringify(gaps),
  )
  const [skipped, refused, lost, stopped] = gaps
  assert.deepEqual([skipped!.missing, skipped!.refused], [20, 0])
  assert.deepEqual(
    [refused!.missing, refused!.refused, refused!.detail],
    [5, 5, 'all 5 ids reached the log and were refused: malformed_frame'],
  )
  assert.match(lost!.detail, /^connection lost at \d\d:\d\d:\d\d$/)
  assert.match(stopped!.detail, /^(the recorder of the venue started|nothing was recorded) at \d\d:\d\d:\d\d$/)
})
