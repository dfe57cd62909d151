import type { DatabaseSync } from 'node:sqlite'
import { OFFSETS_MAX } from './file.ts'
import type { TrimRequest } from './messages.ts'

/** Duration of one transaction of a trim; appends wait no longer. */
const STEP_MS_MAX = 20
const DELETE_RECORDS = 32
const VACUUM_PAGES = 128

/**
 * Appends reuse free pages, so a log in balance needs no vacuum. Free pages beyond the larger of these limits, left by
 * a backlog like a day without a store, are returned to the disk, down to half the limit.
 */
const FREE_BYTES_MAX = 64 * 2 ** 20
const FREE_SHARE_MAX = 0.25

/** One trim in short transactions: deletes the records below both floors, then shrinks the file. */
export class Trimmer {
  readonly request: TrimRequest
  dropped = 0
  readonly #db: DatabaseSync
  #first: number
  readonly #below: number
  #freePagesTarget: number | undefined

  constructor(db: DatabaseSync, request: TrimRequest) {
    this.request = request
    this.#db = db
    const { partition, floor } = request
    const bounds = db.prepare('SELECT first, next FROM partitions WHERE partition = ?').get(partition)
    const { first, next } = bounds as { first: number; next: number }
    this.#first = first
    this.#below = Math.min(floor.storedBelow, floor.archivedBelow, next)
  }

  /** Runs one short transaction; true if nothing is left to do. Throws SQLite's errors, with the transaction open. */
  step(): boolean {
    if (this.#first < this.#below) this.#inTransaction(() => this.#delete())
    else if (this.#freePages() > this.#freePagesMax()) this.#inTransaction(() => this.#vacuum())
    else return true
    return false
  }

  #inTransaction(part: () => boolean): void {
    const endMs = performance.now() + STEP_MS_MAX
    this.#db.exec('BEGIN IMMEDIATE')
    while (part() && performance.now() < endMs);
    this.#db.exec('COMMIT')
  }

  #delete(): boolean {
    const { partition } = this.request
    const to = Math.min(this.#first + DELETE_RECORDS, this.#below)
    const base = partition * OFFSETS_MAX
    this.#db.prepare('DELETE FROM records WHERE id >= ? AND id < ?').run(base + this.#first, base + to)
    this.#db.prepare('UPDATE partitions SET first = max(first, ?) WHERE partition = ?').run(to, partition)
    this.dropped += to - this.#first
    this.#first = to
    return to < this.#below
  }

  #vacuum(): boolean {
    this.#db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`)
    return this.#freePages() > this.#freePagesMax()
  }

  #freePages(): number {
    return this.#pragma('freelist_count')
  }

  /** Pages that may stay free: half the limit once a vacuum has started, so that the next one does not start soon. */
  #freePagesMax(): number {
    if (this.#freePagesTarget !== undefined) return this.#freePagesTarget
    const pagesMin = FREE_BYTES_MAX / this.#pragma('page_size')
    const limit = Math.max(pagesMin, this.#pragma('page_count') * FREE_SHARE_MAX)
    if (this.#freePages() > limit) this.#freePagesTarget = limit / 2
    return limit
  }

  #pragma(name: string): number {
    return this.#db.prepare(`PRAGMA ${name}`).get()![name] as number
  }
}
