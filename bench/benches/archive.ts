/** Archiving, verifying and restoring: rows a second and bytes per trade; peers: pyarrow, pandas and DuckDB. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Archiver } from '../../src/archive/archiver.ts'
import { ArchiveCatalog } from '../../src/archive/catalog/catalog.ts'
import { restore } from '../../src/archive/restore/restore.ts'
import { DirectoryTarget } from '../../src/archive/targets/directory.ts'
import { checkArchive } from '../../src/archive/verify/check.ts'
import { SYSTEM_CLOCK } from '../../src/clock.ts'
import { filesOf } from '../../src/store/embedded/files.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { VENUES } from '../../src/venues/index.ts'
import { pythonWith } from '../../test/support/processes/python.ts'
import { type Bench, measured, type Sample } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { RECORDINGS } from '../samples/frames.ts'
import { recordedTrades } from '../samples/recorded.ts'
import { type Parts, storeAll, withParts } from '../samples/storing.ts'

/** Some 3 million trades. */
const SESSIONS = 200
const RECORD_TRADES = 5_000
const MS_PER_DAY = 86_400_000
const PEER = join(import.meta.dirname, '../peers/parquet.py')

const run = promisify(execFile)

interface Filled extends Parts {
  directory: string
  trades: number
  target: DirectoryTarget
  archiver: Archiver
}

/** A store with the trades, its parts merged as after a quiet hour, and an empty archive. */
function withFilled<T>(work: (filled: Filled) => Promise<T>, sessions = SESSIONS, sealed = false): Promise<T> {
  return withDirectory(directory =>
    withParts(directory, async parts => {
      let trades = 0
      for (const batch of recordedTrades(sessions, RECORD_TRADES)) {
        await parts.log.append(0, [tradesRecord(batch)])
        trades += batch.length
      }
      await storeAll(parts, trades, RECORDINGS ? 'binance' : 'simulator')
      await parts.store.command('OPTIMIZE TABLE trades FINAL')
      const target = await DirectoryTarget.open(join(directory, 'archive'))
      const archiver = new Archiver({
        ...parts,
        target,
        segmentLength: 'day',
        retention: { logHours: undefined, storeDays: undefined },
        seal: sealed
          ? { keyFile: join(directory, 'seal-key.pem'), idKinds: new Map(VENUES.map(({ name, ids }) => [name, ids])) }
          : null,
        diskFreeBytesMin: 0,
        emit: () => {},
        // All that is stored is of a day that is over.
        clock: { ...SYSTEM_CLOCK, nowMicros: () => (Date.now() + 2 * MS_PER_DAY) * 1000 },
      })
      return work({ ...parts, directory, trades, target, archiver })
    }),
  )
}

function archived(sessions?: number, sealed = false) {
  return withFilled(
    async ({ archiver, trades, store, target }) => {
      const sample = await measured(async () => {
        await archiver.round()
        return trades
      })
      const [{ rows, bytes } = { rows: 0, bytes: 0 }] = await new ArchiveCatalog(store, target.address).objects(
        "kind = 'trades'",
      )
      if (rows !== trades) throw new Error(`${rows} of ${trades} rows archived`)
      const { kinds } = await store.size()
      return {
        ...sample,
        metrics: {
          'bytes/trade in the archive': bytes / trades,
          'bytes/trade in the store': kinds.trades.bytes / trades,
        },
      }
    },
    sessions,
    sealed,
  )
}

/** `deep`: verifies rows as well as bytes. */
function verified(deep: boolean) {
  return withFilled(async ({ archiver, trades, store, target }) => {
    await archiver.round()
    const catalog = new ArchiveCatalog(store, target.address)
    return measured(async () => {
      const { findings } = await checkArchive({
        target,
        objects: await catalog.objects(),
        deep: deep ? { source: store, files: filesOf(store) } : undefined,
        progress: () => {},
      })
      if (findings.length > 0) throw new Error(findings[0]!.detail)
      return trades
    })
  })
}

/** Restores into the truncated table, since a process can open one store only. */
function restored() {
  return withFilled(async ({ archiver, trades, store, target }) => {
    await archiver.round()
    await store.command('TRUNCATE TABLE trades')
    const catalog = new ArchiveCatalog(store, target.address)
    return measured(async () => {
      const { inserted } = await restore({ store, target, catalog }, {})
      if (inserted !== trades) throw new Error(`${inserted} of ${trades} rows restored`)
      return trades
    })
  })
}

/** The peer gets the same rows as an Arrow file, which it reads before the measurement starts. */
function python(work: 'pyarrow' | 'pandas' | 'verify' | 'restore', sessions?: number) {
  return async (): Promise<Sample> => {
    const { command, path } = await pythonWith('pandas', 'pyarrow', 'duckdb')
    return withFilled(async ({ directory, store }) => {
      const source = join(directory, 'trades.arrow')
      await store.command(`INSERT INTO FUNCTION file('${source}', 'Arrow') SELECT * FROM trades`)
      const { stdout } = await run(command, [PEER, work, source, join(directory, 'peer.parquet')], {
        env: { ...process.env, PYTHONPATH: path },
      })
      const { rows, seconds, cpuSeconds, bytes } = JSON.parse(stdout) as Record<string, number>
      return { count: rows!, seconds: seconds!, cpuSeconds: cpuSeconds!, metrics: { 'bytes/trade': bytes! / rows! } }
    }, sessions)
  }
}

export const archive: Bench = {
  name: 'archive',
  summary: 'stored trades into verified Parquet and back; peers: pyarrow, pandas and DuckDB',
  unit: 'trades',
  rounds: 3,
  contestants: [
    { name: 'tickhouse: archived and proved', run: () => archived() },
    {
      name: 'tickhouse: archived, proved and sealed',
      against: 'tickhouse: archived and proved',
      run: () => archived(SESSIONS, true),
    },
    { name: 'pyarrow: written and compared', against: 'tickhouse: archived and proved', run: python('pyarrow') },
    { name: 'pandas: written and compared', against: 'tickhouse: archived and proved', run: python('pandas') },
    { name: 'tickhouse: verified, bytes', run: () => verified(false) },
    { name: 'tickhouse: verified, rows', run: () => verified(true) },
    { name: 'pandas: verified, rows', against: 'tickhouse: verified, rows', run: python('verify') },
    { name: 'tickhouse: restored and proved', run: restored },
    { name: 'DuckDB: read into a table', against: 'tickhouse: restored and proved', run: python('restore') },
    { name: 'tickhouse: once, for its bytes', run: () => archived(1) },
    { name: 'pandas: once, for its bytes', run: python('pandas', 1) },
  ],
  notes: [
    RECORDINGS
      ? `the recorded Binance sessions repeated ${SESSIONS} times with continuous times and ids; one segment`
      : 'trades of the simulated market (no recordings here); one segment',
    'archived and proved: hashed in the table, written, moved in place, read back, hashed (SHA-256 and rows), manifest and catalog written',
    'bytes/trade: see the contestants with the sessions once; repeated values compress better than a real market',
    'the peers start with their rows in memory; pyarrow compares values, pandas checksums; DuckDB verifies nothing',
  ],
}
