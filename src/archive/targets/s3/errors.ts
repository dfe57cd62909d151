import { TickhouseError } from '../../../errors.ts'

/** Answers that only a person can change. */
const REFUSED = new Set([
  'AccessDenied',
  'AuthorizationHeaderMalformed',
  'CredentialsProviderError',
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidBucketName',
  'InvalidObjectState',
  'InvalidStorageClass',
  'NoSuchBucket',
  'PermanentRedirect',
  'SignatureDoesNotMatch',
])

/** What went wrong with a bucket, and what a person can do about it. */
export function s3Error(error: unknown, address: string): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { name, message, code } = error as NodeJS.ErrnoException
  const what = message && message !== name ? `${name}: ${message}` : name
  if (code === 'ENOSPC') {
    return new TickhouseError(
      'disk_full',
      `no space left to spool objects of ${address}`,
      'Make room on the disk of TICKHOUSE_ARCHIVE_SPOOL: archiving goes on by itself.',
      { cause: error, retryable: true },
    )
  }
  if (REFUSED.has(name) || message === 'Region is missing') {
    return new TickhouseError(
      'archive_refused',
      `the archive ${address} refuses: ${what}`,
      'Check bucket, region, credentials and the policy in docs/archive.md; it is tried again.',
      { cause: error },
    )
  }
  return new TickhouseError(
    'archive_unavailable',
    `the archive ${address} cannot be used: ${what}`,
    'Archiving tries again by itself; nothing leaves the store before it is archived.',
    { cause: error, retryable: true },
  )
}
