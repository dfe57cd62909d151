/** The version of the tables. Why it is a table, and why a newer store is refused: docs/decisions/schema.md. */
import { TickhouseError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import type { Backend } from '../backend.ts'
import { queryRows } from '../query.ts'
import { literal } from '../sql.ts'

/**
 * Raised by each change of a table or a view in this folder.
 * 0: stores without table schema_version. 1: table schema_version. 2: tables of other kinds than trades.
 */
export const SCHEMA_VERSION = 2

/**
 * The version that the store has; 0 for an empty store and for one made before versions. Throws `data_foreign` for a
 * newer one.
 */
export async function checkVersion(backend: Backend): Promise<number> {
  const [found] = await queryRows<{ tables: number }>(
    backend,
    `SELECT toUInt32(count()) AS tables FROM system.tables WHERE database = currentDatabase() AND name = 'schema_version'`,
  )
  if (found!.tables === 0) return 0
  const [row] = await queryRows<{ version: number; program: string }>(
    backend,
    'SELECT version, program FROM schema_version ORDER BY version DESC LIMIT 1',
  )
  const { version, program } = row ?? { version: 0, program: '' }
  if (version <= SCHEMA_VERSION) return version
  throw new TickhouseError(
    'data_foreign',
    `the store ${backend.address} was written by a newer tickhouse: schema version ${version}, this program has ${SCHEMA_VERSION}`,
    `Start tickhouse ${program} or later. To stay with ${VERSION}, set TICKHOUSE_STORE to a new directory or database: it fills ` +
      'from the log, and `tickhouse restore` brings back from the archive what has left the log. Keep the newer store until both are done.',
  )
}

/** The statement that records today's version: not an insert of ticks, which a disk without room would refuse. */
export const recordVersion = (): string =>
  `INSERT INTO schema_version (version, program) SELECT ${SCHEMA_VERSION}, ${literal(VERSION)}`
