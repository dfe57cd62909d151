import type { ClickHouseSettings } from '@clickhouse/client'
import type { Backend } from './backend.ts'
import { attempt } from './failure.ts'

/** Rows of a SELECT as objects; integers come as numbers, beyond 2^53 not whole. Throws TickhouseErrors. */
export function askRows<T>(
  { client, questionSettings }: Backend,
  query: string,
  params: Record<string, unknown> = {},
  settings: ClickHouseSettings = {},
): Promise<T[]> {
  return attempt(async () => {
    const result = await client.query({
      query,
      query_params: params,
      format: 'JSONEachRow',
      clickhouse_settings: { ...questionSettings, ...settings },
    })
    return result.json<T>()
  })
}
