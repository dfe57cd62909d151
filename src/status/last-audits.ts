import type { Store } from '../store/store.ts'
import type { PartitionAudit } from './model.ts'

/** The last audit of each partition, by partition number. */
export function lastAudits(store: Store): Promise<PartitionAudit[]> {
  return store.rows<PartitionAudit>(
    `SELECT toUInt16(log_partition) AS partition, toFloat64(toUnixTimestamp64Milli(max(at))) AS atMs, argMax(passed, at) AS passed,
            toFloat64(argMax(ticks, at)) AS ticks, argMax(detail, at) AS detail, toUInt32(argMax(took_ms, at)) AS tookMs
     FROM audits WHERE subject = '' AND at > now64(3) - INTERVAL 30 DAY GROUP BY log_partition ORDER BY log_partition`,
  )
}
