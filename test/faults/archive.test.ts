/**
 * Fault 17: the archiver is killed at any step. Nothing is dropped unverified, and the next run completes the archive.
 */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openTarget } from '../../src/archive/targets/open.ts'
import { openStore } from '../../src/store/open.ts'
import { rowsOf } from '../support/data/archiving.ts'
import { makeMixedLog } from '../support/data/mixed-log.ts'
import { rounds, Schedule } from '../support/faults.ts'
import type { ArchivingTask } from '../support/processes/archiving-child.ts'

const CHILD = fileURLToPath(new URL('../support/processes/archiving-child.ts', import.meta.url))
const STORING_CHILD = fileURLToPath(new URL('../support/processes/storing-child.ts', import.meta.url))
const KEEP = { logHours: 1, storeDays: 1 }

/** A directory with the mixed log, stored, to be copied for each try. */
async function template(t: TestContext): Promise<string> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'tickhouse-archive-fault-'))
  t.after(() => fs.rmSync(directory, { recursive: true, force: true }))
  await makeMixedLog(`${directory}/stored/log`)
  const task = { log: `${directory}/stored/log`, store: `${directory}/stored/store`, ticksMax: 1000 }
  const child = fork(STORING_CHILD, [JSON.stringify(task)], { stdio: 'ignore' })
  await once(child, 'message')
  child.send('go')
  await once(child, 'exit')
  return directory
}

interface Ended {
  signal: NodeJS.Signals | null
  steps: number
  /** Days that retention did not dare to drop. */
  heldDays: unknown[]
  /** Why a round failed. */
  failed?: string
}

async function archive(task: ArchivingTask): Promise<Ended> {
  const child = fork(CHILD, [JSON.stringify(task)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  let received = { steps: 0, heldDays: [] as unknown[] }
  child.on('message', (message: typeof received) => {
    received = message
  })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  if (signal === null) assert.equal(code, 0)
  return { signal, ...received }
}

test('killed at any step of archive, verify and retention, every row is in the table or verified in the archive', async t => {
  const schedule = new Schedule(t)
  const directory = await template(t)
  const copy = (name: string): string => {
    fs.cpSync(`${directory}/stored`, `${directory}/${name}`, { recursive: true })
    return `${directory}/${name}`
  }
  const { steps } = await archive({ directory: copy('whole'), retention: KEEP })
  assert.ok(steps > 20, `${steps} steps`)
  const tries = rounds(3, steps)
  for (let index = 0; index < tries; index++) {
    const killAt = tries === steps ? index + 1 : 1 + schedule.below(steps)
    const directory = copy(`killed-${index}`)
    const ended = await archive({ directory, retention: KEEP, killAt })
    assert.equal(ended.signal, 'SIGKILL', `step ${killAt} of ${steps}`)
    const again = await archive({ directory, retention: KEEP })
    assert.deepEqual({ ...again, steps: 0 }, { signal: null, steps: 0, heldDays: [] })
  }
  t.diagnostic(`killed at ${tries} of ${steps} steps`)

  // One engine directory per process: the check reads every attempt's archive from one store of its own.
  const store = await openStore(`chdb:${directory}/judge`)
  const archived = (name: string, kind: string) =>
    `file('${directory}/${name}/archive/${kind}/**/*.parquet', 'Parquet')`
  const expected = await rowsOf(store, archived('whole', 'trades'))
  assert.equal(expected.length, 157)
  for (let index = 0; index < tries; index++) {
    const name = `killed-${index}`
    assert.deepEqual(await rowsOf(store, archived(name, 'trades')), expected, name)
    const target = await openTarget(`file:${directory}/${name}/archive`, 'unused')
    assert.deepEqual(fs.readdirSync(target.spool), [], 'nothing is left in the spool')
  }
  await store.close()
})
