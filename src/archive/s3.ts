/** The archive in a bucket of AWS S3, or of whatever speaks its protocol. */
import fs from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { makeDataDirectory } from '../disk.ts'
import { quoted } from './columns.ts'
import { type S3Place, s3Place } from './s3-address.ts'
import { s3Client } from './s3-client.ts'
import { s3Error } from './s3-errors.ts'
import { openS3Window, type S3Window } from './s3-window.ts'
import { sha256Of } from './sha256.ts'
import { emptySpool, spoolFile } from './spool.ts'
import type { ArchiveTarget, FetchedObject } from './target.ts'

/** An object is sent in parts of this size, so many at a time: bounds memory to some 50 MB. S3 takes 10,000 parts, 160 GB. */
const PART_BYTES = 16 * 2 ** 20
const PARTS_AT_ONCE = 2

export class S3Target implements ArchiveTarget {
  readonly address: string
  readonly spool: string
  readonly #place: S3Place
  readonly #client: S3Client
  #window: Promise<S3Window> | undefined

  /** Throws `address_invalid`. */
  static async open(address: string, spool: string): Promise<S3Target> {
    const target = new S3Target(s3Place(address), path.resolve(spool))
    makeDataDirectory(target.spool)
    return target
  }

  constructor(place: S3Place, spool: string) {
    this.#place = place
    this.spool = spool
    this.address = `s3://${place.bucket}/${place.prefix}`.replace(/\/$/, '')
    this.#client = s3Client(place)
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

  async readable(pattern: string): Promise<{ engine: string; root: string }> {
    this.#window ??= openS3Window(this.#client, this.#place)
    const { url } = await this.#window
    const engine = `S3(${quoted(`${url}/${pattern}`)}, NOSIGN, 'Parquet')`
    return { engine, root: `${new URL(url).pathname.slice(1)}/` }
  }

  async close(): Promise<void> {
    await (await this.#window)?.close()
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
