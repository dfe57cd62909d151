/** The archive in a bucket of AWS S3, or of whatever speaks its protocol. */
import fs from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { type S3Place, s3Place } from './s3-address.ts'
import { s3Error } from './s3-errors.ts'
import { sha256Of } from './sha256.ts'
import { emptySpool, spoolFile } from './spool.ts'
import type { ArchiveTarget, FetchedObject } from './target.ts'

/** An object is sent in parts of this size, so many at a time: bounds memory to some 50 MB. S3 takes 10,000 parts, 160 GB. */
const PART_BYTES = 16 * 2 ** 20
const PARTS_AT_ONCE = 2
const CONNECT_MS_MAX = 5_000
/** Without a byte of answer for so long, a request is tried again. */
const SILENT_MS_MAX = 30_000
const ATTEMPTS_MAX = 4

export class S3Target implements ArchiveTarget {
  readonly address: string
  readonly spool: string
  readonly #place: S3Place
  readonly #client: S3Client

  /** Throws `address_invalid`. */
  static async open(address: string, spool: string): Promise<S3Target> {
    const target = new S3Target(s3Place(address), path.resolve(spool))
    await fs.promises.mkdir(target.spool, { recursive: true })
    return target
  }

  constructor(place: S3Place, spool: string) {
    this.#place = place
    this.spool = spool
    this.address = `s3://${place.bucket}/${place.prefix}`.replace(/\/$/, '')
    this.#client = new S3Client({
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

  async tidy(): Promise<void> {
    await emptySpool(this.spool)
    await this.#try(async () => {
      const { bucket: Bucket, prefix: Prefix } = this.#place
      // One answer names up to 1,000; an archiver has one object on its way.
      const { Uploads = [] } = await this.#client.send(new ListMultipartUploadsCommand({ Bucket, Prefix }))
      for (const { Key, UploadId } of Uploads)
        await this.#client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    })
  }

  put(file: string, key: string): Promise<void> {
    const { bucket, prefix, checksum, sse, kmsKeyId, storageClass } = this.#place
    return this.#try(async () => {
      await new Upload({
        client: this.#client,
        partSize: PART_BYTES,
        queueSize: PARTS_AT_ONCE,
        params: {
          Bucket: bucket,
          Key: prefix + key,
          Body: fs.createReadStream(file),
          ...(checksum && { ChecksumAlgorithm: checksum }),
          ...(sse && { ServerSideEncryption: sse }),
          ...(kmsKeyId && { SSEKMSKeyId: kmsKeyId }),
          ...(storageClass && { StorageClass: storageClass }),
        },
      }).done()
    })
  }

  async fetch(key: string): Promise<FetchedObject | null> {
    const file = spoolFile(this.spool)
    const release = () => fs.promises.rm(file, { force: true })
    try {
      const { bucket, prefix } = this.#place
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: prefix + key }))
      const handle = await fs.promises.open(file, 'wx')
      try {
        const read = await sha256Of(answer.Body as Readable, chunk => handle.writeFile(chunk))
        if (read.bytes !== answer.ContentLength) throw new Error(`${key} was cut after ${read.bytes} bytes`)
        return { file, ...read, release }
      } finally {
        await handle.close()
      }
    } catch (error) {
      await release()
      if ((error as Error).name === 'NoSuchKey') return null
      throw s3Error(error, this.address)
    }
  }

  async *list(): AsyncIterable<{ key: string; bytes: number }> {
    const { bucket: Bucket, prefix: Prefix } = this.#place
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket, Prefix })) {
        for (const { Key, Size } of page.Contents ?? []) yield { key: Key!.slice(Prefix.length), bytes: Size ?? 0 }
      }
    } catch (error) {
      throw s3Error(error, this.address)
    }
  }

  async close(): Promise<void> {
    this.#client.destroy()
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw s3Error(error, this.address)
    }
  }
}
