/** Counts what was stored, and says what of it needs attention. */
import type { Clock } from '../clock.ts'
import type { Emit, Fields } from '../telemetry/events.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import type { Refusal } from '../tick/refusal.ts'
import { symbolKey } from './checkpoint.ts'
import type { IngestMetrics } from './metrics.ts'
import type { SealedBatch } from './sealed-batch.ts'

/** Ids of one symbol that begin again or conflict are reported this often at most; the tables hold all of them. */
const REPORT_EVERY_MS = 600_000

export class StoredReport {
  readonly #emit: Emit
  /** Once in a while for each symbol. */
  readonly #emitThrottled: Emit
  readonly #figures: IngestMetrics

  constructor({ emit, figures, clock }: { emit: Emit; figures: IngestMetrics; clock: Clock }) {
    this.#emit = emit
    const bySymbol = (event: string, { venue, symbol }: Fields) => `${event} ${venue} ${symbol}`
    this.#emitThrottled = throttleEvents(emit, REPORT_EVERY_MS, clock.elapsedMs, bySymbol)
    this.#figures = figures
  }

  stored({ batch, gapsOpened, gapsChanged }: SealedBatch): void {
    this.#figures.batchTicks = batch.trades.length
    this.#figures.storedTicks.add(batch.trades.length)
    const reasons = new Map<Refusal, number>()
    for (const { reason, ticks } of batch.refused) reasons.set(reason, (reasons.get(reason) ?? 0) + ticks)
    for (const [reason, count] of reasons) {
      this.#figures.refusedTicks.add(count)
      this.#figures.refusedByReason.set(reason, (this.#figures.refusedByReason.get(reason) ?? 0) + count)
      this.#emit('ticks_refused', { count, reason })
    }
    for (const restart of batch.restarts) this.#emitThrottled('trade_ids_restarted', { ...restart })
    const conflicts = batch.refused.filter(({ reason }) => reason === 'conflicting_id')
    for (const alike of Map.groupBy(conflicts, symbolKey).values()) {
      const { venue, symbol } = alike[0]!
      this.#emitThrottled('trade_ids_conflict', { venue, symbol, count: alike.length })
    }
    for (const { venue, symbol, first, last, missing } of gapsOpened)
      this.#emit('gap_found', { venue, symbol, first, last, missing })
    for (const { venue, symbol, first, last, missing } of gapsChanged) {
      if (missing === 0) this.#emit('gap_closed', { venue, symbol, first, last })
    }
  }
}
