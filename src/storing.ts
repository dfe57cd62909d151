/**
 * The storing side of the house, joined: partitions on their way from the log into the tables, the audit beside them, and what
 * the server shows of it all.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from './config.ts'
import { TickhouseError } from './errors.ts'
import type { Batch } from './ingest/batch.ts'
import type { KnownVenues } from './ingest/fill.ts'
import { PartitionIngest } from './ingest/ingest.ts'
import type { Log } from './log/log.ts'
import { type AuditResult, audit, keepAudit } from './observe/audit.ts'
import type { Emit } from './observe/events.ts'
import { VENUES } from './sources/index.ts'
import type { Store } from './store/store.ts'
import { EXTERNAL_VENUE } from './tick/json.ts'

const AUDIT_EVERY_MS = 60_000
/** How long a clean stop waits for what is in the log to be stored; the rest is stored after the next start. */
const DRAIN_MS_MAX = 5_000

export interface StoringOptions {
  config: Config
  log: Log
  store: Store
  emit: Emit
  onStored: (batch: Batch) => void
}

export class Storing {
  readonly partitions: PartitionIngest[]
  /** The last audit of each partition. */
  readonly audits = new Map<number, AuditResult & { atMs: number }>()
  readonly #options: StoringOptions
  readonly #stop = new AbortController()
  readonly #jobs: Promise<void>[] = []

  constructor(options: StoringOptions) {
    this.#options = options
    const { config, log, store, emit, onStored } = options
    const limits = { ticksMax: config.BATCH_TICKS_MAX, bytesMax: 64 * 2 ** 20, ageMsMax: config.BATCH_AGE_MS_MAX }
    const venues = knownVenues(config)
    this.partitions = Array.from(
      { length: log.partitions },
      (_, partition) => new PartitionIngest({ partition, log, store, venues, limits, emit, onStored }),
    )
  }

  start(): void {
    for (const partition of this.partitions) this.#jobs.push(partition.run(this.#stop.signal))
    this.#jobs.push(this.#every(AUDIT_EVERY_MS, () => this.#auditNew()))
  }

  /** Are all records of the log in the tables? */
  get drained(): boolean {
    const { log } = this.#options
    return this.partitions.every(
      ({ mode, partition, next }) => mode === 'failed' || (mode === 'running' && next >= log.bounds(partition).next),
    )
  }

  /** Stores what the log holds, within a bound, audits it and stops. */
  async stop(): Promise<void> {
    const endMs = performance.now() + DRAIN_MS_MAX
    while (!this.drained && performance.now() < endMs) await sleep(10)
    if (this.drained) await this.#auditNew()
    this.#stop.abort()
    await Promise.all(this.#jobs)
  }

  /** Audits what was stored since the last audit; the first one covers all the log still holds. */
  async #auditNew(): Promise<void> {
    const { log, store, emit } = this.#options
    for (const { partition, next, mode } of this.partitions) {
      if (mode === 'resuming') continue
      const first = Math.max(this.audits.get(partition)?.below ?? 0, log.bounds(partition).first)
      if (first >= next) continue
      const result = await audit(store, log, partition, first, next)
      await keepAudit(store, result, Date.now())
      this.audits.set(partition, { ...result, atMs: Date.now() })
      if (result.passed) emit('audit_passed', { ticks: result.ticks, tookMs: result.tookMs })
      else emit('audit_failed', { partition, detail: result.detail })
    }
  }

  async #every(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) return
      await work().catch(error => {
        const why = error instanceof TickhouseError ? error.message : String(error)
        this.#options.emit('upkeep_failed', { why })
      })
    }
  }
}

function knownVenues(config: Config): KnownVenues {
  const extra = config.EXTRA_VENUES.split(',')
    .map(name => name.trim())
    .filter(Boolean)
  return {
    all: new Set([...VENUES.map(venue => venue.name), EXTERNAL_VENUE, ...extra]),
    consecutive: new Set(VENUES.filter(venue => venue.ids === 'consecutive').map(venue => venue.name)),
  }
}
