import { TickhouseError } from '../errors.ts'
import type { OpenLog, OpenMode } from './log.ts'
import { PARTITIONS_MAX } from './sqlite/file.ts'
import { openSqliteLog } from './sqlite/log.ts'

/**
 * Opens the log at an address: `sqlite:<directory>`, with `?partitions=<count>` for a new one, or
 * `kafka://<host:port>,…`. Throws `address_invalid`, or the errors of the implementation.
 */
export async function openLog(address: string, mode: OpenMode): Promise<OpenLog> {
  if (address.startsWith('kafka:')) {
    // The client is half of all modules of a process.
    const { openKafkaLog } = await import('./kafka/log.ts')
    return await openKafkaLog(address, mode === 'read' ? 'read' : 'write')
  }
  const [, scheme, directory, query] = /^([a-z][a-z0-9+.-]*):([^?]*)(?:\?(.*))?$/.exec(address) ?? []
  // Only the scheme is shown: the rest of an unknown address may contain a password.
  if (scheme !== 'sqlite') throw invalid(`unknown log address${scheme ? ` "${scheme}:"` : ''}`)
  if (!directory) throw invalid('a log address without a directory')
  const options = new URLSearchParams(query)
  for (const key of options.keys())
    if (key !== 'partitions') throw invalid(`unknown option "${key}" in the log address`)
  const partitionsText = options.get('partitions')
  if (partitionsText === null) return await openSqliteLog(directory, mode)
  const partitions = Number(partitionsText)
  if (!/^\d+$/.test(partitionsText) || partitions < 1 || partitions > PARTITIONS_MAX)
    throw invalid(`partitions=${partitionsText}: it must be a whole number from 1 to ${PARTITIONS_MAX}`)
  return await openSqliteLog(directory, mode, { partitions })
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'address_invalid',
    message,
    'Known: sqlite:<directory>?partitions=<count> and kafka://<host:port>,…?topicPrefix=<text>.',
  )
}
