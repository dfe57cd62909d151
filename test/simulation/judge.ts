/**
 * Says what is wrong in the tables of a world that has healed: every tick of the log once and where it belongs, each under the
 * day of its own time, gaps that are those of the stored ids. Knows the script, not ingest.
 */
import type { Row } from './blocks.ts'
import type { Held, SimulatedBroker } from './log.ts'
import type { ScriptRecord } from './script.ts'
import { finalGaps, type Tables } from './tables.ts'

/** So far may a record be held at the time of one before it. */
const HELD_MS_MAX = 10_000

export interface Verdict {
  ticks: number
  lost: number
  doubled: number
  /** What else is wrong, in words. */
  wrong: string[]
}

export function judge(broker: SimulatedBroker, tables: Tables, stopped: (partition: number) => boolean): Verdict {
  const verdict: Verdict = { ticks: 0, lost: 0, doubled: 0, wrong: [] }
  for (const [partition, { first, records, before }] of broker.partitions.entries()) {
    const own = (table: string) => tables.of(table).filter(row => row.log_partition === partition)
    const lost = own('lost_ranges')
    const rows = [...own('trades'), ...own('quarantine')]
    let followed: readonly Held[] = records
    if (stopped(partition)) {
      // Rightly only if what the log lost is stored: then all of that is there up to the last of it, and nothing of what came instead.
      const end = rows.reduce((most, row) => Math.max(most, row.log_offset + 1), 0)
      if (!before || end <= before.from)
        verdict.wrong.push(`partition ${partition} stopped, and nothing stored was lost`)
      followed = (before?.records ?? records).slice(0, end)
    }
    judgeTicks(followed, lost, own('trades'), own('quarantine'), verdict)
    judgeLost(first, lost, verdict)
    judgeDays(rows, followed, verdict)
  }
  judgeGaps(tables, stopped, verdict)
  return verdict
}

/** A tick where it belongs, as text: `place is id` in trades, `place is reason` in quarantine. */
function judgeTicks(
  records: readonly ScriptRecord[],
  lost: readonly Row[],
  trades: readonly Row[],
  quarantine: readonly Row[],
  verdict: Verdict,
): void {
  const expected = new Map<string, string>()
  const seen = new Set<string>()
  for (const [offset, { ticks, refused }] of records.entries()) {
    if (lost.some(row => offset >= row.first_offset && offset <= row.last_offset)) continue
    if (refused) {
      expected.set(`${offset} 0`, `${refused} of ${ticks.length}`)
      continue
    }
    for (const [index, tick] of ticks.entries()) {
      const key = `${tick.symbol} ${tick.id}`
      const reason = tick.refused ?? (seen.has(key) ? 'duplicate_id' : undefined)
      expected.set(`${offset} ${index}`, reason ? `${reason} of 1` : key)
      if (!reason) seen.add(key)
    }
  }
  verdict.ticks += expected.size
  const stored = new Set<string>()
  const found: [Row, string][] = [
    ...trades.map((row): [Row, string] => [row, `${row.symbol} ${row.trade_id}`]),
    ...quarantine.map((row): [Row, string] => [row, `${row.reason} of ${row.ticks}`]),
  ]
  for (const [row, is] of found) {
    const place = `${row.log_offset} ${row.log_index}`
    if (stored.has(place)) verdict.doubled++
    else if (expected.get(place) !== is)
      verdict.wrong.push(`${place} is ${is} where ${expected.get(place) ?? 'nothing'} belongs`)
    stored.add(place)
  }
  for (const place of expected.keys()) if (!stored.has(place)) verdict.lost++
}

/** Only what the log dropped may be called lost. */
function judgeLost(first: number, lost: readonly Row[], verdict: Verdict): void {
  for (const { first_offset, last_offset } of lost)
    if (first_offset > last_offset || last_offset >= first)
      verdict.wrong.push(`called lost: ${first_offset} to ${last_offset}, the log begins at ${first}`)
}

/** A record has its own time and is under that day: what a clock said before or after does not matter, but for a little that is held. */
function judgeDays(rows: readonly Row[], records: readonly { timestampMs: number }[], verdict: Verdict): void {
  for (const { log_offset, log_day, logged_at } of rows) {
    const ownMs = records[log_offset]?.timestampMs ?? Infinity
    const heldMs = logged_at * 1000 - Math.floor(ownMs / 1000) * 1000
    if (heldMs < 0 || heldMs > HELD_MS_MAX || log_day !== Math.floor(logged_at / 86_400))
      verdict.wrong.push(
        `offset ${log_offset} is under day ${log_day}, logged at ${logged_at}, where ${ownMs} ms belongs`,
      )
  }
}

/** A partition that was stopped has not been asked for its gaps since. */
function judgeGaps(tables: Tables, stopped: (partition: number) => boolean, verdict: Verdict): void {
  const gaps = finalGaps(tables.of('gaps'))
  const running = tables.of('trades').filter(row => !stopped(row.log_partition))
  for (const [symbol, trades] of Map.groupBy(running, row => row.symbol)) {
    const ids = new Set(trades.map(row => row.trade_id))
    const [first, last] = [Math.min(...ids), Math.max(...ids)]
    const open = gaps.filter(row => row.symbol === symbol && row.state === 'open')
    for (let id = first; id < last; id++) {
      if (!ids.has(id) && !open.some(row => id >= row.first_id && id <= row.last_id))
        verdict.wrong.push(`${symbol} ${id} is missing and in no open gap`)
    }
    for (const row of gaps) {
      if (row.symbol !== symbol) continue
      let missing = 0
      for (let id = row.first_id; id <= row.last_id; id++) if (!ids.has(id)) missing++
      if (row.missing !== missing || (row.state === 'open') !== missing > 0)
        verdict.wrong.push(
          `gap ${symbol} ${row.first_id} to ${row.last_id} is ${row.state} with ${row.missing} missing, not ${missing}`,
        )
    }
  }
}
