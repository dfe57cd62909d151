/** A busy day: trades through log and ingest, and the diagnostics of that day. */

import { literal } from '../../src/store/sql.ts'
import type { Store } from '../../src/store/store.ts'
import { EVENTS } from '../../src/telemetry/events.ts'
import { METRICS, type MetricDefinition } from '../../src/telemetry/metrics.ts'
import { tradesRecord } from '../../src/tick/records.ts'
import { type Parts, storeAll } from './storing.ts'
import { tradesOver } from './trades.ts'

export const DAY_TRADES = 10_000_000
const DAY_SECONDS = 86_400
const RECORD_TRADES = 1_000
const RECORDS_PER_APPEND = 250
const SAMPLE_EVERY_SECONDS = 5
const UPTIME_EVERY_SECONDS = 10
const EVENTS_A_DAY = 20_000

/** Fills log and store with the last 24 hours. */
export async function fillDay(parts: Parts): Promise<void> {
  const startMicros = (Date.now() - DAY_SECONDS * 1000) * 1000
  const span = { ratePerSecond: DAY_TRADES / DAY_SECONDS, startMicros, oneTimePerOrder: true }
  let records = []
  for (const trades of tradesOver(span, DAY_TRADES, RECORD_TRADES)) {
    records.push(tradesRecord(trades))
    if (records.length < RECORDS_PER_APPEND) continue
    await parts.log.append(0, records)
    records = []
  }
  if (records.length > 0) await parts.log.append(0, records)
  await storeAll(parts, DAY_TRADES)
  await fillDiagnostics(parts.store)
}

/** Inserts every metric with the labels of an instance with three venues, events, and the uptime of its stages. */
async function fillDiagnostics(store: Store): Promise<void> {
  const ago = (seconds: string) => `now64(3) - toIntervalMillisecond(1000 * ${seconds})`
  const metrics = Object.entries(METRICS).flatMap(([name, definition]) =>
    labelsOf(definition).map(labels => `(${literal(name)}, ${mapOf(labels)})`),
  )
  const stages = Object.values(EVENTS).map(({ station }) => station)
  const statements = [
    `INSERT INTO metrics SELECT ${ago(`(${DAY_SECONDS} - number * ${SAMPLE_EVERY_SECONDS})`)} AS at, 'ingest', 'bench', metric.1, metric.2,
       number + rand() % 10
     FROM numbers(${DAY_SECONDS / SAMPLE_EVERY_SECONDS}) ARRAY JOIN [${metrics.join(', ')}] AS metric`,
    `INSERT INTO events SELECT ${ago(`(${DAY_SECONDS} - number * ${DAY_SECONDS / EVENTS_A_DAY})`)} AS at, 'ingest', 'bench', number,
       1 + (number % 50 = 0), ${oneOf(stages)},
       ${oneOf(Object.keys(EVENTS))}, 'a message of the usual length: ' || toString(number), map('partition', '0')
     FROM numbers(${EVENTS_A_DAY})`,
    `INSERT INTO uptime SELECT ${ago(`(${DAY_SECONDS} - number * ${UPTIME_EVERY_SECONDS})`)} AS at, 'bench', ${UPTIME_EVERY_SECONDS * 1000},
       true, true, 'ok', 'ok', 'ok', 'ok', 'ok'
     FROM numbers(${DAY_SECONDS / UPTIME_EVERY_SECONDS})`,
  ]
  for (const query of statements) await store.command(`${query} SETTINGS max_partitions_per_insert_block = 0`)
}

const oneOf = (words: readonly string[]) => `[${words.map(literal).join(', ')}][1 + number % ${words.length}]`

const SOME: Readonly<Record<string, readonly string[]>> = {
  quantile: ['p50', 'p99', 'max'],
  venue: ['binance', 'coinbase', 'kraken'],
  partition: ['0', '1', '2', '3'],
  reason: ['duplicate', 'malformed'],
  event: Object.keys(EVENTS).slice(0, 10),
  process: ['record', 'ingest'],
}

function labelsOf({ labels }: MetricDefinition): Record<string, string>[] {
  return labels.reduce<Record<string, string>[]>(
    (all, label) => all.flatMap(labels => (SOME[label] ?? ['one']).map(value => ({ ...labels, [label]: value }))),
    [{}],
  )
}

const mapOf = (labels: Readonly<Record<string, string>>) =>
  `CAST(map(${Object.entries(labels)
    .flatMap(([name, value]) => [literal(name), literal(value)])
    .join(', ')}), 'Map(LowCardinality(String), String)')`
