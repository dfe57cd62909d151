/** `tickhouse lab stop`: ends the live run of a portfolio, once all its positions are closed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nowMicros } from '../../clock.ts'
import type { Config } from '../../config.ts'
import { TickhouseError } from '../../errors.ts'
import { type Row, timeText } from '../../lab/results/rows.ts'
import { rowsOf } from '../../lab/stored/rows-of.ts'
import { openRun, stateOf } from '../../lab/stored/runs.ts'
import { literal } from '../../store/sql.ts'
import { openStoreAccess } from '../open-store.ts'
import { countRows, inserting } from './rows.ts'

/** Without a further cut for so long, its process does not run. */
const SILENT_MS_MAX = 20_000

/** Resolves when the run has ended, or its process does not end it in time: then it ends when that is started again. */
export async function labStop(config: Config, portfolio: string): Promise<void> {
  const access = await openStoreAccess(config)
  try {
    const open = await openRun(access.query, portfolio)
    if (!open)
      throw new TickhouseError('usage', `portfolio ${portfolio} has no live run`, 'List the runs: tickhouse lab status')
    const { run } = open
    const rows = await rowsOf<Row>(access.query, `SELECT * FROM lab_runs FINAL WHERE run = ${literal(run)}`)
    const written = timeText(nowMicros())
    await inserting(config, access)(
      'lab_runs',
      rows.map(row => ({ ...row, state: 'ending', written_at: written })),
    )
    console.log('closing all positions: a minute at most')
    let [lateMs, cuts] = [performance.now() + SILENT_MS_MAX, 0]
    while (performance.now() < lateMs) {
      if ((await stateOf(access.query, run)) === 'ended') {
        console.log(`run ${run} has ended`)
        return
      }
      const written = await countRows(access, run, 'lab_cuts')
      if (written > cuts) [lateMs, cuts] = [performance.now() + SILENT_MS_MAX, written]
      await sleep(500)
    }
    console.log(`run ${run} ends when its process, which does not answer, goes on: tickhouse lab start`)
  } finally {
    await access.close()
  }
}
