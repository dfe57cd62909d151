/** The log of this process, of the recorders and of other storing processes as one sequence, for the pages. */
import type { IngestStatus } from '../../status/ingest-status.ts'
import type { StatusReport } from '../../status/report.ts'
import type { Journal, LogEntry } from '../../telemetry/journal.ts'

const ENTRIES_MAX = 500

export interface MergedLogOptions {
  journal: Journal
  report: StatusReport
  ingest: IngestStatus
}

export class MergedLog {
  readonly #options: MergedLogOptions
  readonly #entries: LogEntry[] = []
  #nextId = 1
  #lastOwnId = 0
  /** By recorder: its run, and the last entry read from it. */
  readonly #recorders = new Map<string, { run: number; id: number }>()

  constructor(options: MergedLogOptions) {
    this.#options = options
  }

  /** The id of the newest entry; ids rise by one. */
  get lastId(): number {
    return this.#nextId - 1
  }

  /** Reads new entries from all sources. */
  gather(): void {
    const { journal, report, ingest } = this.#options
    const own = journal.since(this.#lastOwnId)
    this.#lastOwnId = own.at(-1)?.id ?? this.#lastOwnId
    const ofRecorders = report.recorders().flatMap(({ key, status }) => {
      const last = this.#recorders.get(key)
      const lastId = last?.run === status.startedAtMs ? last.id : 0
      this.#recorders.set(key, { run: status.startedAtMs, id: status.lines.at(-1)?.id ?? lastId })
      return status.lines.filter(({ id }) => id > lastId)
    })
    for (const entry of [...own, ...ofRecorders, ...ingest.newLogEntries()].sort((a, b) => a.atMs - b.atMs))
      this.#entries.push({ ...entry, id: this.#nextId++ })
    this.#entries.splice(0, Math.max(0, this.#entries.length - ENTRIES_MAX))
  }

  /** Entries after the one with this id, oldest first. */
  after(id: number): LogEntry[] {
    return this.#entries.filter(entry => entry.id > id)
  }

  /** The newest entries whose JSON is at most `lengthMax` UTF-16 units long, oldest first. */
  newest(lengthMax: number): LogEntry[] {
    let length = 0
    const first = this.#entries.findLastIndex(entry => {
      length += JSON.stringify(entry).length
      return length > lengthMax
    })
    return this.#entries.slice(first + 1)
  }
}
