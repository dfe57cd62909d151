/** Archive in a bucket of AWS S3 or of an S3-compatible server. */
import fs from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type MultipartUpload,
  PutObjectCommand,
  paginateListObjectsV2,
  type S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { makeDataDirectory } from '../../../disk.ts'
import type { TickhouseError } from '../../../errors.ts'
import { quoted } from '../../columns.ts'
import { isInside, outsideError, parseKey } from '../../keys.ts'
import { sha256Of } from '../sha256.ts'
import { emptySpool, spoolFile } from '../spool.ts'
import type { ArchiveTarget, FetchedObject } from '../target.ts'
import type { S3Address } from './address.ts'
import { s3Client } from './client.ts'
import { s3Error } from './errors.ts'
import { openReadProxy, type S3ReadProxy } from './read-proxy.ts'

/** Size of an upload's parts and their parallelism: bounds memory to some 50 MB. S3 accepts 10,000 parts, 160 GB. */
const PART_BYTES = 16 * 2 ** 20
const PARALLEL_PARTS = 2
/** Time for a replaced client to finish its requests. */
const OLD_CLIENT_MS = 60_000

export class S3Target implements ArchiveTarget {
  readonly address: string
  readonly spool: string
  readonly #location: S3Address
  #client: S3Client
  #proxy: Promise<S3ReadProxy> | undefined

  static async open(location: S3Address, spool: string): Promise<S3Target> {
    const target = new S3Target(location, path.resolve(spool))
    makeDataDirectory(target.spool)
    return target
  }

  constructor(location: S3Address, spool: string) {
    this.#location = location
    this.spool = spool
    this.address = `s3://${location.bucket}/${location.prefix}`.replace(/\/$/, '')
    this.#client = s3Client(location)
  }

  async cleanUp(beforeMs: number): Promise<number> {
    await emptySpool(this.spool)
    return this.#try(async () => {
      const { bucket: Bucket, prefix } = this.#location
      let aborted = 0
      for (const { Key, UploadId, Initiated } of await this.#uploads()) {
        // Bucket and prefix may be shared with other programs: see docs/archive.md.
        if (!parseKey(Key!.slice(prefix.length)) || !Initiated || Initiated.getTime() >= beforeMs) continue
        await this.#client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
        aborted++
      }
      return aborted
    })
  }

  /** Incomplete uploads below the prefix. */
  async #uploads(): Promise<MultipartUpload[]> {
    const { bucket: Bucket, prefix: Prefix } = this.#location
    const uploads: MultipartUpload[] = []
    let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {}
    while (from) {
      const answer: ListMultipartUploadsCommandOutput = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix, ...from }),
      )
      uploads.push(...(answer.Uploads ?? []).filter(({ Key }) => Key?.startsWith(Prefix)))
      const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = answer
      from = IsTruncated && KeyMarker ? { KeyMarker, UploadIdMarker } : undefined
    }
    return uploads
  }

  create(key: string, text: string): Promise<void> {
    return this.#try(async () => {
      const params = { ...this.#uploadParams(key), Body: text, ContentLength: Buffer.byteLength(text) }
      try {
        await this.#client.send(new PutObjectCommand({ ...params, IfNoneMatch: '*' }))
      } catch (error) {
        const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
        if ([409, 412].includes($metadata?.httpStatusCode ?? 0)) return
        // The server does not support the condition: the caller reads the object back.
        if (name !== 'NotImplemented' && $metadata?.httpStatusCode !== 501) throw error
        await this.#client.send(new PutObjectCommand(params))
      }
    })
  }

  put(file: string, key: string): Promise<void> {
    return this.#try(async () => {
      await new Upload({
        client: this.#client,
        partSize: PART_BYTES,
        queueSize: PARALLEL_PARTS,
        params: { ...this.#uploadParams(key), Body: fs.createReadStream(file) },
      }).done()
    })
  }

  /** Parameters of every upload. */
  #uploadParams(key: string) {
    const { bucket, prefix, checksum, sse, kmsKeyId, storageClass } = this.#location
    if (!isInside(key)) throw outsideError(key)
    return {
      Bucket: bucket,
      Key: prefix + key,
      ...(checksum && { ChecksumAlgorithm: checksum }),
      ...(sse && { ServerSideEncryption: sse }),
      ...(kmsKeyId && { SSEKMSKeyId: kmsKeyId }),
      ...(storageClass && { StorageClass: storageClass }),
    }
  }

  async fetch(key: string): Promise<FetchedObject | null> {
    const file = spoolFile(this.spool)
    const release = () => fs.promises.rm(file, { force: true })
    try {
      const { bucket, prefix } = this.#location
      if (!isInside(key)) throw outsideError(key)
      const answer = await this.#client.send(new GetObjectCommand({ Bucket: bucket, Key: prefix + key }))
      const handle = await fs.promises.open(file, 'wx')
      try {
        const read = await sha256Of(answer.Body as Readable, chunk => handle.writeFile(chunk))
        if (read.bytes !== answer.ContentLength) throw new Error(`${key} was truncated after ${read.bytes} bytes`)
        return { file, ...read, release }
      } finally {
        await handle.close()
      }
    } catch (error) {
      await release()
      if ((error as Error).name === 'NoSuchKey') return null
      throw this.#failed(error)
    }
  }

  async *list(prefix = ''): AsyncIterable<{ key: string; bytes: number }> {
    const { bucket: Bucket, prefix: own } = this.#location
    try {
      for await (const page of paginateListObjectsV2({ client: this.#client }, { Bucket, Prefix: own + prefix })) {
        for (const { Key, Size } of page.Contents ?? []) yield { key: Key!.slice(own.length), bytes: Size ?? 0 }
      }
    } catch (error) {
      throw this.#failed(error)
    }
  }

  async readable(pattern: string): Promise<{ engine: string; root: string }> {
    this.#proxy ??= openReadProxy(() => this.#client, this.#location)
    const { url } = await this.#proxy
    const engine = `S3(${quoted(`${url}/${pattern}`)}, NOSIGN, 'Parquet')`
    return { engine, root: `${new URL(url).pathname.slice(1)}/` }
  }

  async close(): Promise<void> {
    const proxy = await this.#proxy
    proxy?.end()
    this.#client.destroy()
  }

  async #try<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#failed(error)
    }
  }

  /** Replaces the client after a refusal, so that the next attempt reads corrected credentials from their file. */
  #failed(error: unknown): TickhouseError {
    const failure = s3Error(error, this.address)
    if (failure.code === 'archive_refused') {
      const before = this.#client
      setTimeout(() => before.destroy(), OLD_CLIENT_MS).unref()
      this.#client = s3Client(this.#location)
    }
    return failure
  }
}
