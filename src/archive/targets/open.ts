import { parseArchiveAddress } from './address.ts'
import { DirectoryTarget } from './directory.ts'
import { S3Target } from './s3/target.ts'
import type { ArchiveTarget } from './target.ts'

/**
 * Opens the archive at an address; `spool` is the directory for files in transit to a bucket. Throws `address_invalid`.
 */
export async function openTarget(address: string, spool: string): Promise<ArchiveTarget> {
  const location = parseArchiveAddress(address)
  return 'directory' in location ? await DirectoryTarget.open(location.directory) : await S3Target.open(location, spool)
}
