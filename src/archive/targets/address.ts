import { TickhouseError } from '../../errors.ts'
import { shownKey } from '../keys.ts'
import { parseS3Address, type S3Address } from './s3/address.ts'

/**
 * Reads `file:<directory>` or `s3://<bucket>/<prefix>?<options>`. Throws `address_invalid`, and nothing else, whatever
 * the text.
 */
export function parseArchiveAddress(address: string): S3Address | { directory: string } {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.*)$/su.exec(address) ?? []
  if (scheme === 'file' && rest && !rest.includes('?')) return { directory: archiveDirectory(rest) }
  if (scheme === 's3') return parseS3Address(address)
  // Only the scheme is shown: the rest of an unknown address may contain a password.
  throw new TickhouseError(
    'address_invalid',
    `not an archive address${scheme ? `: "${shownKey(scheme)}:"` : ''}`,
    'Known: file:<directory>, s3://<bucket>/<prefix>?region=…, or off.',
  )
}

function archiveDirectory(directory: string): string {
  // The engine would read these characters as a glob.
  if (!/[*?{}\p{Cc}]/u.test(directory)) return directory
  throw new TickhouseError(
    'address_invalid',
    `the archive directory ${shownKey(directory)} contains one of * ? { } or a control character`,
    'Set TICKHOUSE_ARCHIVE=file:<directory> with another name.',
  )
}
