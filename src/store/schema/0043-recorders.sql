-- What each of several recorders of one feed had, by hour: all its trades, those that only it had (the other would have missed them), those
-- it received first of the ones that another had too, and by how much. The median is exact to a tenth.
CREATE OR REPLACE VIEW recorders AS
SELECT venue, symbol, hour, recorder,
  sum(stored) + sum(copies) AS trades,
  sum(stored) - sum(shared) AS only_it_had,
  sum(first) AS first_by_clock,
  if(arraySum(sumForEach(leads) AS all_leads) = 0, 0,
    round(exp2((arrayFirstIndex(below -> 2 * below >= arraySum(all_leads), arrayCumSum(all_leads)) - 0.5) / 4) - 1)) AS lead_median_us,
  max(lead_max_us) AS lead_max_us
FROM (SELECT * FROM line_arbitration FINAL)
GROUP BY venue, symbol, hour, recorder
ORDER BY hour, venue, symbol, recorder
