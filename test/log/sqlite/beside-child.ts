/**
 * A process that writes the log in `argv[2]` beside another one: records with the text `<argv[3]> <number>`, several
 * appends at a time, until its parent sends a message. It sends the number of records that it has appended, then ends.
 */
import { once } from 'node:events'
import { openSqliteLog } from '../../../src/log/sqlite/log.ts'
import { writeTexts } from './write-texts.ts'

const log = await openSqliteLog(process.argv[2]!, 'beside')
const stop = new AbortController()
const writing = writeTexts(log, process.argv[3]!, stop.signal)
process.send!({ opened: true })
await once(process, 'message')
stop.abort()
process.send!({ written: await writing })
await log.close()
process.disconnect()
