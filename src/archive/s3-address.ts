import { z } from 'zod'
import { TickhouseError } from '../errors.ts'

/** A place in a bucket and how to write there. */
export interface S3Place {
  bucket: string
  /** Put before every key: empty, or it ends with `/`. */
  prefix: string
  region?: string | undefined
  endpoint?: string | undefined
  pathStyle: boolean
  /** Sent with every part and checked by the other side. */
  checksum?: 'CRC32' | 'SHA256' | undefined
  sse?: 'AES256' | 'aws:kms' | undefined
  kmsKeyId?: string | undefined
  storageClass?: (typeof STORAGE_CLASSES)[number] | undefined
}

/** Classes that answer a read at once: what was archived is read back. */
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
    region: z.string().optional(),
    endpoint: z.url({ protocol: /^https?$/ }).optional(),
    pathStyle: z
      .enum(['true', 'false'])
      .default('false')
      .transform(text => text === 'true'),
    checksum: z.enum(['CRC32', 'SHA256', 'none']).optional(),
    sse: z.enum(['AES256', 'aws:kms']).optional(),
    kmsKeyId: z.string().optional(),
    storageClass: z.enum(STORAGE_CLASSES).optional(),
  })
  .refine(options => options.kmsKeyId === undefined || options.sse === 'aws:kms', 'kmsKeyId needs sse=aws:kms')

/** Reads `s3://<bucket>/<prefix>?<options>`. Throws `address_invalid`. Credentials have no place in an address. */
export function s3Place(address: string): S3Place {
  const [, bucket, path = '', query] =
    /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(\/[^?]*)?(?:\?(.*))?$/.exec(address) ?? []
  if (!bucket) throw invalid('an S3 address needs a bucket: s3://<bucket>/<prefix>')
  const parsed = OPTIONS.safeParse(Object.fromEntries(new URLSearchParams(query)))
  if (!parsed.success) {
    const { path: at, message } = parsed.error.issues[0]!
    throw invalid(`the S3 address cannot be used: ${[...at, message].join(': ')}`)
  }
  const { checksum, ...options } = parsed.data
  const prefix = decodeURI(path).replace(/^\/+|\/+$/g, '')
  // AWS checks CRC32 for everyone; some that speak its protocol do not know the header.
  const usual = options.endpoint === undefined ? 'CRC32' : undefined
  return {
    ...options,
    bucket,
    prefix: prefix && `${prefix}/`,
    checksum: checksum === 'none' ? undefined : (checksum ?? usual),
  }
}

function invalid(message: string): TickhouseError {
  return new TickhouseError(
    'address_invalid',
    message,
    'Known options: region, endpoint, pathStyle, checksum, sse, kmsKeyId, storageClass. See docs/archive.md.',
  )
}
