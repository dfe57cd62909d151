import type { DatabaseSync } from 'node:sqlite'
import { OFFSETS_MAX } from './file.ts'
import type { TrimRequest } from './messages.ts'

/** Trimming gives way to appends after this long. */
const SLICE_MS_MAX = 20
const RECORDS_A_STEP = 32
const PAGES_A_STEP = 128

/**
 * Free pages are used again by the next appends, so a log in balance gives nothing back; only what lies beyond the larger
 * of these is given back to the disk, down to half of it: what is left of a backlog, such as a day without a store.
 */
const FREE_BYTES_KEPT_MAX = 64 * 2 ** 20
const FREE_SHARE_KEPT_MAX = 0.25

/** One trim, done in short transactions: records below both floors are deleted, then the file is made smaller. */
export class Trimmer {
  readonly request: TrimRequest
  dropped = 0
  readonly #db: DatabaseSync
  #first: number
  readonly #below: number
  #freePagesKept: number | undefined

  constructor(db: DatabaseSync, request: TrimRequest) {
    this.request = request
    this.#db = db
    const { partition, floor } = request
    const bounds = db.prepare('SELECT first, next FROM partitions WHERE partition = ?').get(partition)
    const { first, next } = bounds as { first: number; next: number }
    this.#first = first
    this.#below = Math.min(floor.storedBelow, floor.archivedBelow, next)
  }

  /** Does one short transaction of it; true when nothing is left to do. Throws what SQLite throws, inside its transaction. */
  slice(): boolean {
    if (this.#first < this.#below) this.#inTransaction(() => this.#delete())
    else if (this.#freePages() > this.#pagesKept()) this.#inTransaction(() => this.#giveBack())
    else return true
    return false
  }

  #inTransaction(step: () => boolean): void {
    const endMs = performance.now() + SLICE_MS_MAX
    this.#db.exec('BEGIN IMMEDIATE')
    while (step() && performance.now() < endMs);
    this.#db.exec('COMMIT')
  }

  #delete(): boolean {
    const { partition } = this.request
    const to = Math.min(this.#first + RECORDS_A_STEP, this.#below)
    const base = partition * OFFSETS_MAX
    this.#db.prepare('DELETE FROM records WHERE id >= ? AND id < ?').run(base + this.#first, base + to)
    this.#db.prepare('UPDATE partitions SET first = ? WHERE partition = ?').run(to, partition)
    this.dropped += to - this.#first
    this.#first = to
    return to < this.#below
  }

  #giveBack(): boolean {
    this.#db.exec(`PRAGMA incremental_vacuum(${PAGES_A_STEP})`)
    return this.#freePages() > this.#pagesKept()
  }

  #freePages(): number {
    return this.#pragma('freelist_count')
  }

  /** How many pages may stay free: fixed at half the limit once giving back has begun, so that it does not begin again soon. */
  #pagesKept(): number {
    if (this.#freePagesKept !== undefined) return this.#freePagesKept
    const bytesKept = FREE_BYTES_KEPT_MAX / this.#pragma('page_size')
    const limit = Math.max(bytesKept, this.#pragma('page_count') * FREE_SHARE_KEPT_MAX)
    if (this.#freePages() > limit) this.#freePagesKept = limit / 2
    return limit
  }

  #pragma(name: string): number {
    return this.#db.prepare(`PRAGMA ${name}`).get()![name] as number
  }
}
