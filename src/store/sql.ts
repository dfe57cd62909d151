/** Bytes of an answer, counted as they come. */
export const ANSWER_BYTES_MAX = 256 * 2 ** 20

/**
 * What a stranger's query may take: long enough for a day of ticks, too little to hold up the inserts. The engine sorts and groups
 * on disk what does not fit into its memory.
 */
export const UNTRUSTED_LIMITS = {
  max_execution_time: 30,
  max_memory_usage: String(512 * 2 ** 20),
  max_result_bytes: String(ANSWER_BYTES_MAX),
  max_block_size: '8192',
  max_threads: 1,
  allow_ddl: 0,
} as const

/** Tables of the engine's that views of ours stand on: in memory, of the process, named by chance. */
export const INTERNAL_DATABASE = 'archived'

/** What keeps it out of a stranger's listings: conditions by table. */
export const LISTED = Object.fromEntries(
  ['tables', 'columns', 'parts', 'parts_columns'].map(table => [
    `system.${table}`,
    `database != '${INTERNAL_DATABASE}'`,
  ]),
)
LISTED['system.databases'] = `name != '${INTERNAL_DATABASE}'`

/** One statement for the engine in this process, with everything that goes with it. */
export interface SqlStatement {
  query: string
  /** The form of the answer where the statement names none. */
  format: string
  /** Where names without a database are looked up; the engine's own by default. */
  database?: string | undefined
  settings?: Readonly<Record<string, string | number>>
  /** What stands for `{name:Type}`, as text; the engine reads it as the type. */
  parameters?: Readonly<Record<string, string>>
  /** Refused by the engine if it would change anything. */
  readOnly?: boolean
}

export interface SqlAnswer {
  /** In the form asked for. */
  bytes: Uint8Array
  readRows: number
  readBytes: number
  /** Rows that an INSERT wrote; 0 for every other statement, and for an INSERT from a SELECT, which the engine does not count. */
  writtenRows: number
  writtenBytes: number
  elapsedNanos: number
}

/** The engine in this process, for those who bring statements of their own. */
export interface SqlEngine {
  /** Rejects with `engine_died` or `engine_stuck` when only a new process helps; never resolves. */
  readonly failed: Promise<never>
  /** Runs one statement in a session of its own. The caller bounds how many run at once. Throws ClickHouseError. */
  run(statement: SqlStatement): Promise<SqlAnswer>
  /**
   * Runs a statement that only reads, for someone who is not trusted: bounded by time and by the bytes of its answer, and ended when
   * the signal aborts. The caller bounds how many run at once: one that was given up runs until `AbandonedQuery.ended`. Throws ClickHouseError.
   */
  runBounded(statement: SqlStatement, signal?: AbortSignal): Promise<SqlAnswer>
  /** Bounded statements past their time that the engine has not ended yet. */
  readonly overrun: number
  /** A place for the data of an INSERT until the engine has read it; whoever takes it removes it. */
  spoolFile(): string
}

/** A statement as the engine runs it, behind what must hold in its session first. Throws where a name is none. */
export function toEngineText({ query, database, settings = {}, parameters = {}, readOnly }: SqlStatement): string {
  const before = database === undefined ? [] : [`USE ${identifier(database)}; `]
  for (const [name, value] of Object.entries(settings)) before.push(`SET ${plainName(name)}=${literal(value)}; `)
  for (const [name, value] of Object.entries(parameters))
    before.push(`SET param_${plainName(name)}=${literal(value)}; `)
  if (readOnly) before.push('SET readonly=1; ')
  return before.join('') + query
}

/** A setting's name stands bare in its statement: anything else there would run. */
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

/** Setting `additional_table_filters`, as the engine reads it from a text: conditions by table. */
export function filtersText(filters: Readonly<Record<string, string>>): string {
  return `{${Object.entries(filters)
    .map(([table, condition]) => `${literal(table)}:${literal(condition)}`)
    .join(',')}}`
}
