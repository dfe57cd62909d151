/**
 * Which statements a stranger may run: one that only reads tables. The engine in this process has no users, and its read-only
 * mode still reaches files and other servers in places, so the statement is judged by how the engine itself parses it: every
 * function and every table in it must be among those that are known to stay inside.
 *
 * The engine's tree of a statement does not show everything (`* APPLY file` names a function that is not in it), so each word of
 * the statement, as the engine writes it, is judged as well.
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

/** Runs a statement for the gate itself and gives the answer as TSVRaw. */
export type Ask = (query: string, parameters: Readonly<Record<string, string>>) => Promise<Uint8Array>

export interface Admitted {
  /** As it is to be run: what was judged is this text. */
  query: string
  /** The form that the statement itself asks for. */
  format: string | undefined
  /** What stood in a SETTINGS clause at the end, unjudged; it is no part of the query any more. */
  settings: Record<string, string>
}

/** Kinds of statement that only read, as the engine's parser names them. */
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
/** Written like calls of functions, but syntax. */
const CALL_LIKE = new Set(['COLUMNS'])
/** The words of a formatted statement: texts are matched to be passed over, quoted names for what they name. */
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
/** What the engine would answer if it were asked whether a table exists that there is not. */
const NOT_THERE = 'SELECT toUInt8(0) AS result'

export class QueryGuard {
  readonly #ask: Ask
  #notAllowed: Promise<ReadonlySet<string>> | undefined
  #known: Promise<KnownTables> | undefined

  constructor(ask: Ask) {
    this.#ask = ask
  }

