/** Which lines of the stream are shown. */

import type { LogEntry } from '../../../src/serve/page/protocol.ts'
import type { Level, Stage } from '../../../src/telemetry/events.ts'

export const LEVELS: Level[] = ['debug', 'info', 'warn', 'error']
export const LOG_STAGES: Stage[] = ['house', 'sources', 'log', 'ingest', 'store', 'archive', 'serve']

export interface LogFilter {
  /** This level and worse. */
  level: Level
  stage: Stage | 'all'
  /** Words that must all occur in the text or the event's name, in any case. */
  query: string
}

export function filterLines(lines: LogEntry[], filter: LogFilter): LogEntry[] {
  const least = LEVELS.indexOf(filter.level)
  const words = filter.query.toLowerCase().split(/\s+/).filter(Boolean)
  return lines.filter(line => {
    if (LEVELS.indexOf(line.level) < least) return false
    if (filter.stage !== 'all' && line.station !== filter.stage) return false
    if (words.length === 0) return true
    const text = `${line.event} ${line.text}`.toLowerCase()
    return words.every(word => text.includes(word))
  })
}
