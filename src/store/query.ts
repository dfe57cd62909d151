import type { ClickHouseSettings } from '@clickhouse/client'
import type { Backend } from './backend.ts'
import { attempt } from './failure.ts'

/** Rows of a SELECT as objects; integers are numbers, inexact beyond 2^53. Throws TickhouseErrors. */
export function queryRows<T>(
  { client, querySettings }: Backend,
  query: string,
  params: Record<string, unknown> = {},
  settings: ClickHouseSettings = {},
): Promise<T[]> {
  const lists = Object.entries(params).filter(([, value]) => isIntegers(value))
  return attempt(async () => {
    const result = await client.query({
      query: lists.reduce((text, [name, value]) => withList(text, name, value as readonly Integer[]), query),
      query_params: Object.fromEntries(
        Object.entries(params).filter(([name]) => !lists.some(([list]) => list === name)),
      ),
      format: 'JSONEachRow',
      clickhouse_settings: { ...querySettings, ...settings },
    })
    return result.json<T>()
  })
}

type Integer = number | bigint

const isIntegers = (value: unknown): boolean =>
  Array.isArray(value) && value.every(one => typeof one === 'bigint' || Number.isSafeInteger(one))

/**
 * Puts a list of integers into the statement itself: parameters go into the URL of a request, which servers limit to
 * some kilobytes.
 */
function withList(query: string, name: string, values: readonly Integer[]): string {
  return query.replaceAll(
    new RegExp(`\\{${name}:(Array\\(U?Int\\d+\\))\\}`, 'g'),
    (_, type: string) => `CAST([${values.join(',')}], '${type}')`,
  )
}
