/** Answers in the form of a ClickHouse server: headers, encodings, errors. */
import { promisify } from 'node:util'
import zlib from 'node:zlib'
import type { FastifyReply } from 'fastify'
import { exceptionText, type SqlException, statusOf } from './errors.ts'
import type { Answer } from './read.ts'
import type { HttpQuery } from './request.ts'

/** Browsers that open an answer by a link must not run it. */
const SANDBOX = { 'content-security-policy': "default-src 'none'; sandbox" }

type Pack = (bytes: Uint8Array) => Promise<Buffer>
/** Encodings of answers, the fastest first. */
const CODINGS: Record<string, Pack> = {
  zstd: promisify(zlib.zstdCompress) as Pack,
  gzip: bytes => promisify(zlib.gzip)(bytes, { level: 1 }),
  deflate: bytes => promisify(zlib.deflate)(bytes, { level: 1 }),
  br: bytes => promisify(zlib.brotliCompress)(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 1 } }),
}

export async function sendAnswer(reply: FastifyReply, httpQuery: HttpQuery, answer: Answer) {
  const { format } = answer
  const summary = JSON.stringify({
    read_rows: String(answer.readRows),
    read_bytes: String(answer.readBytes),
    written_rows: String(answer.writtenRows),
    written_bytes: String(answer.writtenBytes),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: '0',
    elapsed_ns: String(answer.elapsedNanos),
  })
  reply.headers({ ...SANDBOX, 'x-clickhouse-summary': summary, 'x-clickhouse-format': format })
  if (httpQuery.progressHeaders) reply.header('x-clickhouse-progress', summary)
  reply.header('content-type', contentType(format))
  const coding = Object.keys(CODINGS).find(name => new RegExp(`\\b${name}\\b`).test(httpQuery.acceptEncoding))
  if (!coding || answer.bytes.length === 0) return reply.send(viewOf(answer.bytes))
  return reply.header('content-encoding', coding).send(await CODINGS[coding]!(answer.bytes))
}

export function sendException(reply: FastifyReply, exception: SqlException, version: string) {
  if (exception.code === 194) reply.header('www-authenticate', 'Basic realm="tickhouse"')
  return reply
    .code(statusOf(exception))
    .headers({ ...SANDBOX, 'x-clickhouse-exception-code': String(exception.code) })
    .type('text/plain; charset=UTF-8')
    .send(exceptionText(exception, version))
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

function contentType(format: string): string {
  if (/^JSON/i.test(format)) return 'application/json; charset=UTF-8'
  if (/^(CSV)/i.test(format)) return 'text/csv; charset=UTF-8'
  if (/^(TSV|TabSeparated)/i.test(format)) return 'text/tab-separated-values; charset=UTF-8'
  if (/^(Native|RowBinary|Arrow|Parquet|ORC|Avro|MsgPack|RawBLOB)/i.test(format)) return 'application/octet-stream'
  return 'text/plain; charset=UTF-8'
}
