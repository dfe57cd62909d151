/** Gathers rows and writes them in batches of one table each. */
import type { Row } from './rows.ts'
import type { LabTable } from './tables.ts'

export type InsertRows = (table: LabTable, rows: readonly Row[]) => Promise<void>

/** A request of about 1 MB. */
const BATCH_ROWS = 3_000

export class RowWriter {
  readonly #insert: InsertRows
  readonly #rows = new Map<LabTable, Row[]>()
  /** Rows of each table that are in the store, and how many of them come again. */
  readonly #stored: Map<LabTable, number>
  readonly #skipping: Map<LabTable, number>
  #count = 0

  /** `stored`: rows that are in the store already, for a run that is played again: so many first rows of a table are left out. */
  constructor(insert: InsertRows, stored: ReadonlyMap<LabTable, number> = new Map()) {
    this.#insert = insert
    this.#stored = new Map(stored)
    this.#skipping = new Map(stored)
  }

  add(table: LabTable, row: Row): void {
    const skipping = this.#skipping.get(table) ?? 0
    if (skipping > 0) {
      this.#skipping.set(table, skipping - 1)
      return
    }
    const rows = this.#rows.get(table)
    if (rows) rows.push(row)
    else this.#rows.set(table, [row])
    this.#count++
  }

  /** Whether there are enough rows for a batch. */
  get isFull(): boolean {
    return this.#count >= BATCH_ROWS
  }

  /** Writes everything. Throws TickhouseErrors; what was not written is kept. */
  async flush(): Promise<void> {
    for (const [table, rows] of this.#rows) {
      while (rows.length > 0) {
        const batch = rows.slice(0, BATCH_ROWS)
        await this.#insert(table, batch)
        this.#remove(table, batch.length)
      }
    }
  }

  /** After a `flush` that failed: finds out what was written nevertheless. `count` is the number of rows in the store. */
  async recover(count: (table: LabTable) => Promise<number>): Promise<void> {
    for (const [table, rows] of this.#rows)
      if (rows.length > 0) this.#remove(table, (await count(table)) - (this.#stored.get(table) ?? 0))
  }

  /** Drops rows of a table that are not written yet. */
  discard(table: LabTable): void {
    this.#count -= this.#rows.get(table)?.length ?? 0
    this.#rows.delete(table)
  }

  #remove(table: LabTable, rows: number): void {
    this.#rows.get(table)!.splice(0, rows)
    this.#stored.set(table, (this.#stored.get(table) ?? 0) + rows)
    this.#count -= rows
  }
}
