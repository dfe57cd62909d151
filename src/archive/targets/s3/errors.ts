import { TickhouseError } from '../../../errors.ts'

/** Errors that do not go away without a change of configuration. */
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

/** Maps an error of the S3 client to a TickhouseError with advice. */
export function s3Error(error: unknown, address: string): TickhouseError {
  if (error instanceof TickhouseError) return error
  const { name, message, code } = error as NodeJS.ErrnoException
  const what = message && message !== name ? `${name}: ${message}` : name
  if (code === 'ENOSPC') {
    return new TickhouseError(
      'disk_full',
      `no space left to spool objects of ${address}`,
      'Free space on the disk of TICKHOUSE_ARCHIVE_SPOOL: archiving resumes by itself.',
      { cause: error, retryable: true },
    )
  }
  if (REFUSED.has(name) || message === 'Region is missing') {
    return new TickhouseError(
      'archive_refused',
      `the archive ${address} refused the request: ${what}`,
      'Check bucket, region, credentials and the policy in docs/archive.md; archiving is retried.',
      { cause: error },
    )
  }
  return new TickhouseError(
    'archive_unavailable',
    `cannot use the archive ${address}: ${what}`,
    'Archiving is retried; nothing leaves the store before it is archived.',
    { cause: error, retryable: true },
  )
}
