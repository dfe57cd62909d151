/** The part of the configuration that ingest takes. */
import { SYSTEM_CLOCK } from '../clock.ts'
import type { Config } from '../config.ts'
import type { BatchLimits } from '../ingest/batch.ts'
import { Readers } from '../ingest/readers.ts'
import type { KnownVenues } from '../ingest/validated-record.ts'
import type { Store } from '../store/store.ts'
import type { IdKind } from '../tick/id-kind.ts'
import { EXTERNAL_VENUE } from '../tick/json.ts'
import { VENUES } from '../venues/index.ts'

/** Payload of one insert: bounds memory if records contain large refused frames. */
const BATCH_BYTES_MAX = 64 * 2 ** 20

/** The limits of a batch; its age follows `readers`, if they are known. */
export function limitsOf(config: Config, readers?: Readers): BatchLimits {
  return {
    ticksMax: config.BATCH_TICKS_MAX,
    bytesMax: BATCH_BYTES_MAX,
    get ageMsMax() {
      return readers?.ageMsMax ?? config.BATCH_AGE_MS_MAX
    },
  }
}

/** The readers of a store that is read through its process alone; undefined for a ClickHouse server, which anybody may read. */
export function readersOf(config: Config, { kind }: Pick<Store, 'kind'>): Readers | undefined {
  if (kind !== 'embedded') return undefined
  const { BATCH_AGE_MS_MAX: readMs, BATCH_AGE_UNREAD_MS_MAX: unreadMs } = config
  return new Readers({ readMs, unreadMs: Math.max(readMs, unreadMs) }, SYSTEM_CLOCK)
}

/** The venues that ingest accepts: built-in ones, `EXTRA_VENUES`, and the one of ticks that name no venue. */
export function venuesOf(config: Config): KnownVenues {
  const extra = config.EXTRA_VENUES.split(',').map(name => name.trim())
  return new Map<string, IdKind>([
    ...[EXTERNAL_VENUE, ...extra.filter(Boolean)].map((name): [string, IdKind] => [name, 'none']),
    ...VENUES.map(({ name, ids }): [string, IdKind] => [name, ids]),
  ])
}
