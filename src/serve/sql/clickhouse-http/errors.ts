/** Errors in the form of a ClickHouse server, for its clients. */
import { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../../../errors.ts'
import { bounded } from '../../../plain-text.ts'
import { Forbidden } from '../../http/access.ts'
import { LimiterFull } from '../limiter.ts'

/** Longest error message in an answer: statements can cause one of any length. */
const MESSAGE_LENGTH_MAX = 16_384

/** An error with its ClickHouse code and name. */
export class SqlException extends Error {
  readonly code: number
  readonly type: string

  constructor(code: number, type: string, message: string) {
    super(bounded(message, MESSAGE_LENGTH_MAX))
    this.code = code
    this.type = type
  }
}

/** The HTTP status of a ClickHouse server for an exception; 500 for all others. */
const STATUS: Record<number, readonly number[]> = {
  400: [6, 25, 26, 27, 36, 38, 41, 42, 43, 53, 62, 72, 117, 321, 376, 386, 427, 456, 457, 675],
  401: [194],
  403: [192, 193, 497, 516],
  404: [46, 47, 50, 56, 60, 63, 73, 81, 115],
  408: [159],
  411: [381],
  413: [307],
  501: [48],
}

export function statusOf({ code }: SqlException): number {
  const [status] = Object.entries(STATUS).find(([, codes]) => codes.includes(code)) ?? ['500']
  return Number(status)
}

/** `Code: 60. DB::Exception: … (UNKNOWN_TABLE) (version 26.7.2.1 (tickhouse))` */
export function exceptionText({ code, type, message }: SqlException, version: string): string {
  return `Code: ${code}. DB::Exception: ${message.trim()} (${type}) (version ${version} (tickhouse))\n`
}

/** Any error as a ClickHouse exception. */
export function toException(error: unknown): SqlException {
  if (error instanceof SqlException) return error
  if (error instanceof ClickHouseError) {
    // The engine repeats some messages, the second time around the first.
    const once = error.message.replace(/ \([A-Z0-9_]+\) \(version [^)]*\)[.\s]*$/, '')
    return new SqlException(Number(error.code), error.type ?? 'UNKNOWN_EXCEPTION', once)
  }
  if (error instanceof Forbidden) {
    if (error.reason === 'token_missing')
      return new SqlException(194, 'REQUIRED_PASSWORD', 'default: the password is the token of this tickhouse.')
    if (error.reason === 'token_wrong')
      return new SqlException(
        516,
        'AUTHENTICATION_FAILED',
        'default: Authentication failed: password is incorrect: it is the token of this tickhouse.',
      )
    return new SqlException(497, 'ACCESS_DENIED', `${error.message}.`)
  }
  if (error instanceof LimiterFull)
    return new SqlException(202, 'TOO_MANY_SIMULTANEOUS_QUERIES', `${error.message}: try again in a moment.`)
  if (error instanceof TickhouseError) {
    if (error.cause instanceof ClickHouseError) return toException(error.cause)
    if (error.code === 'query_failed')
      return new SqlException(497, 'ACCESS_DENIED', `${error.message}. ${error.advice}`)
    return new SqlException(210, 'NETWORK_ERROR', `${error.message}. ${error.advice}`)
  }
  if (error instanceof RangeError || error instanceof TypeError)
    return new SqlException(36, 'BAD_ARGUMENTS', error.message)
  return new SqlException(1002, 'UNKNOWN_EXCEPTION', (error as Error).message)
}
