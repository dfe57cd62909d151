import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'

const CONNECT_MS_MAX = 5_000
/** Without a byte of answer for so long, a request is tried again. */
const SILENT_MS_MAX = 30_000
const ATTEMPTS_MAX = 4

/**
 * A client for a place; its credentials come by AWS's own chain and are renewed by it. Those that a file holds and that do not expire
 * are read once: another client reads the file again.
 */
export function s3Client(place: S3Address): S3Client {
  const config: S3ClientConfig & { ignoreCache: boolean } = {
    // The chain keeps the text of files for the whole process otherwise. It takes its options from here.
    ignoreCache: true,
    ...(place.region !== undefined && { region: place.region }),
    ...(place.endpoint !== undefined && { endpoint: place.endpoint }),
    forcePathStyle: place.pathStyle,
    maxAttempts: ATTEMPTS_MAX,
    requestChecksumCalculation: place.checksum ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: place.checksum ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_MS_MAX,
      socketTimeout: SILENT_MS_MAX,
      requestTimeout: SILENT_MS_MAX,
      throwOnRequestTimeout: true,
    },
  }
  return new S3Client(config)
}
