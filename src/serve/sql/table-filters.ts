/**
 * Setting `additional_table_filters`, which Grafana's ad hoc filters use: `{'trades' : 'side = \\'buy\\''}`. Each
 * condition is checked like one in a statement. The setting also hides the store's internal database from listings, so
 * a client's filters are joined with ours.
 */
import { filtersText, identifier } from '../../store/sql.ts'
import { SqlException } from './clickhouse-http/errors.ts'
import { isEngineDatabase } from './guard-lists.ts'
import type { QueryGuard } from './query-guard.ts'

const TEXT = String.raw`'((?:[^'\\]|\\.)*)'`
const ENTRY = new RegExp(`${TEXT}\\s*:\\s*${TEXT}`, 'gs')
const FILTERS = new RegExp(`^\\s*\\{\\s*(?:${TEXT}\\s*:\\s*${TEXT}\\s*,?\\s*)*\\}\\s*$`, 's')
const LENGTH_MAX = 10_000

/** The value of the setting: `ours` joined with the given filters. Throws SqlException, `query_failed`. */
export async function joinFilters(
  guard: QueryGuard,
  given: string | undefined,
  ours: Readonly<Record<string, string>>,
): Promise<string> {
  const joined = new Map(Object.entries(ours))
  for (const [table, condition] of parse(given ?? '{}')) {
    const name = table.split('.')
    if (isEngineDatabase(name[0]!)) throw new SqlException(164, 'READONLY', `${table} cannot be filtered.`)
    const { settings, format } = await guard.admit(
      `SELECT 1 FROM ${name.map(identifier).join('.')} WHERE (\n${condition}\n)`,
    )
    if (format !== undefined || Object.keys(settings).length > 0) throw invalidFilters(given!)
    joined.set(table, condition)
  }
  return filtersText(Object.fromEntries(joined))
}

function parse(given: string): [table: string, condition: string][] {
  if (given.length > LENGTH_MAX || !FILTERS.test(given)) throw invalidFilters(given)
  return [...given.matchAll(ENTRY)].map(([, table, condition]) => [unescaped(table!), unescaped(condition!)])
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gs, (_, sign: string) => ({ n: '\n', t: '\t', r: '\r' })[sign] ?? sign)
}

function invalidFilters(given: string): SqlException {
  return new SqlException(
    36,
    'BAD_ARGUMENTS',
    `additional_table_filters must be {'table' : 'condition'}, at most ${LENGTH_MAX} characters: ${given.slice(0, 100)}`,
  )
}
