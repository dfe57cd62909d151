/**
 * What a billion ticks cost: CPU of recorder and storing process, bytes in log, store and archive, of a measured run;
 * and the monthly prices of the sizes in `deploy/aws`.
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { monthlyCost, prices, total } from '../../deploy/aws/cost.ts'
import { Archiver } from '../../src/archive/archiver.ts'
import { ArchiveCatalog } from '../../src/archive/catalog/catalog.ts'
import { DirectoryTarget } from '../../src/archive/targets/directory.ts'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { openStore } from '../../src/store/open.ts'
import type { Bench, Sample } from '../contract.ts'
import { cpuSecondsOf } from '../processes.ts'
import { withDirectory } from '../samples/directory.ts'
import { type Instance, sourcesOf, startInstance } from '../samples/instance.ts'
import { settled } from '../samples/settled.ts'

const TRADES_PER_SECOND = 10_000
const WARM_UP_MS = 8_000
const MEASURED_MS = 30_000
const SETTLED_AFTER_MS = 2_000
const BILLION = 1e9
const MS_PER_DAY = 86_400_000
const SECONDS_PER_HOUR = 3_600

const running = (kinds: readonly string[]) => () =>
  withDirectory(async (directory): Promise<Sample> => {
    const instance = await startInstance(directory, TRADES_PER_SECOND, [], { TICKHOUSE_SOURCES: sourcesOf(kinds) })
    const { recorder, storing } = instance.pids
    const used = () => ({ recorder: cpuSecondsOf(recorder), storing: cpuSecondsOf(storing) })
    try {
      await sleep(WARM_UP_MS)
      const [before, usedBefore, startedMs] = [await ticksIn(instance), used(), performance.now()]
      await sleep(MEASURED_MS)
      const [after, usedAfter] = [await ticksIn(instance), used()]
      const seconds = (performance.now() - startedMs) / 1000
      const count = after - before
      const cpu = {
        recorder: usedAfter.recorder - usedBefore.recorder,
        storing: usedAfter.storing - usedBefore.storing,
      }
      await instance.stopRecording()
      await settled(() => ticksIn(instance), SETTLED_AFTER_MS)
      await instance.stop()
      const bytes = await bytesPerTick(directory)
      const perBillion = (value: number) => (value / count) * BILLION
      const dollars = (perBillion(cpu.recorder + cpu.storing) / SECONDS_PER_HOUR) * prices.fargateVcpuHour
      return {
        count,
        seconds,
        cpuSeconds: cpu.recorder + cpu.storing,
        metrics: {
          'recorder, cpu s per billion ticks': perBillion(cpu.recorder),
          'storing and page, cpu s per billion ticks': perBillion(cpu.storing),
          'log, GB per billion ticks': bytes.log,
          'store, GB per billion ticks': bytes.store,
          'archive, GB per billion ticks': bytes.archive,
          '$ of CPU per billion ticks': dollars,
          '$ a month of archive per billion ticks': ((bytes.archive * BILLION) / 2 ** 30) * prices.archiveGiBMonth,
        },
      }
    } finally {
      await instance.stop()
    }
  })

async function ticksIn(instance: Instance): Promise<number> {
  const [row] = await instance.rows<{ ticks: string }>(
    'SELECT (SELECT count() FROM trades) + (SELECT count() FROM quotes) AS ticks',
  )
  return Number(row!.ticks)
}

/** Of what the instance left: merged as after a quiet hour, and archived. A billion bytes per billion ticks is one. */
async function bytesPerTick(directory: string): Promise<Record<'log' | 'store' | 'archive', number>> {
  const log = await openSqliteLog(join(directory, 'log'), 'write')
  const store = await openStore(`chdb:${join(directory, 'store')}`)
  try {
    for (const table of ['trades', 'quotes']) await store.command(`OPTIMIZE TABLE ${table} FINAL`)
    const { kinds } = await store.size()
    const sum = (of: 'ticks' | 'bytes') => Object.values(kinds).reduce((sum, kind) => sum + kind[of], 0)
    const target = await DirectoryTarget.open(join(directory, 'archive'))
    const archiver = new Archiver({
      log,
      store,
      target,
      segmentLength: 'day',
      retention: { logHours: undefined, storeDays: undefined },
      diskFreeBytesMin: 0,
      emit: () => {},
      clock: { ...SYSTEM_CLOCK, nowMicros: () => (Date.now() + 2 * MS_PER_DAY) * 1000 },
    })
    await archiver.round()
    const objects = await new ArchiveCatalog(store, target.address).objects("kind IN ('trades', 'quotes')")
    const archived = objects.reduce((sum, { bytes }) => sum + bytes, 0)
    const ticks = sum('ticks')
    return { log: log.sizeBytes() / ticks, store: sum('bytes') / ticks, archive: archived / ticks }
  } finally {
    await log.close()
    await store.close()
  }
}

function monthly(): string[] {
  return (['S', 'M', 'L'] as const).map(size => {
    const cost = monthlyCost(size)
    const parts = Object.entries(cost).map(([name, dollars]) => `${name} ${Math.round(dollars)}`)
    return `size ${size}: ${Math.round(total(cost)).toLocaleString('en-US')} $ a month without the archive (${parts.join(', ')})`
  })
}

export const cost: Bench = {
  name: 'cost',
  summary: 'per billion ticks: CPU, log, store, archive; and what the sizes on AWS cost a month',
  unit: 'ticks',
  rounds: 1,
  contestants: [
    { name: 'trades', run: running(['trades']) },
    { name: 'trades and quotes', run: running(['trades', 'quotes']) },
  ],
  get notes() {
    return [
      `${TRADES_PER_SECOND.toLocaleString('en-US')} simulated trades/s for ${MEASURED_MS / 1000} s, without quotes and with four each`,
      `prices of ${prices.date}: ${prices.note}`,
      ...monthly(),
    ]
  },
}
