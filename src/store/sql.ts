/** Size limit of an answer, in bytes, enforced while it arrives. */
export const ANSWER_BYTES_MAX = 256 * 2 ** 20

/**
 * Limits of an untrusted client's query: enough for a day of ticks, too little to delay inserts. The engine sorts and
 * groups on disk what exceeds its memory.
 */
export const UNTRUSTED_LIMITS = {
  max_execution_time: 30,
  max_memory_usage: String(512 * 2 ** 20),
  max_result_bytes: String(ANSWER_BYTES_MAX),
  max_block_size: '8192',
  max_threads: 1,
  allow_ddl: 0,
} as const

/** Database of the tables below our views: in memory, of this process, with random names. */
export const INTERNAL_DATABASE = 'archived'

/** Conditions by system table that hide it from untrusted clients. */
export const LISTED = Object.fromEntries(
  ['tables', 'columns', 'parts', 'parts_columns'].map(table => [
    `system.${table}`,
    `database != '${INTERNAL_DATABASE}'`,
  ]),
)
LISTED['system.databases'] = `name != '${INTERNAL_DATABASE}'`

/** One statement for the engine in this process, with its settings and parameters. */
export interface SqlStatement {
  query: string
  /** The format of the answer where the statement names none. */
  format: string
  /** The database of unqualified names; the engine's default if undefined. */
  database?: string | undefined
  settings?: Readonly<Record<string, string | number>>
  /** Values for `{name:Type}`, as text; the engine parses them as the type. */
  parameters?: Readonly<Record<string, string>>
  /** Refused by the engine if it would change anything. */
  readOnly?: boolean
}

export interface SqlAnswer {
  /** In the requested format. */
  bytes: Uint8Array
  readRows: number
  readBytes: number
  /**
   * Rows that an INSERT wrote; 0 for every other statement, and for an INSERT from a SELECT, which the engine does not
   * count.
   */
  writtenRows: number
  writtenBytes: number
  elapsedNanos: number
}

/** The engine in this process, for statements of clients. */
export interface SqlEngine {
  /** Rejects with `engine_died` or `engine_stuck` when only a new process helps; never resolves. */
  readonly failed: Promise<never>
  /**
   * Runs one statement in a session of its own. The caller limits how many run concurrently. Throws ClickHouseError.
   */
  run(statement: SqlStatement): Promise<SqlAnswer>
  /**
   * Runs a read-only statement of an untrusted client, limited in time and in bytes of its answer, and cancelled when
   * the signal aborts. The caller limits how many run concurrently: an abandoned one runs until `AbandonedQuery.ended`.
   * Throws ClickHouseError.
   */
  runBounded(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer>
  /** Limited statements past their time limit that the engine has not ended yet. */
  readonly overrun: number
  /** A new path for the data of an INSERT until the engine has read it; the caller removes the file. */
  spoolFile(): string
}

/** The text of a statement for the engine, after the settings of its session. Throws TypeError for an invalid name. */
export function toEngineText({ query, database, settings = {}, parameters = {}, readOnly }: SqlStatement): string {
  const before = database === undefined ? [] : [`USE ${identifier(database)}; `]
  for (const [name, value] of Object.entries(settings)) before.push(`SET ${plainName(name)}=${literal(value)}; `)
  for (const [name, value] of Object.entries(parameters))
    before.push(`SET param_${plainName(name)}=${literal(value)}; `)
  if (readOnly) before.push('SET readonly=1; ')
  return before.join('') + query
}

/** Names of settings are not quoted in SQL: anything else there would run as a statement. */
function plainName(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new TypeError(`not a name: ${name}`)
  return name
}

/** A name, quoted. */
export function identifier(name: string): string {
  return `\`${name.replace(/\\/g, '\\\\').replace(/`/g, '\\`')}\``
}

/** A value as a literal; text is quoted. */
export function literal(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  return `'${String(value).replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}

/** Conditions by table. */
export type Filters = Readonly<Record<string, string>>

/** A log partition, and the first and the last offset in it. */
export type PositionRange = [partition: number, first: number, last: number]

/** Positions of rows by tick table; a table that is not in it has none. */
export type Selection = Readonly<Record<string, readonly PositionRange[]>>

/** Setting `additional_table_filters`, as the engine reads it from a text: conditions by table. */
export function filtersText(filters: Filters): string {
  return `{${Object.entries(filters)
    .map(([table, condition]) => `${literal(table)}:${literal(condition)}`)
    .join(',')}}`
}

/** µs since 1970 UTC as a DateTime64(6) that the engine reads from JSON. */
export function microsText(micros: number): string {
  return (
    new Date(micros / 1000).toISOString().slice(0, 19).replace('T', ' ') +
    `.${String(Math.floor(micros) % 1_000_000).padStart(6, '0')}`
  )
}
