/**
 * Lets this process's engine read a bucket without its credentials: a small loopback server that implements the reads
 * of S3 (list, head, ranged get) and forwards them with our client. So the credentials come from AWS's whole provider
 * chain, are renewed, and are never in a table definition or on disk. Why: docs/decisions/archive.md.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3'
import type { S3Address } from './address.ts'

export interface S3ReadProxy {
  /** URL of the prefix for the engine, without a trailing slash. */
  url: string
  /**
   * Aborts running reads and refuses further ones immediately, so that a statement reading here fails. The server keeps
   * listening until the process ends: the engine would retry a closed port for minutes.
   */
  end(): void
}

interface Facts {
  ContentLength?: number | undefined
  ContentRange?: string | undefined
  ETag?: string | undefined
  LastModified?: Date | undefined
}

/** Opens a proxy. Its path is random, so that other local users cannot guess it. */
export async function openReadProxy(client: () => S3Client, location: S3Address): Promise<S3ReadProxy> {
  const name = `proxy-${randomBytes(16).toString('hex')}`
  const ending = new AbortController()
  const server = http.createServer((request, response) => {
    answer({ client: client(), location, name, signal: ending.signal }, request, response).catch(error => {
      const { $metadata, name: code } = error as { $metadata?: { httpStatusCode?: number }; name?: string }
      if (response.headersSent) response.destroy()
      // Our client has already retried: for any other status the engine would retry for minutes.
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

interface ProxyRequest {
  client: S3Client
  location: S3Address
  name: string
  /** Aborted when the proxy ends. */
  signal: AbortSignal
}

async function answer(
  { client, location, name, signal }: ProxyRequest,
  request: http.IncomingMessage,
  response: http.ServerResponse,
): Promise<void> {
  signal.throwIfAborted()
  const { bucket: Bucket, prefix } = location
  const { pathname, searchParams } = new URL(request.url!, 'http://proxy')
  const [, query, key = ''] = /^\/([^/]*)(?:\/(.*))?$/s.exec(decodeURIComponent(pathname)) ?? []
  if (query !== name || !['GET', 'HEAD'].includes(request.method!)) {
    response.writeHead(403).end('<Error><Code>AccessDenied</Code></Error>')
    return
  }
  if (key === '') {
    response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(await list({ client, location, name, signal }, searchParams))
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

async function list(
  { client, location: { bucket: Bucket, prefix }, name, signal }: ProxyRequest,
  query: URLSearchParams,
) {
  const {
    Contents = [],
    IsTruncated,
    NextContinuationToken,
  } = await client.send(
    new ListObjectsV2Command({
      Bucket,
      Prefix: prefix + (query.get('prefix') ?? ''),
      ContinuationToken: query.get('continuation-token') ?? undefined,
      StartAfter: query.has('start-after') ? prefix + query.get('start-after') : undefined,
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
