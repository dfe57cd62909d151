/** Appending to the log and reading it, against a bare file: the same bytes written and synced in the same groups. */
import fs from 'node:fs'
import path from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { openSqliteLog } from '../../src/log/sqlite/log.ts'
import { type LogRecord, tradesRecord } from '../../src/tick/records.ts'
import { type Bench, type Contestant, measured, type Sample } from '../contract.ts'
import { withDirectory } from '../samples/directory.ts'
import { makeTrades } from '../samples/trades.ts'

const TRADES = 1_000_000
/** Records of one append: as many as arrive at full rate during the previous append. */
const RECORDS_PER_APPEND = 16
/** Concurrent appends: one per busy partition. */
const APPENDS_IN_FLIGHT = 2

function groupsOf(recordTrades: number): LogRecord[][] {
  const records = makeTrades(TRADES, recordTrades).map(tradesRecord)
  const count = Math.ceil(records.length / RECORDS_PER_APPEND)
  return Array.from({ length: count }, (_, index) =>
    records.slice(index * RECORDS_PER_APPEND, (index + 1) * RECORDS_PER_APPEND),
  )
}

function appending(recordTrades: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const groups = groupsOf(recordTrades)
      const log = await openSqliteLog(directory, 'write')
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      const sample = await measured(async () => {
        const inFlight = new Set<Promise<unknown>>()
        for (const group of groups) {
          const append = log.append(0, group).finally(() => inFlight.delete(append))
          inFlight.add(append)
          if (inFlight.size >= APPENDS_IN_FLIGHT) await Promise.race(inFlight)
        }
        await Promise.all(inFlight)
        return TRADES
      })
      delay.disable()
      await log.close()
      const metrics = { 'event loop delay p99, ms': delay.percentile(99) / 1e6, 'and at most, ms': delay.max / 1e6 }
      return { ...sample, metrics }
    })
}

function writingFile(recordTrades: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const groups = groupsOf(recordTrades)
      const file = fs.openSync(path.join(directory, 'bare'), 'w')
      const sample = await measured(() => {
        for (const group of groups) {
          for (const { payload } of group) fs.writeSync(file, payload)
          fs.fsyncSync(file)
        }
        return TRADES
      })
      fs.closeSync(file)
      return sample
    })
}

function reading(recordTrades: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const log = await openSqliteLog(directory, 'write')
      for (const group of groupsOf(recordTrades)) await log.append(0, group)
      const sample = await measured(async () => {
        let trades = 0
        for await (const chunk of log.read(0, 0, new AbortController().signal)) {
          for (const entry of chunk) trades += entry.ticks
          if (trades === TRADES) break
        }
        return trades
      })
      await log.close()
      return sample
    })
}

function readingFile(recordTrades: number): () => Promise<Sample> {
  return () =>
    withDirectory(async directory => {
      const bare = path.join(directory, 'bare')
      fs.writeFileSync(
        bare,
        Buffer.concat(groupsOf(recordTrades).flatMap(group => group.map(({ payload }) => payload))),
      )
      return measured(() => {
        fs.readFileSync(bare)
        return TRADES
      })
    })
}

const contestants = [1_000, 100].flatMap((recordTrades): Contestant[] => {
  const of = recordTrades.toLocaleString('en-US')
  return [
    { name: `append ${of} a record`, against: `file, write and fsync, ${of}`, run: appending(recordTrades) },
    { name: `file, write and fsync, ${of}`, run: writingFile(recordTrades) },
    { name: `read ${of} a record`, against: `file, read, ${of}`, run: reading(recordTrades) },
    { name: `file, read, ${of}`, run: readingFile(recordTrades) },
  ]
})

export const log: Bench = {
  name: 'log',
  summary:
    'appending to the log and reading it; baseline: the same bytes in a bare file, written and synced in the same groups',
  unit: 'trades',
  rounds: 5,
  contestants,
  notes: [
    `${RECORDS_PER_APPEND} records an append, ${APPENDS_IN_FLIGHT} concurrent appends; files were just written, so reads come from memory`,
  ],
}
