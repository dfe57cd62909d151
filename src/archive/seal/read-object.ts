/** Reads from an archived object what a certificate states about a symbol in a range of time. */
import type { Range } from '../../proof/certificate.ts'
import type { ObjectFacts } from '../../proof/claims.ts'
import type { Leaf } from '../../proof/leaf.ts'
import type { ArchiveReader } from '../../proof/verify.ts'
import { withoutZeros } from '../../store/exact-sums.ts'
import { type IdKind, idsAreDense } from '../../tick/id-kind.ts'
import { quoted } from '../columns.ts'
import { type Kind, SEGMENT_TABLE, TICK_KINDS } from '../kinds.ts'
import type { ArchiveTarget } from '../targets/target.ts'
import { logFilesOf } from './log-files.ts'
import { nanos, ofSymbol, type ParquetReader, type RunRow, runsOfIds, summarise, sumsOf, tradesIn } from './summary.ts'

/** Reads an archive for certificates, its Parquet files by an engine. */
export function archiveReader(target: ArchiveTarget, files: ParquetReader): ArchiveReader {
  return {
    readLog: logFilesOf(target).read,
    async readObject(leaf, range) {
      const { key, sha256 } = leaf.object
      const kind = TICK_KINDS.find(({ table }) => table === range.kind)
      const fetched = await target.fetch(key)
      try {
        if (!kind || fetched?.sha256 !== sha256) return null
        const idKinds = new Map([[leaf.venue, leaf.idKind as IdKind]])
        const [summary] = await summarise(files, kind, fetched.file, idKinds, range)
        return { facts: await factsOf(files, kind, fetched.file, leaf, range), symbols: summary?.symbols ?? [] }
      } finally {
        await fetched?.release()
      }
    },
  }
}

async function factsOf(
  files: ParquetReader,
  kind: Kind,
  file: string,
  leaf: Leaf,
  range: Range,
): Promise<ObjectFacts[]> {
  const where = ofSymbol(range)
  const trades = kind.table === SEGMENT_TABLE
  const rows = await files.rows<RunRow>(
    trades ? tradesQuery(file, where, leaf, range) : ticksQuery(kind, file, where, range),
  )
  return rows.map(row => ({
    run: row.run,
    rows: Number(row.rows),
    firstTime: row.first_time,
    lastTime: row.last_time,
    firstId: row.first_id,
    lastId: row.last_id,
    volume: withoutZeros(row.volume_sum),
    notional: withoutZeros(row.notional_sum),
    inexact: Number(row.inexact),
    held: row.starts.map((first, at) => [first, row.ends[at]!] as const),
  }))
}

const insideOf = (time: string, { from, to }: Range): string =>
  `(toUnixTimestamp64Nano(${time}) >= ${from} AND toUnixTimestamp64Nano(${time}) < ${to})`

function ticksQuery({ time }: Kind, file: string, where: string, range: Range): string {
  const inside = insideOf(time, range)
  return `SELECT 0 AS run, toString(countIf(${inside})) AS rows,
      ${nanos(`minIf(${time}, ${inside})`)} AS first_time, ${nanos(`maxIf(${time}, ${inside})`)} AS last_time,
      '0' AS first_id, '0' AS last_id, [] AS starts, [] AS ends, '0' AS volume_sum, '0' AS notional_sum, '0' AS inexact
    FROM file(${quoted(file)}, 'Parquet', ${quoted(`venue String, symbol String, ${time} DateTime64(9, 'UTC')`)}) WHERE ${where}
    SETTINGS max_threads = 1`
}

function tradesQuery(file: string, where: string, leaf: Leaf, range: Range): string {
  const inside = insideOf('timestamp', range)
  const texts = (bitmap: string) => `arrayMap(id -> toString(id), arraySort(bitmapToArray(${bitmap})))`
  return `SELECT id_run AS run, toString(countIf(${inside})) AS rows,
      ${nanos(`minIf(timestamp, ${inside})`)} AS first_time, ${nanos(`maxIf(timestamp, ${inside})`)} AS last_time,
      toString(minIf(trade_id, ${inside})) AS first_id, toString(maxIf(trade_id, ${inside})) AS last_id,
      ${runsOfIds(idsAreDense(leaf.idKind as IdKind) ? '1' : '0').columns},
      ${texts('begins')} AS starts, ${texts('stops')} AS ends, ${sumsOf(inside)}
    FROM ${tradesIn(file, where)} GROUP BY id_run ORDER BY id_run SETTINGS max_threads = 1`
}
