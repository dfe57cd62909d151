import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'

const CONNECT_MS_MAX = 5_000
/** A request without a byte of response for this long is retried. */
const IDLE_MS_MAX = 30_000
const ATTEMPTS_MAX = 4

/**
 * A client for a bucket. Credentials come from AWS's provider chain, which renews them. Credentials without expiry in a
 * file are read once per client.
 */
export function s3Client(location: S3Address): S3Client {
  const config: S3ClientConfig & { ignoreCache: boolean } = {
    // Passed on to the provider chain, which otherwise caches the files' text for the whole process.
    ignoreCache: true,
    ...(location.region !== undefined && { region: location.region }),
    ...(location.endpoint !== undefined && { endpoint: location.endpoint }),
    forcePathStyle: location.pathStyle,
    maxAttempts: ATTEMPTS_MAX,
    requestChecksumCalculation: location.checksum ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: location.checksum ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS_MAX,
      socketTimeout: IDLE_MS_MAX,
      requestTimeout: IDLE_MS_MAX,
      throwOnRequestTimeout: true,
    },
  }
  return new S3Client(config)
}
