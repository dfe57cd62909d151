/** How every station of the route fares, in the page's words, from what the storing side knows and what the recorder says. */
import fs from 'node:fs'
import type { ArchiveFigures } from '../archive/archive.ts'
import type { Storing } from '../ingest/storing.ts'
import type { Log } from '../log/log.ts'
import type { ConnectionStatus } from '../sources/connection-status.ts'
import { ANNOUNCE_EVERY_MS, type RecorderSaid, type RecorderStatus, recordersIn } from '../sources/status.ts'
import type { Store } from '../store/store.ts'
import type { PartitionStatus, StationState, Stations } from './protocol.ts'

/** A recorder that has not spoken for this long is not running. */
const RECORDER_SILENT_MS_MAX = ANNOUNCE_EVERY_MS * 10
/** Lag that a person should know of: far above what a healthy house shows, below what anyone would call live. */
const LAG_MS_MAX = 5_000
/** A slice is closed a minute after its hour and written within seconds; much later, it is catching up. */
const ARCHIVE_BEHIND_MS_MAX = 10 * 60_000
const SIZE_EVERY_MS = 2_000
const DISK_FREE_BYTES_MIN = 1024 ** 3

type Verdict = [state: StationState, advice: string]

export class StationReport {
  readonly #log: Log
  readonly #store: Store
  readonly #storing: Storing
  readonly #archiver: { figures: ArchiveFigures } | null
  #size = { bytes: 0, parts: 0, trades: 0 }
  #sizeAtMs = 0
  readonly #startedAtMs = Date.now()
  readonly #caughtUpAtMs = new Map<number, number>()
  #freshnessMs: number | null = null

  /** `archiver` is null where this process does not archive. */
  constructor(log: Log, store: Store, storing: Storing, archiver: { figures: ArchiveFigures } | null = null) {
    this.#archiver = archiver
    this.#log = log
    this.#store = store
    this.#storing = storing
  }

