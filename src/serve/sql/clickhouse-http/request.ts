/** A query of a ClickHouse client over HTTP: URL, headers and body. */
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import zlib from 'node:zlib'
import { SqlException } from './errors.ts'

export interface HttpQuery {
  /** The statement, or its beginning: the body continues it. */
  query: string
  queryId: string
  format: string
  database: string | undefined
  /** As the client sent them, unchecked. */
  settings: Record<string, string>
  parameters: Record<string, string>
  /** The encodings the client accepts, if it requested one. */
  acceptEncoding: string
  progressHeaders: boolean
  /** The protocol revision that the client announces; 0 without one. */
  protocolVersion: number
}

/** URL parameters for the server, not for the engine. */
const CONTROL = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'token',
  'quota_key',
  'role',
  'session_id',
  'session_timeout',
  'session_check',
  'compress',
  'decompress',
  'enable_http_compression',
  'client_protocol_version',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'add_http_cors_header',
  'cancel_http_readonly_queries_on_client_close',
  'stacktrace',
])

/** Reads URL and headers. Throws SqlException for parameters that no engine accepts. */
export function readHttpQuery(
  search: URLSearchParams,
  headers: IncomingMessage['headers'],
  queryId: string,
): HttpQuery {
  // Without a prototype, `__proto__` is a name like any other.
  const settings: Record<string, string> = Object.create(null)
  const parameters: Record<string, string> = Object.create(null)
  for (const [name, value] of search) {
    if (CONTROL.has(name) || /^http_/.test(name)) continue
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new SqlException(115, 'UNKNOWN_SETTING', `Unknown setting '${name}'.`)
    if (name.startsWith('param_')) parameters[name.slice('param_'.length)] = value
    else settings[name] = value
  }
  if (search.get('compress') === '1' || search.get('decompress') === '1') {
    throw new SqlException(
      48,
      'NOT_IMPLEMENTED',
      'ClickHouse native compression is not supported: use HTTP compression (JDBC driver and DBeaver: compress=false).',
    )
  }
  const givenId = search.get('query_id') ?? ''
  // It is returned in a header.
  if (!/^[ -~]{0,1000}$/.test(givenId))
    throw new SqlException(36, 'BAD_ARGUMENTS', 'query_id must be at most 1000 printable ASCII characters.')
  const header = (name: string) => headers[name]?.toString()
  return {
    query: search.get('query') ?? '',
    queryId: givenId || queryId,
    format: search.get('default_format') || header('x-clickhouse-format') || 'TabSeparated',
    database: search.get('database') || header('x-clickhouse-database') || undefined,
    settings,
    parameters,
    acceptEncoding: search.get('enable_http_compression') === '1' ? (header('accept-encoding') ?? '') : '',
    progressHeaders: search.get('send_progress_in_http_headers') === '1',
    protocolVersion: Number(search.get('client_protocol_version')) || 0,
  }
}

/** The body, decompressed. `lz4` stays compressed: only the engine can read it. */
export function bodyOf(request: IncomingMessage): Readable {
  const coding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
  const unpack = { gzip: zlib.createGunzip, deflate: zlib.createInflate, br: zlib.createBrotliDecompress }
  if (coding === 'identity' || coding === 'lz4') return request
  if (coding === 'zstd') return through(request, zlib.createZstdDecompress())
  if (!Object.hasOwn(unpack, coding))
    throw new SqlException(48, 'NOT_IMPLEMENTED', `Content-Encoding ${coding} is not supported.`)
  return through(request, unpack[coding as keyof typeof unpack]())
}

function through(request: IncomingMessage, unpacked: zlib.Gunzip | zlib.ZstdDecompress): Readable {
  request.on('error', error => unpacked.destroy(error))
  return request.pipe(unpacked)
}

/** The whole body. Throws SqlException if it is longer than `bytesMax`. */
export async function collect(body: Readable, bytesMax: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bytesMax) throw tooLarge(bytesMax)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function tooLarge(bytesMax: number): SqlException {
  return new SqlException(307, 'TOO_MANY_BYTES', `The request is longer than ${bytesMax} bytes.`)
}
