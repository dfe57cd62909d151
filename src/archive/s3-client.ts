import { S3Client } from '@aws-sdk/client-s3'
import type { S3Place } from './s3-address.ts'

const CONNECT_MS_MAX = 5_000
/** Without a byte of answer for so long, a request is tried again. */
const SILENT_MS_MAX = 30_000
const ATTEMPTS_MAX = 4

/** A client for a place; its credentials come by AWS's own chain and are renewed by it. */
export function s3Client(place: S3Place): S3Client {
  return new S3Client({
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
  })
}
