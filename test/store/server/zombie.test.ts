/** A storing process is stopped in the middle, another takes over, the first goes on where it stood. */
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Store } from '../../../src/store/store.ts'
import {
  MIXED_BATCH_TICKS_MAX,
  MIXED_OPEN,
  MIXED_REPAIRED,
  MIXED_TRADES,
  makeMixedLog,
} from '../../support/data/mixed-log.ts'
import { storeAll } from '../../support/data/storing.ts'
import { assertPositions, assertTrades, checkPositions, compareTrades, gapsOf } from '../../support/judges/oracle.ts'
import { openTestServer } from '../../support/servers/clickhouse-server.ts'
import { type HttpFault, HttpFaultProxy } from '../../support/servers/http-fault-proxy.ts'

const CHILD = fileURLToPath(new URL('./storing-process.ts', import.meta.url))
const HELD: HttpFault = { name: 'delayed until the other has stored everything', passes: 'later', answer: 'true' }

/** Its process, and the names of its events. */
function storingProcess(t: TestContext, directory: string, address: string) {
  const child = fork(CHILD, [directory, address])
  const events: string[] = []
  child.on('message', name => events.push(String(name)))
  t.after(() => void child.kill('SIGKILL'))
  return { child, events }
}

/** Resolves when it has sent that event. */
async function waitForEvent(child: ChildProcess, events: readonly string[], name: string): Promise<void> {
  while (!events.includes(name)) {
    if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}, events ${events.join(', ')}`)
    await Promise.race([once(child, 'message'), once(child, 'exit')])
  }
}

async function judge(store: Store, directory: string): Promise<void> {
  const log = await openSqliteLog(directory, 'read')
  try {
    assertPositions(await checkPositions(store, log))
    assertTrades(await compareTrades(store, 'binance', MIXED_TRADES))
    assert.deepEqual(await gapsOf(store, 'binance', 'open'), MIXED_OPEN)
    assert.deepEqual(await gapsOf(store, 'binance', 'repaired'), MIXED_REPAIRED)
  } finally {
    await log.close()
  }
}

for (const table of ['quarantine', 'trades']) {
  test(`a process stopped while its insert into ${table} is on the way doubles nothing when it goes on, and is fenced`, async t => {
    const directory = mkdtempSync(join(tmpdir(), 'tickhouse-log-'))
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    await makeMixedLog(directory)
    const server = await openTestServer(t)
    const proxy = await HttpFaultProxy.open(t, server.url)
    const address = server.freshStore()
    const store = await openStore(address)
    t.after(() => store.close())

    let inserts = 0
    // The second: by then something of the first owner is stored.
    proxy.plan = statement => {
      if (!statement.startsWith(`INSERT INTO ${table} `)) return undefined
      inserts++
      return inserts === 2 ? HELD : undefined
    }
    const { child, events } = storingProcess(t, directory, server.storeThrough(address, proxy.url))
    await once(proxy.struck, 'fault')
    child.kill('SIGSTOP')
    const log = await openSqliteLog(directory, 'read')
    await storeAll(log, store, { config: { BATCH_TICKS_MAX: MIXED_BATCH_TICKS_MAX, BATCH_AGE_MS_MAX: 10 } })
    await log.close()
    await judge(store, directory)

    assert.deepEqual(await proxy.release(), [200])
    await judge(store, directory)
    child.kill('SIGCONT')
    await waitForEvent(child, events, 'ingest_fenced')
    child.send('end')
    await once(child, 'exit')
    await judge(store, directory)
  })
}
