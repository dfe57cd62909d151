/** `archive`: a ClickHouse server → Parquet files. One process archives for all that ingest into this server. */
import { openArchiver } from '../archive/open.ts'
import { TickhouseError } from '../errors.ts'
import type { Mode } from '../launcher/process.ts'
import { openAndWait } from '../log/open-and-wait.ts'
import { serveArchiver } from '../serve/http/standalone.ts'
import { selfOf } from '../status/health.ts'
import { openStore } from '../store/open.ts'
import { venuesOf } from './ingest-settings.ts'
import { healthSettings, telemetrySettings } from './process-settings.ts'

/** Throws TickhouseErrors: `config_invalid` if the archive is off. */
export const archive: Mode = async (config, journal, stopping) => {
  const { emit } = journal
  const store = await openStore(config.STORE)
  const log = await openAndWait(config.LOG, 'read', emit, stopping)
  const archiver = await openArchiver(config, log, store, emit, venuesOf(config))
  if (!archiver)
    throw new TickhouseError('config_invalid', 'the archive is off', 'Set TICKHOUSE_ARCHIVE: see docs/archive.md.')
  const observed = await serveArchiver(
    healthSettings(config),
    telemetrySettings(config),
    journal,
    selfOf('archive'),
    store,
    archiver,
  )
  archiver.start()
  return {
    failed: new Promise(() => {}),
    stop: async () => {
      await archiver.stop()
      await observed.stop()
      await log.close()
      await store.close()
    },
  }
}
