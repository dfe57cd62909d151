/** A process that reads `argv[3]` records of the log in `argv[2]` from the start, and sends its parent a message per chunk. */
import { crc32 } from 'node:zlib'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'

const log = await openSqliteLog(process.argv[2]!, 'read')
const below = Number(process.argv[3])
const aborted = new AbortController()
process.send!({ seen: 0, check: 0 })
let check = 0
for await (const chunk of log.read(0, 0, aborted.signal)) {
  for (const { payload } of chunk) check = crc32(payload, check)
  const seen = chunk.at(-1)!.offset + 1
  process.send!({ seen, check })
  if (seen >= below) aborted.abort()
}
await log.close()
process.disconnect()
