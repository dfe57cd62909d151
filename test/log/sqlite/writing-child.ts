/**
 * A process that writes the log in `argv[2]` until it is killed, several appends at a time, and sends its
 * parent the offsets of each append once it has resolved. The record at an offset is `numbered(offset, sizeOf(offset))`.
 */
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { numbered, sizeOf } from '../../contracts/log.ts'

const KEPT = 200

const log = await openSqliteLog(process.argv[2]!, 'write')
let next = log.bounds(0).next

async function writeOn(): Promise<void> {
  for (;;) {
    const from = next
    const count = 1 + (from % 3)
    next += count
    const records = Array.from({ length: count }, (_, index) => numbered(from + index, sizeOf(from + index)))
    const offset = await log.append(0, records)
    process.send!({ from, offset, below: offset + count })
    const floor = Math.max(0, offset - KEPT)
    if (from % 50 === 0) await log.trim(0, { storedBelow: floor, archivedBelow: floor })
  }
}

for (let writer = 0; writer < 4; writer++) void writeOn()
