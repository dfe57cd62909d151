/**
 * The tables that a statement of an untrusted client may name: those of the store's database, and allowed ones of the
 * engine's. The embedded engine reads any other name as a file of this machine, so no other name reaches it.
 */
import { isAllowedEngineTable, isEngineDatabase } from './guard-lists.ts'

export interface KnownTables {
  database: string
  tables: ReadonlySet<string>
  /** Columns of all tables: a name alone after IN may be a column. */
  columns: ReadonlySet<string>
}

export interface TreeNode {
  depth: number
  text: string
}

/** String, quoted name, word or number, sign. */
const TOKENS = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|\w+|\S/gs
/** Called as a function, its second argument would be a table name. */
const IN_CALLED = /^(global)?(not)?(null)?in(ignoreset)?$/i
/** The tree does not quote names, so these would be misread in it. */
const ODD_NAME = /\\[^`'"\\]|[\p{Cc}]|\((alias|children) /u
const CONSTANTS = new Set(['NULL', 'true', 'false'])
/** A name of a common table expression; any other could be that of a file. */
const PLAIN = /^\w+$/

/** The first table name of the statement that may not be read, or undefined. `whole` is formatted by the engine. */
export function unknownTable(whole: string, nodes: readonly TreeNode[], known: KnownTables): string | undefined {
  const tokens = whole.match(TOKENS) ?? []
  const withs = namesGiven(tokens)
  const aliases = nodes.flatMap(({ text }) => /\(alias (\w+)\)/.exec(text)?.[1] ?? [])
  const named = [...tableIdentifiers(nodes), ...shown(nodes)].find(
    name => !isKnown(name, known) && !withs.has(name.join('.')),
  )
  if (named) return named.join('.')
  const besides = new Set([...withs, ...aliases])
  const among = namesBehindIn(tokens).find(
    name => !isKnown(name, known) && !besides.has(name[0]!) && !known.columns.has(name.at(-1)!),
  )
  return among?.join('.')
}

/** The reason to refuse a statement whose tree does not show all its tables, or undefined. */
export function hiddenTable(whole: string, nodes: readonly TreeNode[]): string | undefined {
  const tokens = whole.match(TOKENS) ?? []
  const selects = tokens.filter(token => token === 'SELECT').length
  if (selects > nodes.filter(({ text }) => /^SelectQuery\b/.test(text)).length) return 'a subquery within APPLY'
  const odd = tokens.find(token => token.startsWith('`') && ODD_NAME.test(token))
  if (odd) return `the name ${odd}`
  const called = tokens.find(
    (token, index) => IN_CALLED.test(bare(token)) && token !== 'IN' && tokens[index + 1] === '(',
  )
  return called && `${bare(called)}() called as a function: write IN as an operator`
}

/** Whether an EXISTS statement names a table that untrusted clients may not know. */
export function existsUnknown(nodes: readonly TreeNode[], known: KnownTables): boolean {
  const names = identifiersBelow(nodes)
  if (nodes[0]?.text.startsWith('ExistsDatabaseQuery'))
    return names[0] !== known.database && !isEngineDatabase(names[0] ?? '')
  return /^Exists\w+Query\b/.test(nodes[0]?.text ?? '') && !isKnown(names, known)
}

function isKnown(name: readonly string[], { database, tables }: KnownTables): boolean {
  const [first, second] = name
  if (second === undefined) return tables.has(first!)
  if (name.length > 2) return false
  return isEngineDatabase(first!) ? isAllowedEngineTable(first!, second) : first === database && tables.has(second)
}

/**
 * `TableIdentifier default.trades (alias t)`: a dot in a quoted name looks like one between two, which names no other
 * table.
 */
function tableIdentifiers(nodes: readonly TreeNode[]): string[][] {
  return nodes.flatMap(({ text }) => {
    const name = /^TableIdentifier (.*?)(?: \(alias .*\))?(?: \(children \d+\))?$/s.exec(text)?.[1]
    return name === undefined ? [] : [name.split('.')]
  })
}

/** `SHOW CREATE` has the names below the statement itself. */
function shown(nodes: readonly TreeNode[]): string[][] {
  return /^ShowCreate\w+Query\b/.test(nodes[0]?.text ?? '') ? [identifiersBelow(nodes)] : []
}

function identifiersBelow(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap(({ depth, text }) => (depth === 1 ? (/^Identifier (.*)$/s.exec(text)?.[1] ?? []) : []))
}

/** Names of common table expressions: `x AS (SELECT`, and `x (a, b) AS (SELECT`. */
function namesGiven(tokens: readonly string[]): Set<string> {
  const names = new Set<string>()
  for (const [index, token] of tokens.entries()) {
    if (token !== 'AS' || tokens[index + 1] !== '(') continue
    let at = index - 1
    if (tokens[at] === ')') at = tokens.lastIndexOf('(', at) - 1
    const name = bare(tokens[at] ?? '')
    if (PLAIN.test(name)) names.add(name)
  }
  return names
}

/** Names after the operator IN, in brackets or not. */
function namesBehindIn(tokens: readonly string[]): string[][] {
  const names: string[][] = []
  for (const [index, token] of tokens.entries()) {
    if (token !== 'IN') continue
    let at = index + 1
    while (tokens[at] === '(') at++
    const name: string[] = []
    while (isName(tokens[at])) {
      name.push(bare(tokens[at]!))
      if (tokens[at + 1] !== '.') break
      at += 2
    }
    const next = tokens[at + 1]
    const bracketed = tokens[index + 1] === '('
    if (name.length === 0 || next === '(' || (bracketed && next !== ')')) continue
    if (!(name.length === 1 && CONSTANTS.has(name[0]!))) names.push(name)
  }
  return names
}

function isName(token: string | undefined): boolean {
  return token !== undefined && /^(`|[A-Za-z_])/.test(token) && !(token === 'SELECT' || token === 'WITH')
}

/** A name without its quotes. */
function bare(token: string): string {
  return token.startsWith('`') ? token.slice(1, -1).replace(/\\(.)/gs, '$1') : token
}
