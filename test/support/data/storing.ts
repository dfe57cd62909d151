import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, parseConfig } from '../../../src/config.ts'
import type { Batch } from '../../../src/ingest/batch.ts'
import { Ingest } from '../../../src/ingest/ingest.ts'
import type { KnownVenues } from '../../../src/ingest/validated-record.ts'
import type { OpenLog } from '../../../src/log/log.ts'
import { limitsOf, venuesOf } from '../../../src/modes/ingest-settings.ts'
import type { Store } from '../../../src/store/store.ts'
import type { Emit } from '../../../src/telemetry/events.ts'

const STORED_MS_MAX = 120_000

export interface StoreAllOptions {
  /** Beside the defaults. */
  config?: Partial<Config>
  /** Instead of those of the configuration. */
  venues?: KnownVenues
  emit?: Emit
  onStored?: (batch: Batch) => void
}

/**
 * Runs ingest in this process until the whole log is stored, audits it and stops. Throws the error that stopped a
 * partition, if any.
 */
export async function storeAll(log: OpenLog, store: Store, options: StoreAllOptions = {}): Promise<Ingest> {
  const { config = {}, emit = () => {}, onStored = () => {} } = options
  const whole = { ...parseConfig({}, {}), ...config }
  const { venues = venuesOf(whole) } = options
  const storing = new Ingest({ limits: limitsOf(whole), venues, log, store, emit })
  storing.onStored = onStored
  storing.start()
  // A stop waits for some seconds only, which a busy machine may exceed.
  const endMs = performance.now() + STORED_MS_MAX
  while (!storing.drained && performance.now() < endMs && storing.partitions.every(({ mode }) => mode !== 'failed'))
    await sleep(10)
  await storing.stop()
  for (const { failure } of storing.partitions) if (failure) throw failure
  return storing
}