  /**
   * The statement as the engine will run it, without a second one hidden behind it. Throws `query_failed` if it may not run; its
   * cause is the engine's error where that could not read it.
   */
  async admit(query: string, parameters: Readonly<Record<string, string>> = {}): Promise<Admitted> {
    if (query.length > QUERY_LENGTH_MAX) throw refused(`the query is longer than ${QUERY_LENGTH_MAX} characters`)
    if (query.includes('\0')) throw refused('the query has a zero byte')
    const whole = await this.#parseSingle(query, parameters)
    const [clause = '', set = ''] = SETTINGS_CLAUSE.exec(whole) ?? []
    const single = clause ? await this.#format(whole.replace(clause, '')) : whole
    const format = /\sFORMAT (\w+)\s*$/.exec(single)?.[1]
    const nodes = await this.#tree(single, parameters)
    judgeKind(nodes)
    const callable = new Set([...CALL_LIKE, ...(await this.#viewsCalled(nodes))])
    judgeCalls(nodes, callable)
    judgeWords(single, { callable, notAllowed: await this.#engineNames() })
    if (!(await this.#judgeTables(single, nodes)))
      return { query: `${NOT_THERE}${format ? ` FORMAT ${format}` : ''}`, format, settings: settingsIn(set) }
    return { query: single, format, settings: settingsIn(set) }
  }

  /**
   * Each table that is named. False for a question whether something exists that is nothing to a stranger. One that is not known may
   * have been made since the last look.
   */
  async #judgeTables(single: string, nodes: readonly TreeNode[]): Promise<boolean> {
    const hidden = hiddenTable(single, nodes)
    if (hidden) throw refused(`${hidden} is not taken`)
    const look = (known: KnownTables) => unknownTable(single, nodes, known)
    if (look(await this.#knownTables()) !== undefined) this.#known = undefined
    const unknown = look(await this.#knownTables())
    if (unknown === undefined) return !existsUnknown(nodes, await this.#knownTables())
    const message = `Unknown table expression identifier '${unknown}'.`
    throw refused(message, new ClickHouseError({ code: '60', type: 'UNKNOWN_TABLE', message }))
  }

  #knownTables(): Promise<KnownTables> {
    this.#known ??= this.#askTables().catch(error => {
      this.#known = undefined
      throw error
    })
    return this.#known
  }

  async #askTables(): Promise<KnownTables> {
    const lines = (query: string) => asked(this.#ask, query).then(text => text.split('\n'))
    const where = 'WHERE database = currentDatabase()'
    return {
      database: (await lines('SELECT currentDatabase()'))[0]!,
      tables: new Set(await lines(`SELECT name FROM system.tables ${where}`)),
      columns: new Set(await lines(`SELECT DISTINCT name FROM system.columns ${where}`)),
    }
  }

  /** Parsed by the engine as one statement: `SELECT 1; DROP TABLE trades` is none. Names given as parameters are set in. */
  async #parseSingle(query: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    const single = await this.#format(query.trim().replace(/;$/, ''))
    const named = single.replaceAll(IDENTIFIER_PARAMETER, (whole, name: string | undefined) =>
      name !== undefined && Object.hasOwn(parameters, name) ? identifier(parameters[name]!) : whole,
    )
    return named === single ? single : this.#format(named)
  }

  #format(query: string): Promise<string> {
    return asked(this.#ask, `SELECT formatQuery(${literal(query)})`)
  }

  async #tree(query: string, parameters: Readonly<Record<string, string>>): Promise<TreeNode[]> {
    const tree = await asked(this.#ask, `EXPLAIN AST ${query}`, parameters)
    return tree.split('\n').map(line => ({ depth: line.search(/\S/), text: line.trim() }))
  }

  /** Functions that this engine knows and that are not allowed, in lower case: newer ones than were judged among them. */
  #engineNames(): Promise<ReadonlySet<string>> {
    this.#notAllowed ??= this.#askFunctions().catch(error => {
      this.#notAllowed = undefined
      throw error
    })
    return this.#notAllowed
  }

  async #askFunctions(): Promise<ReadonlySet<string>> {
    const names = await asked(this.#ask, 'SELECT name FROM system.functions')
    return new Set(names.split('\n').flatMap(name => (isAllowedFunction(name) ? [] : name.toLowerCase())))
  }

  /** Views of the database that stand where a table function would. */
  async #viewsCalled(nodes: readonly TreeNode[]): Promise<string[]> {
    const called = nodes.flatMap(({ text }, index) => (isTableFunction(nodes, index) ? (functionName(text) ?? []) : []))
    if (called.every(isAllowedTableFunction)) return []
    const views = await asked(
      this.#ask,
      `SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'
       AND lower(name) NOT IN (SELECT lower(name) FROM system.table_functions)`,
    )
    return views.split('\n').filter(name => called.includes(name))
  }
}

function judgeKind(nodes: readonly TreeNode[]): void {
  const kind = /^\w+/.exec(nodes[0]?.text ?? '')?.[0] ?? ''
  if (!STATEMENTS.has(kind)) throw refused(`${kind || 'this'} is not a statement that only reads`)
  const parts = nodes.filter(({ depth }) => depth === 1).map(({ text }) => /^\w+/.exec(text)?.[0] ?? '')
  if (kind === 'Explain' && !parts.every(part => EXPLAINED.has(part))) throw refused('only a SELECT can be explained')
  if (parts.includes('Literal')) throw refused('INTO OUTFILE writes a file')
}

/** Each call that the tree shows. */
function judgeCalls(nodes: readonly TreeNode[], callable: ReadonlySet<string>): void {
  for (const [index, { text }] of nodes.entries()) {
    const name = functionName(text)
    if (name === undefined || callable.has(name) || isAllowedTableFunction(name)) continue
    if (isTableFunction(nodes, index)) throw refused(`table function ${name} is not among those that stay inside`)
    if (!isAllowedFunction(name)) throw refused(`function ${name} is not among those that stay inside the tables`)
  }
}

/** Each word of the text: what is called, what is named, and tables of the engine's own databases. */
function judgeWords(
  statement: string,
  { callable, notAllowed }: { callable: ReadonlySet<string>; notAllowed: ReadonlySet<string> },
): void {
  let database: string | undefined
  for (const { 1: word, index } of statement.matchAll(WORDS)) {
    if (word === undefined) continue
    const name = word.startsWith('`') ? word.slice(1, -1).replace(/\\(.)/gs, '$1') : word
    const follows = statement[index + word.length]
    if (isUnboundedFunction(name)) throw refused(`function ${name} takes time or depth that the engine does not bound`)
    if (notAllowed.has(name.toLowerCase())) throw refused(`function ${name} reaches outside the tables`)
    const known = callable.has(name) || isAllowedFunction(name) || isAllowedTableFunction(name)
    if (follows === '(' && !known) throw refused(`function ${name} is not among those that stay inside the tables`)
    if (word === 'OUTFILE') throw refused('INTO OUTFILE writes a file')
    if (
      word === 'SETTINGS' &&
      /^\s+\w+ =/.test(statement.slice(index + word.length, index + word.length + SETTING_LENGTH_MAX))
    )
      throw refused('SETTINGS are taken at the end of the whole statement only')
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

async function asked(ask: Ask, query: string, parameters: Readonly<Record<string, string>> = {}): Promise<string> {
  try {
    return new TextDecoder().decode(await ask(query, parameters)).trim()
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
    'Ask with SELECT, SHOW, DESCRIBE, EXISTS or EXPLAIN over the tables: see docs/query.md.',
    { cause },
  )
}
