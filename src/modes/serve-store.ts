/** SQL over HTTP on an embedded store that no ingest process has open. */
import fs from 'node:fs'
import { openWithArchive } from '../archive/open.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { serveSql } from '../serve/sql/sql-server.ts'
import type { Serving } from '../service.ts'
import { embeddedDirectory } from '../store/address.ts'
import { openEngine } from '../store/embedded/engine.ts'
import { openStore } from '../store/open.ts'
import type { Journal } from '../telemetry/journal.ts'
import { pageSettings } from './process-settings.ts'

/** Engine sessions kept open. An HTTP statement opens a further one; at most 16 wait. */
const SERVED_SESSIONS = { insertSessions: 1, querySessions: 1, waitingMax: 16 }

/** `writable`: clients may change everything, as on a ClickHouse server; for tests. Throws TickhouseErrors. */
export async function serveStore(config: Config, journal: Journal, writable: boolean): Promise<Serving> {
  const directory = embeddedDirectory(config.STORE)
  if (directory === undefined || (!writable && !fs.existsSync(directory)))
    throw new TickhouseError(
      'config_invalid',
      directory === undefined ? 'TICKHOUSE_STORE is a ClickHouse server' : `there is no store in ${directory}`,
      'Set TICKHOUSE_STORE=chdb:<directory> to the store of a tickhouse that has stored ticks.',
    )
  const { close, ...opened } = writable ? await openEmpty(directory) : await openWithView(config)
  const server = await serveSql(pageSettings(config), { ...opened, writable, emit: journal.emit })
  return {
    url: server.listeningOrigin,
    failed: opened.engine.failed,
    stop: async () => {
      await server.close()
      await close()
    },
  }
}

/** The engine without our tables. */
async function openEmpty(directory: string) {
  const engine = await openEngine(directory, SERVED_SESSIONS)
  return { engine, query: undefined, close: () => engine.close() }
}

/** The store, whose views include the archive. */
async function openWithView(config: Config) {
  const store = await openStore(config.STORE)
  await openWithArchive(config, store)
  return { engine: store.engine!, query: store.untrusted.bind(store), close: () => store.close() }
}
