/**
 * Lets the engine of this process read a bucket without knowing its credentials: a small server on loopback that speaks as much of
 * S3 as reading takes (list, look, fetch a range) and asks the bucket with the client that has them. So they follow AWS's whole
 * chain, are renewed, and never stand in a table's definition or on the disk. Why: docs/decisions/archive.md.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'

export interface S3Window {
  /** Where the engine finds the place, without a slash at its end. */
  url: string
  /**
   * Ends what is being read and refuses all that follows, at once: a statement of the engine that reads here then fails. An address
   * where nothing listens would be asked again and again, for minutes; so the window stays, and goes with its process.
   */
  end(): void
}

interface Facts {
  ContentLength?: number | undefined
  ContentRange?: string | undefined
  ETag?: string | undefined
  LastModified?: Date | undefined
}

/** Opens a window on a place. Its name is random, so that nobody else on this machine finds it by chance. */
export async function openS3Window(client: () => S3Client, place: S3Address): Promise<S3Window> {
  const name = `window-${randomBytes(16).toString('hex')}`
  const ending = new AbortController()
  const server = http.createServer((request, response) => {
    answer({ client: client(), place, name, signal: ending.signal }, request, response).catch(error => {
      const { $metadata, name: code } = error as { $metadata?: { httpStatusCode?: number }; name?: string }
      if (response.headersSent) response.destroy()
      // Our client has tried for long enough: at any other answer the engine would try again for minutes.
      else
        response
          .writeHead($metadata?.httpStatusCode === 404 ? 404 : 400)
          .end(`<Error><Code>${escaped(code ?? '')}</Code></Error>`)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  server.unref()
  server.on('connection', connection => connection.unref())
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`,
    end: () => ending.abort(),
  }
}

interface Asked {
  client: S3Client
  place: S3Address
  name: string
  /** Aborted when the window ends. */
  signal: AbortSignal
}

async function answer(
  { client, place, name, signal }: Asked,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  signal.throwIfAborted()
  const { bucket: Bucket, prefix } = place
  const { pathname, searchParams } = new URL(request.url!, 'http://window')
  const [, asked, key = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(decodeURIComponent(pathname)) ?? []
  if (asked !== name || !['GET', 'HEAD'].includes(request.method!)) {
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return
  }
  if (key === '') {
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(await list({ client, place, name, signal }, searchParams))
    return
  }
  const Key = prefix + key
  if (request.method === 'HEAD') {
    response
      .writeHead(200, headersOf(await client.send(new HeadObjectCommand({ Bucket, Key }), { abortSignal: signal })))
      .end()
    return
  }
  const { range: Range } = request.headers
  const object = await client.send(new GetObjectCommand({ Bucket, Key, Range }), { abortSignal: signal })
  response.writeHead(object.ContentRange ? 206 : 200, headersOf(object))
  await pipeline(object.Body as Readable, response, { signal })
}

async function list({ client, place: { bucket: Bucket, prefix }, name, signal }: Asked, asked: URLSearchParams) {
  const {
    Contents = [],
    IsTruncated,
    NextContinuationToken,
  } = await client.send(
    new ListObjectsV2Command({
      Bucket,
      Prefix: prefix + (asked.get('prefix') ?? ''),
      ContinuationToken: asked.get('continuation-token') ?? undefined,
      StartAfter: asked.has('start-after') ? prefix + asked.get('start-after') : undefined,
    }),
    { abortSignal: signal },
  )
  const objects = Contents.map(
    ({ Key = '', Size, ETag = '', LastModified }) =>
      `<Contents><Key>${escaped(Key.slice(prefix.length))}</Key><Size>${Size}</Size><ETag>${escaped(ETag)}</ETag><LastModified>${LastModified?.toISOString()}</LastModified></Contents>`,
  )
  const next = NextContinuationToken
    ? `<NextContinuationToken>${escaped(NextContinuationToken)}</NextContinuationToken>`
    : ''
  return `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>${name}</Name><KeyCount>${Contents.length}</KeyCount><IsTruncated>${IsTruncated ?? false}</IsTruncated>${next}${objects.join('')}</ListBucketResult>`
}

function headersOf({ ContentLength, ContentRange, ETag, LastModified }: Facts): http.OutgoingHttpHeaders {
  return {
    'accept-ranges': 'bytes',
    ...(ContentLength !== undefined && { 'content-length': ContentLength }),
    ...(ContentRange && { 'content-range': ContentRange }),
    ...(ETag && { etag: ETag }),
    ...(LastModified && { 'last-modified': LastModified.toUTCString() }),
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
