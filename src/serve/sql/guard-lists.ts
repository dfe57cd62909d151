/** Names that the query guard allows: the functions of `guard-functions.txt`, and tables of the engine's databases. */
import fs from 'node:fs'

/** Names by section, such as `allowed arrays`, as the engine spells them. */
export function listedFunctions(): Map<string, string[]> {
  const text = fs.readFileSync(new URL('./guard-functions.txt', import.meta.url), 'utf8')
  const sections = text.split(/^\[(.+)\]$/m).slice(1)
  const lists = new Map<string, string[]>()
  for (let at = 0; at < sections.length; at += 2) lists.set(sections[at]!, sections[at + 1]!.trim().split(/\s+/))
  return lists
}

/**
 * In lower case: the engine accepts many names in any case, and no refused name differs from an allowed one by case
 * alone.
 */
const LISTS = listedFunctions()
const lower = (sections: (name: string) => boolean) =>
  new Set([...LISTS].flatMap(([name, names]) => (sections(name) ? names.map(each => each.toLowerCase()) : [])))

const TABLE_FUNCTIONS = lower(section => section === 'allowed tables')
const UNBOUNDED = lower(section => section === 'refused unbounded')
const AGGREGATES = lower(section => section === 'allowed aggregates')
const COMBINATORS = [...lower(section => section === 'allowed combinators')]
const FUNCTIONS = lower(
  section => section.startsWith('allowed ') && section !== 'allowed tables' && section !== 'allowed combinators',
)

/** Whether a statement may call this function: ordinary, or an aggregate with combinators. */
export function isAllowedFunction(name: string): boolean {
  const small = name.toLowerCase()
  return FUNCTIONS.has(small) || isAggregate(small)
}

function isAggregate(name: string): boolean {
  if (AGGREGATES.has(name)) return true
  return COMBINATORS.some(end => name.endsWith(end) && isAggregate(name.slice(0, -end.length)))
}

/** A function whose cost or depth exceeds all limits of the engine, which checks them between blocks of rows. */
export function isUnboundedFunction(name: string): boolean {
  return UNBOUNDED.has(name.toLowerCase())
}

export function isAllowedTableFunction(name: string): boolean {
  return TABLE_FUNCTIONS.has(name.toLowerCase())
}

/**
 * The engine's tables that describe the store. Not among them: queries of others, users and their rights, named
 * collections, macros, certificates, dictionaries, disks, symbols of the process.
 */
const SYSTEM_TABLES = new Set([
  'aggregate_function_combinators',
  'build_options',
  'collations',
  'columns',
  'contributors',
  'data_skipping_indices',
  'data_type_families',
  'database_engines',
  'databases',
  'events',
  'formats',
  'functions',
  'keywords',
  'licenses',
  'merge_tree_settings',
  'merges',
  'metrics',
  'numbers',
  'numbers_mt',
  'one',
  'parts',
  'parts_columns',
  'primes',
  'projections',
  'settings',
  'table_engines',
  'table_functions',
  'tables',
  'time_zones',
  'zeros',
  'zeros_mt',
])

const ENGINE_DATABASES = /^(system|information_schema)$/i

/**
 * Whether a statement may name this table of one of the engine's databases. `information_schema` shows only allowed
 * tables.
 */
export function isAllowedEngineTable(database: string, table: string): boolean {
  return database === 'system' ? SYSTEM_TABLES.has(table) : /^information_schema$/i.test(database)
}

export function isEngineDatabase(name: string): boolean {
  return ENGINE_DATABASES.test(name)
}
