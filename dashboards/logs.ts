/** What the house told: how much at which level, the lines themselves, and what is told most. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Level } from '../src/telemetry/events.ts'
import { board, row } from './board.ts'
import { choicesOrAll, eventMarks, fixedChoicesOrAll, isChosen, textBox, typed } from './clickhouse.ts'
import { bars, logLines } from './panels.ts'
import { AT, table } from './tables.ts'

/** Grafana's colours of the levels. */
const LEVELS: Record<Level, string> = { debug: 'blue', info: 'green', warn: 'orange', error: 'red' }

/** The lines of view `logs` that the variables let through. With the view's name: what a statement gives may be called as its column is. */
const FILTERED = `$__timeFilter_ms(logs.timestamp)
  AND ${isChosen('logs.level', 'level')}
  AND ${isChosen('logs.station', 'station')}
  AND ${isChosen('logs.process', 'process')}
  AND positionCaseInsensitiveUTF8(logs.message, ${typed('text')}) > 0`

/**
 * Station and process before the words, so that they are seen in a line that is not opened. What an opened line shows are columns
 * of their own: Grafana reads a column `labels` only of frames of a type that the data source does not give.
 */
const LINES = `SELECT timestamp, '[' || station || ' ' || process || '] ' || message AS body, toString(level) AS level,
  toString(event) AS event, toString(station) AS station, toString(process) AS process,
  arrayStringConcat(arrayMap((name, value) -> name || '=' || value, mapKeys(fields), mapValues(fields)), ' ') AS fields
FROM logs
WHERE ${FILTERED}
ORDER BY timestamp DESC
LIMIT 1000`

const EVENTS = `SELECT toString(event) AS event, toString(any(station)) AS station, toString(max(level)) AS level, count() AS lines,
  max(timestamp) AS last, argMax(message, timestamp) AS "last line"
FROM logs
WHERE ${FILTERED}
GROUP BY event
ORDER BY lines DESC
LIMIT 50`

const colourByLevel = (panel: ReturnType<typeof bars>) => {
  for (const [level, color] of Object.entries(LEVELS))
    panel.overrideByRegexp(`/(^| )${level}$/`, [{ id: 'color', value: { mode: 'fixed', fixedColor: color } }])
  return panel
}

export function logs(): Dashboard {
  return board({
    uid: 'tickhouse-logs',
    title: 'Tickhouse: logs',
    description: 'What the house told, by level and station, and the lines themselves.',
    range: 'now-1h',
    refresh: '10s',
    variables: [
      fixedChoicesOrAll('level', 'Level', Object.keys(LEVELS)),
      choicesOrAll({
        name: 'station',
        label: 'Station',
        sql: 'SELECT DISTINCT station FROM events WHERE $__timeFilter_ms(at) ORDER BY station',
      }),
      choicesOrAll({
        name: 'process',
        label: 'Process',
        sql: 'SELECT DISTINCT process FROM events WHERE $__timeFilter_ms(at) ORDER BY process',
      }),
      textBox('text', 'Text'),
    ],
    marks: [eventMarks('Errors', ['error'], 'red'), eventMarks('Warnings', ['warn'], 'orange')],
    rows: [
      row('How much', [
        colourByLevel(
          bars(
            { title: 'Lines by level', description: 'Lines told in each step, as filtered.', width: 12 },
            'short',
            `SELECT $__timeInterval(timestamp) AS time, toString(level) AS series, count() AS lines
FROM logs
WHERE ${FILTERED}
GROUP BY time, series
ORDER BY time, series`,
          ),
        ),
        bars(
          { title: 'Lines by station', description: 'Lines told in each step, as filtered.', width: 12 },
          'short',
          `SELECT $__timeInterval(timestamp) AS time, toString(station) AS series, count() AS lines
FROM logs
WHERE ${FILTERED}
GROUP BY time, series
ORDER BY time, series`,
        ),
      ]),
      row('Lines', [
        logLines(
          {
            title: 'Lines',
            description: 'The newest thousand, as filtered. A click on a line shows the fields of its event.',
            width: 24,
          },
          LINES,
        ),
      ]),
      row('What is told most', [
        table(
          {
            title: 'Events told most',
            description: 'What is told most in the time range, as filtered, with the last line of each.',
            width: 24,
          },
          EVENTS,
          {
            event: { width: 210 },
            station: { width: 90 },
            level: {
              words: Object.fromEntries(
                Object.entries(LEVELS).map(([level, color]) => [level, { text: level, color }]),
              ),
              width: 80,
            },
            lines: { unit: 'none', decimals: 0, width: 80 },
            last: AT,
          },
        ),
      ]),
    ],
  })
}
