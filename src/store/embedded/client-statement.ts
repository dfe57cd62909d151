/** Translates statements and answers of `@clickhouse/client` for an engine that takes text and returns bytes. */
import { randomUUID } from 'node:crypto'
import { type ClickHouseClientConfigOptions, parseError } from '@clickhouse/client'
import { formatQueryParams } from '@clickhouse/client-common'
import type { ChdbResult } from 'chdb'
import { literal } from '../sql.ts'

export type QueryParams = Parameters<NonNullable<ClickHouseClientConfigOptions['connection']>['query']>[0]

/** Settings for an HTTP server alone. */
const HTTP_ONLY = /^(wait_end_of_query|send_progress_in_http_headers|enable_http_compression|http_.*|default_format)$/

/** The engine's error as the class of the client, the same for every kind of store. */
export function typed(error: unknown): Error {
  return parseError(String((error as Error).message).replace(/^Query failed: /, ''))
}

export function settingsOf(params: QueryParams): [string, unknown][] {
  return Object.entries(params.clickhouse_settings ?? {}).filter(
    ([name, value]) => value !== undefined && !HTTP_ONLY.test(name),
  )
}

export function prefix(params: QueryParams): string {
  const settings = settingsOf(params).map(([name, value]) => `SET ${name}=${literal(value)}; `)
  const parameters = Object.entries(params.query_params ?? {}).map(
    ([name, value]) => `SET param_${name}=${literal(formatQueryParams({ value }))}; `,
  )
  return [...settings, ...parameters].join('')
}

export function answer(params: QueryParams, result: ChdbResult, kind: 'read' | 'written') {
  const rows = String(result.rowsRead ?? 0)
  const bytes = String(result.bytesRead ?? 0)
  const none = '0'
  return {
    query_id: params.query_id ?? randomUUID(),
    response_headers: {},
    http_status_code: 200,
    summary: {
      read_rows: kind === 'read' ? rows : none,
      read_bytes: kind === 'read' ? bytes : none,
      written_rows: kind === 'written' ? rows : none,
      written_bytes: kind === 'written' ? bytes : none,
      result_rows: none,
      result_bytes: none,
      total_rows_to_read: none,
      elapsed_ns: String(Math.round((result.elapsed ?? 0) * 1e9)),
    },
  }
}
