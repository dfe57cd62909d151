import { parseArchiveAddress } from './address.ts'
import { DirectoryTarget } from './directory.ts'
import { S3Target } from './s3/target.ts'
import type { ArchiveTarget } from './target.ts'

/** Opens the archive at an address; `spool` is where files wait that are on their way to a bucket. Throws `address_invalid`. */
export async function openTarget(address: string, spool: string): Promise<ArchiveTarget> {
  const place = parseArchiveAddress(address)
  return 'directory' in place ? await DirectoryTarget.open(place.directory) : await S3Target.open(place, spool)
}
