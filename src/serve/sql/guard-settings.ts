/** Settings that an untrusted client may give: the format of the answer and limits, never above ours. */
import { UNTRUSTED_LIMITS } from '../../store/sql.ts'
import { SqlException } from './clickhouse-http/errors.ts'

const { allow_ddl, ...MAXIMA } = UNTRUSTED_LIMITS
const LIMITS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(MAXIMA).map(([name, value]) => [name, Number(value)]),
)

/** These affect how an answer is computed or printed, and nothing else. */
const HARMLESS = [
  /^output_format_(?!schema$)\w+$/,
  /^format_(csv|tsv|binary|display)\w*$/,
  /^date_time_(input|output)_format$/,
  /^(max|min)_(rows|bytes|columns)_(to|in)_\w+$/,
  /^max_(result_rows|block_size|subquery_depth|expanded_ast_elements|ast_elements|ast_depth)$/,
  /^(result|read|timeout|group_by|sort|distinct|join|set)_overflow_mode$/,
  /^(limit|offset|extremes|final|session_timezone|join_use_nulls|join_algorithm|join_default_strictness)$/,
  /^(union|except|intersect)_default_mode$/,
  /^(transform_null_in|cast_keep_nullable|aggregate_functions_null_for_empty|prefer_column_name_to_alias)$/,
  /^(group_by_use_nulls|empty_result_for_aggregation_by_empty_set|decimal_check_overflow)$/,
]

/** Clients send these by default; they are ignored. */
const IGNORED =
  /^(readonly|log_comment|log_queries|use_query_cache|query_cache_\w+|(send|receive|connect)_timeout\w*|network_compression_\w+|allow_experimental_\w+|enable_\w+|async_insert|wait_for_async_insert|insert_\w+|input_format_\w+|send_logs_level|replace_running_query|priority)$/

/**
 * The settings for a statement of an untrusted client. Throws SqlException (READONLY) for one that may not be changed.
 */
export function untrustedSettings(given: Readonly<Record<string, string>>): Record<string, string | number> {
  const settings: Record<string, string | number> = { ...LIMITS, allow_ddl }
  for (const [name, value] of Object.entries(given)) {
    const limit = Object.hasOwn(LIMITS, name) ? LIMITS[name] : undefined
    if (limit !== undefined) settings[name] = lowered(Number(value), limit)
    else if (HARMLESS.some(pattern => pattern.test(name))) settings[name] = value
    else if (!IGNORED.test(name))
      throw new SqlException(164, 'READONLY', `Cannot modify '${name}' setting in readonly mode.`)
  }
  return settings
}

/** 0 and non-numbers mean unlimited. */
function lowered(value: number, limit: number): number {
  return value > 0 && value < limit ? value : limit
}