  /** The recorders that run, by what they say of themselves. */
  recorders(): RecorderSaid[] {
    return recordersIn(this.#log.announcements()).filter(({ atMs }) => Date.now() - atMs < RECORDER_SILENT_MS_MAX)
  }

  /** Told after each batch: the venue's time of its newest trade, µs. */
  stored(newestMicros: number): void {
    this.#freshnessMs = Date.now() - newestMicros / 1000
  }

  async report(): Promise<Stations> {
    await this.#measureSize()
    const nowMs = Date.now()
    const recorders = this.recorders().map(({ status }) => status)
    const partitions = this.#storing.partitions.map(ingest =>
      this.#partition(ingest.partition, ingest.next, ingest.storedLogMs, nowMs),
    )
    const lagTicks = partitions.reduce((sum, partition) => sum + partition.lagTicks, 0)
    const lagMs = Math.max(0, ...partitions.map(partition => partition.lagMs))
    const storedPerSecond = this.#sum(ingest => ingest.figures.storedTicks.perSecond())
    const received = recorders.reduce((sum, { receivedPerSecond }) => sum + receivedPerSecond, 0)
    const connections = recorders.flatMap(recorder => recorder.connections)
    const [appendMs = null] = recorders.flatMap(recorder => recorder.appendMs ?? []).sort((a, b) => b.p50 - a.p50)
    const base = (verdict: Verdict, ticksPerSecond: number) => ({
      state: verdict[0],
      advice: verdict[1],
      ticksPerSecond,
    })
    // Of the slowest partition: those of quotes have none as long as nothing stores quotes.
    const [insertMs = null] = this.#storing.partitions
      .flatMap(({ figures }) => figures.insertMs.quantiles() ?? [])
      .sort((a, b) => b.p50 - a.p50)
    const diskFreeBytes = diskFree(this.#store.address)
    return {
      atMs: nowMs,
      sources: {
        ...base(sourcesVerdict(recorders), received),
        lagTicks: 0,
        lagMs: slowestMs(connections),
        connections,
      },
      log: {
        ...base(logVerdict(recorders), received),
        lagTicks: 0,
        lagMs: appendMs?.p50 ?? 0,
        address: this.#log.address,
        partitions,
        sizeBytes: this.#log.sizeBytes(),
        appendMs,
      },
      ingest: {
        ...base(this.#ingestVerdict(lagMs), storedPerSecond),
        lagTicks,
        lagMs,
        stored: this.#sum(ingest => ingest.figures.storedTicks.total),
        refused: this.#sum(ingest => ingest.figures.refusedTicks.total),
        refusedByReason: this.#refusedByReason(),
        gapsOpen: this.#sum(ingest => ingest.gapsOpen),
        batchTicks: Math.max(0, ...this.#storing.partitions.map(ingest => ingest.figures.batchTicks)),
        insertMs,
      },
      store: {
        ...base(this.#storeVerdict(diskFreeBytes), storedPerSecond),
        lagTicks: 0,
        lagMs: insertMs?.p50 ?? 0,
        address: this.#store.address,
        trades: this.#size.trades,
        sizeBytes: this.#size.bytes,
        parts: this.#size.parts,
        freshnessMs: this.#freshnessMs,
        audit: this.#lastAudit(),
        diskFreeBytes,
      },
      archive: this.#archive(),
    }
  }

  #archive(): Stations['archive'] {
    const figures = this.#archiver?.figures ?? null
    const [state, advice] = archiveVerdict(figures)
    const verified = figures && {
      address: figures.address,
      objects: figures.objects,
      rows: figures.rows,
      sizeBytes: figures.bytes,
    }
    return { state, advice, ticksPerSecond: 0, lagTicks: 0, lagMs: figures?.behindMs ?? 0, verified }
  }

  /** The lag in time is that of the oldest record not stored: it came after the last stored one, and after all was last stored. */
  #partition(partition: number, stored: number, storedLogMs: number, nowMs: number): PartitionStatus {
    const { first, next } = this.#log.bounds(partition)
    const lagging = stored < next
    if (!lagging) this.#caughtUpAtMs.set(partition, nowMs)
    const sinceMs = Math.max(storedLogMs, this.#caughtUpAtMs.get(partition) ?? this.#startedAtMs)
    const lagTicks = this.#log.estimateTicks(partition, stored, next)
    return { partition, first, next, stored, lagTicks, lagMs: lagging ? Math.max(0, nowMs - sinceMs) : 0 }
  }

  #ingestVerdict(lagMs: number): Verdict {
    if (this.#storing.partitions.length === 0)
      return ['idle', 'No partition of the log is given to this process: others store them, or it waits to be let in.']
    const failed = this.#storing.partitions.find(ingest => ingest.failure)
    if (failed?.failure)
      return ['trouble', `Partition ${failed.partition} stopped: ${failed.failure.message}. ${failed.failure.advice}`]
    if (this.#storing.partitions.some(ingest => ingest.mode === 'retrying'))
      return ['trouble', 'An insert fails and is tried again; the log keeps the ticks. See the lines below.']
    if (lagMs > LAG_MS_MAX) return ['behind', 'Storing is behind the log and catching up.']
    return ['ok', 'Everything in the log is stored or on its way.']
  }

  #storeVerdict(diskFreeBytes: number | null): Verdict {
    const failed = [...this.#storing.audits.values()].find(result => !result.passed)
    if (failed)
      return ['trouble', `The audit of partition ${failed.partition} failed: ${failed.detail}. Run: tickhouse doctor`]
    if (diskFreeBytes !== null && diskFreeBytes < DISK_FREE_BYTES_MIN)
      return ['trouble', 'Less than 1 GiB is left on the disk: make room, nothing is deleted by itself.']
    return ['ok', 'Every stored tick is there once.']
  }

  #lastAudit() {
    const results = [...this.#storing.audits.values()]
    if (results.length === 0) return null
    const failed = results.find(result => !result.passed)
    const { atMs, passed, detail, ticks } = failed ?? results.reduce((a, b) => (a.atMs > b.atMs ? a : b))
    return { atMs, passed, detail: detail || `${ticks} ticks dense and unique` }
  }

  #refusedByReason(): Record<string, number> {
    const sums: Record<string, number> = {}
    for (const { figures } of this.#storing.partitions) {
      for (const [reason, count] of figures.refusedByReason) sums[reason] = (sums[reason] ?? 0) + count
    }
    return sums
  }

  #sum(figure: (ingest: Storing['partitions'][number]) => number): number {
    return this.#storing.partitions.reduce((sum, ingest) => sum + figure(ingest), 0)
  }

  async #measureSize(): Promise<void> {
    if (Date.now() - this.#sizeAtMs < SIZE_EVERY_MS) return
    this.#sizeAtMs = Date.now()
    this.#size = await this.#store.size()
  }
}

/** The usual latency of the slowest connection, venue's clock to our socket, in ms; negative where the venue's clock is ahead. */
function slowestMs(connections: readonly ConnectionStatus[]): number {
  const known = connections.flatMap(({ latencyMs }) => latencyMs?.p50 ?? [])
  return known.length === 0 ? 0 : Math.max(...known)
}

function sourcesVerdict(recorders: readonly RecorderStatus[]): Verdict {
  if (recorders.length === 0)
    return ['trouble', 'No recorder is running: start it with tickhouse start or tickhouse record.']
  const connections = recorders.flatMap(recorder => recorder.connections)
  if (recorders.some(({ held }) => held))
    return ['trouble', 'The log cannot take ticks as fast as they come: check the disk.']
  const open = connections.filter(connection => connection.state === 'open').length
  if (open === 0) return ['trouble', 'No venue can be reached: check the network and the addresses; it keeps trying.']
  if (open < connections.length)
    return [
      'behind',
      `${connections.length - open} of ${connections.length} connections are down; they are tried again.`,
    ]
  return ['ok', 'All connections are open.']
}

function logVerdict(recorders: readonly RecorderStatus[]): Verdict {
  if (recorders.length === 0) return ['idle', 'Nothing is written: no recorder is running.']
  return recorders.some(({ held }) => held)
    ? ['trouble', 'Appending is slow or fails: check the disk.']
    : ['ok', 'Every record is durable before it is acknowledged.']
}

function archiveVerdict(figures: ArchiveFigures | null): Verdict {
  if (!figures) return ['off', 'Nothing is archived by this process.']
  if (figures.failure) return ['trouble', `${figures.failure.why}. ${figures.failure.advice}`]
  if (figures.behindMs > ARCHIVE_BEHIND_MS_MAX)
    return ['behind', 'Closed hours wait to be archived; it is catching up.']
  return ['ok', 'Every closed hour or day is archived and was read back.']
}

/** Bytes free on the disk of an embedded store; null for a server, which looks after its own. */
function diskFree(address: string): number | null {
  const [, directory] = /^chdb:(.+)$/.exec(address) ?? []
  if (!directory) return null
  const { bavail, bsize } = fs.statfsSync(directory)
  return bavail * bsize
}
