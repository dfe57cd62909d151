import { TickhouseError } from '../errors.ts'
import { openKafkaLog } from './kafka/log.ts'
import type { OpenLog } from './log.ts'
import { PARTITIONS_MAX } from './sqlite/file.ts'
import { openSqliteLog } from './sqlite/log.ts'

/**
 * Opens the log at an address, chosen by its scheme: `sqlite:<directory>`, with `?partitions=<count>` where it is made, or
 * `kafka://<host:port>,…`. Throws `address_invalid`, or what the implementation says.
 */
export async function openLog(address: string, mode: 'write' | 'read'): Promise<OpenLog> {
  if (address.startsWith('kafka:')) return await openKafkaLog(address, mode)
  const [, scheme, place, query] = /^([a-z][a-z0-9+.-]*):([^?]*)(?:\?(.*))?$/.exec(address) ?? []
  // Only the scheme is shown: the rest of an unknown address may hold a password.
  if (scheme !== 'sqlite') throw invalid(`unknown log address${scheme ? ` "${scheme}:"` : ''}`)
  if (!place) throw invalid('a log address without a directory')
  const options = new URLSearchParams(query)
  for (const key of options.keys())
    if (key !== 'partitions') throw invalid(`unknown option "${key}" in the log address`)
  const written = options.get('partitions')
  if (written === null) return await openSqliteLog(place, mode)
  const partitions = Number(written)
  if (!/^\d+$/.test(written) || partitions < 1 || partitions > PARTITIONS_MAX)
    throw invalid(`partitions=${written}: it must be a whole number from 1 to ${PARTITIONS_MAX}`)
  return await openSqliteLog(place, mode, { partitions })
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'address_invalid',
    message,
    'Known: sqlite:<directory>?partitions=<count> and kafka://<host:port>,…?topicPrefix=<text>.',
  )
}
