/** Counts stored batches and emits events for refused ticks, id restarts, id conflicts and gaps. */
import type { Clock } from '../clock.ts'
import type { Emit, Fields } from '../telemetry/events.ts'
import { throttleEvents } from '../telemetry/throttle.ts'
import type { Refusal } from '../tick/refusal.ts'
import { symbolKey } from './checkpoint.ts'
import type { IngestMetrics } from './metrics.ts'
import type { SealedBatch } from './sealed-batch.ts'

/** Id restarts and conflicts of one symbol are reported once per this time; the tables have all of them. */
const REPORT_EVERY_MS = 600_000

export class StoredReport {
  readonly #emit: Emit
  /** Throttled by symbol. */
  readonly #emitThrottled: Emit
  readonly #metrics: IngestMetrics

  constructor({ emit, metrics, clock }: { emit: Emit; metrics: IngestMetrics; clock: Clock }) {
    this.#emit = emit
    const bySymbol = (event: string, { venue, symbol }: Fields) => `${event} ${venue} ${symbol}`
    this.#emitThrottled = throttleEvents(emit, REPORT_EVERY_MS, clock.elapsedMs, bySymbol)
    this.#metrics = metrics
  }

  stored({ batch, gapsOpened, gapsChanged }: SealedBatch): void {
    this.#metrics.batchTicks = batch.goodTicks
    this.#metrics.storedTicks.add(batch.goodTicks)
    const reasons = new Map<Refusal, number>()
    for (const { reason, ticks } of batch.refused) reasons.set(reason, (reasons.get(reason) ?? 0) + ticks)
    for (const [reason, count] of reasons) {
      this.#metrics.refusedTicks.add(count)
      this.#metrics.refusedByReason.set(reason, (this.#metrics.refusedByReason.get(reason) ?? 0) + count)
      // Expected where two connections or recorders overlap: the metric counts them.
      if (reason !== 'quote_repeated' && reason !== 'trade_repeated') this.#emit('ticks_refused', { count, reason })
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
