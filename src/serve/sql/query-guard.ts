/**
 * Checks that a statement of an untrusted client only reads tables. The engine in this process has no users, and its
 * read-only mode still reaches files and other servers, so the statement is checked as the engine parses it: every
 * function and table in it must be on the allow lists.
 *
 * The engine's syntax tree is incomplete (`* APPLY file` names a function that is not in it), so each word of the
 * statement, as the engine formats it, is checked as well.
 */
import { ClickHouseError } from '@clickhouse/client'
import { TickhouseError } from '../../errors.ts'
import { identifier, literal } from '../../store/sql.ts'
import {
  isAllowedEngineTable,
  isAllowedFunction,
  isAllowedTableFunction,
  isEngineDatabase,
  isUnboundedFunction,
} from './guard-lists.ts'
import { existsUnknown, hiddenTable, type KnownTables, type TreeNode, unknownTable } from './guard-tables.ts'

/** Runs a statement of the guard and returns the answer as TSVRaw. */
export type RunGuardQuery = (query: string, parameters: Readonly<Record<string, string>>) => Promise<Uint8Array>

export interface Admitted {
  /** The statement to run: exactly the checked text. */
  query: string
  /** The FORMAT of the statement. */
  format: string | undefined
  /** The SETTINGS clause at the end, unchecked; the query does not contain it any more. */
  settings: Record<string, string>
}

/** Read-only kinds of statement, by the names of the engine's parser. */
const STATEMENTS = new Set([
  'SelectWithUnionQuery',
  'ShowTables',
  'ShowColumns',
  'ShowFunctions',
  'ShowEngineQuery',
  'ShowSetting',
  'ShowCreateTableQuery',
  'ShowCreateViewQuery',
  'DescribeQuery',
  'Explain',
  'ExistsTableQuery',
  'ExistsViewQuery',
  'ExistsDatabaseQuery',
])
const EXPLAINED = new Set(['SelectWithUnionQuery', 'Set', 'Identifier'])
/** Syntax that looks like a function call. */
const CALL_LIKE = new Set(['COLUMNS'])
/** The words of a formatted statement: strings are matched to skip them, quoted names for their content. */
const WORDS = /'(?:[^'\\]|\\.)*'|(`(?:[^`\\]|\\.)*`|\w+)/gs
const IDENTIFIER_PARAMETER = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\{(\w+):Identifier\}/gs
const SETTING = /(\w+) = ('(?:[^'\\]|\\.)*'|\{(?:'(?:[^'\\]|\\.)*'[:, ]*)*\}|-?[\w.]+)/gs
/** A SETTINGS clause at the end of a statement, before or after its FORMAT. */
const SETTINGS_CLAUSE = new RegExp(
  `\\sSETTINGS (${SETTING.source}(?:, ${SETTING.source})*)(?=\\s*(?:FORMAT \\w+\\s*)?$)`,
  's',
)
const SETTING_LENGTH_MAX = 200
const QUERY_LENGTH_MAX = 100_000
/** The engine's answer to EXISTS for a missing table. */
const NOT_FOUND = 'SELECT toUInt8(0) AS result'

export class QueryGuard {
  readonly #run: RunGuardQuery
  #notAllowed: Promise<ReadonlySet<string>> | undefined
  #known: Promise<KnownTables> | undefined

  constructor(run: RunGuardQuery) {
    this.#run = run
  }

