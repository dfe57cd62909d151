-- What each of several recorders of one feed had, by hour: all its trades, those that only it had (the other would have missed them), those
-- it received first of the ones that another had too, and by how much. The median is exact to a tenth.
CREATE OR REPLACE VIEW recorders AS
SELECT venue, symbol, hour, recorder,
  sum(counts.stored) + sum(counts.copies) AS trades,
  sum(counts.stored) - sum(counts.shared) AS only_it_had,
  sum(counts.first) AS first_by_clock,
  if(arraySum(sumForEach(counts.leads) AS all_leads) = 0, 0,
    round(exp2((arrayFirstIndex(below -> 2 * below >= arraySum(all_leads), arrayCumSum(all_leads)) - 0.5) / 4) - 1)) AS lead_median_us,
  max(counts.most) AS lead_max_us
FROM
(
  SELECT venue, symbol, hour, recorder,
    argMax(CAST((stored, copies, shared, first, lead_max_us, leads),
      'Tuple(stored UInt64, copies UInt64, shared UInt64, first UInt64, most UInt64, leads Array(UInt32))'), batch_first_offset) AS counts
  FROM line_arbitration
  GROUP BY venue, symbol, hour, recorder, log_partition, epoch, part
)
GROUP BY venue, symbol, hour, recorder
ORDER BY hour, venue, symbol, recorder
