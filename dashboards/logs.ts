/** The log: number of events by level and stage, the log itself, and the most frequent events. */
import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import type { Level } from '../src/telemetry/events.ts'
import { board, row } from './board.ts'
import { choicesOrAll, eventAnnotations, fixedChoicesOrAll, isChosen, textBox, typed } from './clickhouse.ts'
import { bars, logEntries } from './panels.ts'
import { AT, table } from './tables.ts'

/** Grafana's colours of the levels. */
const LEVELS: Record<Level, string> = { debug: 'blue', info: 'green', warn: 'orange', error: 'red' }

/**
 * The rows of view `logs` that match the variables. Columns are qualified since a statement's aliases may have their
 * names.
 */
const FILTERED = `$__timeFilter_ms(logs.timestamp)
  AND ${isChosen('logs.level', 'level')}
  AND ${isChosen('logs.station', 'station')}
  AND ${isChosen('logs.process', 'process')}
  AND positionCaseInsensitiveUTF8(logs.message, ${typed('text')}) > 0`

/**
 * Stage and process before the message, so that they are visible in a collapsed row. The details of an opened row are
 * separate columns: Grafana reads a column `labels` only in a frame type that the data source does not return.
 */
const ENTRIES = `SELECT timestamp, '[' || station || ' ' || process || '] ' || message AS body, toString(level) AS level,
  toString(event) AS event, toString(station) AS station, toString(process) AS process,
  arrayStringConcat(arrayMap((name, value) -> name || '=' || value, mapKeys(fields), mapValues(fields)), ' ') AS fields
FROM logs
WHERE ${FILTERED}
ORDER BY timestamp DESC
LIMIT 1000`

const EVENTS = `SELECT toString(event) AS event, toString(any(station)) AS station, toString(max(level)) AS level, count() AS events,
  max(timestamp) AS last, argMax(message, timestamp) AS "last message"
FROM logs
WHERE ${FILTERED}
GROUP BY event
ORDER BY events DESC
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
    description: 'Events by level and stage, and the log itself.',
    range: 'now-1h',
    refresh: '10s',
    variables: [
      fixedChoicesOrAll('level', 'Level', Object.keys(LEVELS)),
      choicesOrAll({
        name: 'station',
        label: 'Stage',
        sql: 'SELECT DISTINCT station FROM events WHERE $__timeFilter_ms(at) ORDER BY station',
      }),
      choicesOrAll({
        name: 'process',
        label: 'Process',
        sql: 'SELECT DISTINCT process FROM events WHERE $__timeFilter_ms(at) ORDER BY process',
      }),
      textBox('text', 'Text'),
    ],
    annotations: [eventAnnotations('Errors', ['error'], 'red'), eventAnnotations('Warnings', ['warn'], 'orange')],
    rows: [
      row('Volume', [
        colourByLevel(
          bars(
            { title: 'Events by level', description: 'Events in each step, filtered.', width: 12 },
            'short',
            `SELECT $__timeInterval(timestamp) AS time, toString(level) AS series, count() AS events
FROM logs
WHERE ${FILTERED}
GROUP BY time, series
ORDER BY time, series`,
          ),
        ),
        bars(
          { title: 'Events by stage', description: 'Events in each step, filtered.', width: 12 },
          'short',
          `SELECT $__timeInterval(timestamp) AS time, toString(station) AS series, count() AS events
FROM logs
WHERE ${FILTERED}
GROUP BY time, series
ORDER BY time, series`,
        ),
      ]),
      row('Log', [
        logEntries(
          {
            title: 'Log',
            description: 'The newest 1,000 events, filtered. Click one to see its fields.',
            width: 24,
          },
          ENTRIES,
        ),
      ]),
      row('Most frequent events', [
        table(
          {
            title: 'Most frequent events',
            description: 'The most frequent events of the time range, filtered, with the last message of each.',
            width: 24,
          },
          EVENTS,
          {
            event: { width: 210 },
            station: { width: 90 },
            level: {
              texts: Object.fromEntries(
                Object.entries(LEVELS).map(([level, color]) => [level, { text: level, color }]),
              ),
              width: 80,
            },
            events: { unit: 'none', decimals: 0, width: 80 },
            last: AT,
          },
        ),
      ]),
    ],
  })
}
