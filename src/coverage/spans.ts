/** Hours as spans that are read in one statement. Times are seconds since 1970 UTC. */
import { HOUR, type Span } from './facts.ts'

const STEP_HOURS = 24

/** Consecutive hours joined, at most `STEP_HOURS` in one. */
export function spansOf(hours: Iterable<number>): Span[] {
  const spans: Span[] = []
  for (const hour of [...new Set(hours)].sort((a, b) => a - b)) {
    const last = spans.at(-1)
    if (last && last.to === hour && hour - last.from < STEP_HOURS * HOUR) last.to = hour + HOUR
    else spans.push({ from: hour, to: hour + HOUR })
  }
  return spans
}
