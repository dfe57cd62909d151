import { z } from 'zod'
import { TickhouseError } from '../../../errors.ts'
import { isInside, shownKey } from '../../keys.ts'

/** A bucket, a prefix and how to access them. */
export interface S3Address {
  bucket: string
  /** Prepended to every key: empty, or ending with `/`. */
  prefix: string
  region?: string | undefined
  endpoint?: string | undefined
  pathStyle: boolean
  /** Sent with every part and checked by the server. */
  checksum?: 'CRC32' | 'SHA256' | undefined
  sse?: 'AES256' | 'aws:kms' | undefined
  kmsKeyId?: string | undefined
  storageClass?: (typeof STORAGE_CLASSES)[number] | undefined
}

/** Classes with immediate reads: archived objects are read back. */
const STORAGE_CLASSES = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'EXPRESS_ONEZONE',
] as const

const OPTIONS = z
  .strictObject({
    region: z
      .string()
      .regex(/^[\w-]+$/)
      .optional(),
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    pathStyle: z.enum(['true', 'false']).optional(),
    checksum: z.enum(['CRC32', 'SHA256', 'none']).optional(),
    sse: z.enum(['AES256', 'aws:kms']).optional(),
    kmsKeyId: z
      .string()
      .regex(/^[!-~]+$/)
      .optional(),
    storageClass: z.enum(STORAGE_CLASSES).optional(),
  })
  .refine(options => options.kmsKeyId === undefined || options.sse === 'aws:kms', 'kmsKeyId needs sse=aws:kms')

/** Reads `s3://<bucket>/<prefix>?<options>`. Throws `address_invalid`. An address has no credentials. */
export function parseS3Address(address: string): S3Address {
  const [, bucket, path = '', query] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[^?]*)?(?:\?(.*))?$/s.exec(address) ?? []
  if (!bucket) throw invalid('an S3 address needs a bucket: s3://<bucket>/<prefix>')
  const parsed = OPTIONS.safeParse(Object.fromEntries(new URLSearchParams(query)))
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!
    throw invalid(`invalid S3 address: ${shownKey([...at, message].join(': '))}`)
  }
  const { checksum, pathStyle, ...options } = parsed.data
  const prefix = decoded(path).replace(/^\/+|\/+$/g, '')
  if (prefix !== '' && !isInside(prefix))
    throw invalid('the prefix of the S3 address has a part that is empty, . or ..')
  // AWS always checks CRC32; some S3-compatible servers do not know the header.
  const usual = options.endpoint === undefined ? 'CRC32' : undefined
  return {
    ...options,
    bucket,
    // Self-hosted servers rarely have a host name per bucket; AWS accepts both at every endpoint.
    pathStyle: pathStyle === undefined ? options.endpoint !== undefined : pathStyle === 'true',
    prefix: prefix && `${prefix}/`,
    checksum: checksum === 'none' ? undefined : (checksum ?? usual),
  }
}

function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    throw invalid('a "%" in the prefix of the S3 address must be written %25')
  }
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'address_invalid',
    message,
    'Known options: region, endpoint, pathStyle, checksum, sse, kmsKeyId, storageClass. See docs/archive.md.',
  )
}