  /**
   * The statement that the engine will run, without a second one hidden behind it. Throws `query_failed` if it is
   * refused; its cause is the engine's error if that could not parse it.
   */
  async admit(query: string, parameters: Readonly<Record<string, string>> = {}): Promise<Admitted> {
    if (query.length > QUERY_LENGTH_MAX) throw refused(`the query is longer than ${QUERY_LENGTH_MAX} characters`)
    if (query.includes('\0')) throw refused('the query contains a zero byte')
    const whole = await this.#parseSingle(query, parameters)
    const [clause = '', set = ''] = SETTINGS_CLAUSE.exec(whole) ?? []
    const single = clause ? await this.#format(whole.replace(clause, '')) : whole
    const format = /\sFORMAT (\w+)\s*$/.exec(single)?.[1]
    const nodes = await this.#tree(single, parameters)
    checkKind(nodes)
    const callable = new Set([...CALL_LIKE, ...(await this.#viewsCalled(nodes))])
    checkCalls(nodes, callable)
    checkWords(single, { callable, notAllowed: await this.#engineNames() })
    if (!(await this.#checkTables(single, nodes)))
      return { query: `${NOT_FOUND}${format ? ` FORMAT ${format}` : ''}`, format, settings: settingsIn(set) }
    return { query: single, format, settings: settingsIn(set) }
  }

  /**
   * Checks each table name. False for EXISTS with a table that the client may not know. An unknown table may be new, so
   * the list is read again once.
   */
  async #checkTables(single: string, nodes: readonly TreeNode[]): Promise<boolean> {
    const hidden = hiddenTable(single, nodes)
    if (hidden) throw refused(`${hidden} is not allowed`)
    const find = (known: KnownTables) => unknownTable(single, nodes, known)
    if (find(await this.#knownTables()) !== undefined) this.#known = undefined
    const unknown = find(await this.#knownTables())
    if (unknown === undefined) return !existsUnknown(nodes, await this.#knownTables())
    const message = `Unknown table expression identifier '${unknown}'.`
    throw refused(message, new ClickHouseError({ code: '60', type: 'UNKNOWN_TABLE', message }))
  }

  #knownTables(): Promise<KnownTables> {
    this.#known ??= this.#fetchTables().catch(error => {
      this.#known = undefined
      throw error
    })
    return this.#known
  }

  async #fetchTables(): Promise<KnownTables> {
    const lines = (query: string) => fetchText(this.#run, query).then(text => text.split('\n'))
    const where = 'WHERE database = currentDatabase()'
    return {
      database: (await lines('SELECT currentDatabase()'))[0]!,
      tables: new Set(await lines(`SELECT name FROM system.tables ${where}`)),
      columns: new Set(await lines(`SELECT DISTINCT name FROM system.columns ${where}`)),
    }
  }

  /**
   * The text as one statement, formatted by the engine: `SELECT 1; DROP TABLE trades` is refused. Identifier parameters
   * are filled in.
   */
  async #parseSingle(query: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const single = await this.#format(query.trim().replace(/;$/, ''))
    const named = single.replaceAll(IDENTIFIER_PARAMETER, (whole, name: string | undefined) =>
      name !== undefined && Object.hasOwn(parameters, name) ? identifier(parameters[name]!) : whole,
    )
    return named === single ? single : this.#format(named)
  }

  #format(query: string): Promise<string> {
    return fetchText(this.#run, `SELECT formatQuery(${literal(query)})`)
  }

  async #tree(query: string, parameters: Readonly<Record<string, string>>): Promise<TreeNode[]> {
    const tree = await fetchText(this.#run, `EXPLAIN AST ${query}`, parameters)
    return tree.split('\n').map(line => ({ depth: line.search(/\S/), text: line.trim() }))
  }

  /** Functions of this engine that are not allowed, in lower case, including ones newer than the lists. */
  #engineNames(): Promise<ReadonlySet<string>> {
    this.#notAllowed ??= this.#fetchFunctions().catch(error => {
      this.#notAllowed = undefined
      throw error
    })
    return this.#notAllowed
  }

  async #fetchFunctions(): Promise<ReadonlySet<string>> {
    const names = await fetchText(this.#run, 'SELECT name FROM system.functions')
    return new Set(names.split('\n').flatMap(name => (isAllowedFunction(name) ? [] : name.toLowerCase())))
  }

  /** Views of the database that are called like a table function. */
  async #viewsCalled(nodes: readonly TreeNode[]): Promise<string[]> {
    const called = nodes.flatMap(({ text }, index) => (isTableFunction(nodes, index) ? (functionName(text) ?? []) : []))
    if (called.every(isAllowedTableFunction)) return []
    const views = await fetchText(
      this.#run,
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'
       AND lower(name) NOT IN (SELECT lower(name) FROM system.table_functions)`,
    )
    return views.split('\n').filter(name => called.includes(name))
  }
}

function checkKind(nodes: readonly TreeNode[]): void {
  const kind = /^\w+/.exec(nodes[0]?.text ?? '')?.[0] ?? ''
  if (!STATEMENTS.has(kind)) throw refused(`${kind || 'this'} is not a read-only statement`)
  const parts = nodes.filter(({ depth }) => depth === 1).map(({ text }) => /^\w+/.exec(text)?.[0] ?? '')
  if (kind === 'Explain' && !parts.every(part => EXPLAINED.has(part))) throw refused('EXPLAIN accepts only a SELECT')
  if (parts.includes('Literal')) throw refused('INTO OUTFILE writes a file')
}

/** Checks each call of the tree. */
function checkCalls(nodes: readonly TreeNode[], callable: ReadonlySet<string>): void {
  for (const [index, { text }] of nodes.entries()) {
    const name = functionName(text)
    if (name === undefined || callable.has(name) || isAllowedTableFunction(name)) continue
    if (isTableFunction(nodes, index)) throw refused(`table function ${name} is not allowed`)
    if (!isAllowedFunction(name)) throw refused(`function ${name} is not allowed`)
  }
}

/** Checks each word of the text: calls, names, and tables of the engine's databases. */
function checkWords(
  statement: string,
  { callable, notAllowed }: { callable: ReadonlySet<string>; notAllowed: ReadonlySet<string> },
): void {
  let database: string | undefined
  for (const { 1: word, index } of statement.matchAll(WORDS)) {
    if (word === undefined) continue
    const name = word.startsWith('`') ? word.slice(1, -1).replace(/\\(.)/gs, '$1') : word
    const follows = statement[index + word.length]
    if (isUnboundedFunction(name)) throw refused(`function ${name} takes time or depth that the engine does not limit`)
    if (notAllowed.has(name.toLowerCase())) throw refused(`function ${name} is not allowed`)
    const known = callable.has(name) || isAllowedFunction(name) || isAllowedTableFunction(name)
    if (follows === '(' && !known) throw refused(`function ${name} is not allowed`)
    if (word === 'OUTFILE') throw refused('INTO OUTFILE writes a file')
    if (
      word === 'SETTINGS' &&
      /^\s+\w+ =/.test(statement.slice(index + word.length, index + word.length + SETTING_LENGTH_MAX))
    )
      throw refused('SETTINGS is allowed only at the end of the whole statement')
    if (database !== undefined && !isAllowedEngineTable(database, name))
      throw refused(`${database}.${name} may not be read`)
    if (/^(system|information_schema)\./i.test(name)) throw refused(`${name} may not be read`)
    database = follows === '.' && isEngineDatabase(name) ? name : undefined
  }
}

function functionName(text: string): string | undefined {
  return /^Function (\S+)/.exec(text)?.[1]
}

function isTableFunction(nodes: readonly TreeNode[], index: number): boolean {
  return nodes[index - 1]?.text.startsWith('TableExpression') ?? false
}

function settingsIn(clause: string): Record<string, string> {
  const found = [...clause.matchAll(SETTING)].map(([, name, value]) => [name, plain(value!)])
  return Object.fromEntries(found)
}

function plain(value: string): string {
  return value.startsWith("'") ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value
}

async function fetchText(
  run: RunGuardQuery,
  query: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    return new TextDecoder().decode(await run(query, parameters)).trim()
  } catch (error) {
    if (!(error instanceof ClickHouseError)) throw error
    const message = error.message.replace(/\.? ?: (While processing|In scope) .*/s, '')
    throw refused(message, new ClickHouseError({ message, code: error.code, type: error.type ?? '' }))
  }
}

function refused(message: string, cause?: ClickHouseError): TickhouseError {
  return new TickhouseError(
    'query_failed',
    message,
    'Use SELECT, SHOW, DESCRIBE, EXISTS or EXPLAIN on the tables: see docs/query.md.',
    { cause },
  )
}
