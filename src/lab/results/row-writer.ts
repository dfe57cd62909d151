/** Gathers rows and writes them in batches of one table each. */
import type { Row } from './rows.ts'
import type { LabTable } from './tables.ts'

export type InsertRows = (table: LabTable, rows: readonly Row[]) => Promise<void>

/** A request of about 1 MB. */
const BATCH_ROWS = 3_000

export class RowWriter {
  readonly #insert: InsertRows
  readonly #rows = new Map<LabTable, Row[]>()
  #count = 0

  constructor(insert: InsertRows) {
    this.#insert = insert
  }

  add(table: LabTable, row: Row): void {
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
        rows.splice(0, batch.length)
        this.#count -= batch.length
      }
    }
  }
}
