/**
 * Which statements a stranger may run: one that only reads tables. The engine in this process has no users, and its read-only
 * mode still reaches files and other servers in places, so the statement is judged by how the engine itself parses it.
 */
import { TickhouseError } from '../errors.ts'
import type { Store } from '../store/store.ts'

/** Kinds of statement that only read, as the engine's parser names them. */
const STATEMENTS = new Set([
  'SelectWithUnionQuery',
  'ShowTables',
  'DescribeQuery',
  'Explain',
  'ExistsTableQuery',
  'ShowCreateTableQuery',
  'ShowColumns',
])
/** Table functions that neither leave the database nor read files. */
const TABLE_FUNCTIONS = new Set([
  'numbers',
  'numbers_mt',
  'zeros',
  'generateseries',
  'generate_series',
  'values',
  'view',
  'null',
  'candles',
  'merge',
])
/** Table functions that leave the database, wherever a statement calls them. */
const LEAVING_FUNCTIONS =
  /^(url|s3.*|hdfs.*|azure.*|gcs|iceberg.*|delta.*|hudi.*|remote.*|cluster.*|mysql|postgresql|sqlite|mongodb|redis|jdbc|odbc|executable|input|python|shell.*|filesystem|dictionary)$/i
/**
 * Ordinary functions that reach files, other servers or this process. One can be named without being called
 * (`* APPLY file`, `arrayMap(file, …)`), and the engine's tree does not show all of these: no word of a statement may be one.
 */
const REACHING_FUNCTIONS =
  /^(file|dict(Get|Has|IsIn).*|joinGet.*|catboost.*|sleep.*|getServerPort|tcpPort|getMacro|filesystem(Available|Capacity|Free|Unreserved)|addressTo.*|demangle|hostName|fullHostName|fqdn|buildId|getOSKernelVersion|ai(Generate|Extract|Classify|Translate|Embed))$/i
/** The words of a formatted statement: texts are matched to be passed over, quoted names for what they name. */
const WORDS = /'(?:[^'\\]|\\.)*'|`((?:[^`\\]|\\.)*)`|(\w+)/gs
const QUERY_LENGTH_MAX = 100_000

/** The statement as one the engine will run, without a second one hidden behind it. Throws `query_failed` if it may not run. */
export async function admit(store: Store, query: string): Promise<string> {
  if (query.length > QUERY_LENGTH_MAX) throw refused(`the query is longer than ${QUERY_LENGTH_MAX} characters`)
  const single = await parseSingle(store, query)
  for (const [, quoted, bare] of single.matchAll(WORDS)) {
    const word = quoted ?? bare ?? ''
    if (REACHING_FUNCTIONS.test(word)) throw refused(`function ${word} reaches outside the tables`)
  }
  const tree = new TextDecoder().decode(await store.untrusted(`EXPLAIN AST ${single}`, 'TSVRaw'))
  const nodes = tree.split('\n').map(line => ({ depth: line.search(/\S/), text: line.trim() }))
  const statement = /^\w+/.exec(nodes[0]?.text ?? '')?.[0] ?? ''
  if (!STATEMENTS.has(statement)) throw refused(`${statement || 'this'} is not a statement that only reads`)
  for (const [index, { depth, text }] of nodes.entries()) {
    if (depth === 1 && /^Literal/.test(text)) throw refused('INTO OUTFILE writes a file')
    const name = /^Function (\S+)/.exec(text)?.[1]
    if (name === undefined) continue
    if (LEAVING_FUNCTIONS.test(name)) throw refused(`function ${name} reaches outside the tables`)
    if (nodes[index - 1]?.text.startsWith('TableExpression') && !TABLE_FUNCTIONS.has(name.toLowerCase())) {
      throw refused(`table function ${name} is not among those that stay inside the database`)
    }
  }
  return single
}

/** Parsed by the engine as one statement: `SELECT 1; DROP TABLE trades` is none. */
async function parseSingle(store: Store, query: string): Promise<string> {
  try {
    const [row] = await store.rows<{ single: string }>('SELECT formatQuery({query:String}) AS single', {
      query: query.trim().replace(/;$/, ''),
    })
    return row!.single
  } catch (error) {
    throw refused((error as Error).message.replace(/\.? ?: (While processing|In scope) .*/s, ''))
  }
}

function refused(message: string): TickhouseError {
  return new TickhouseError(
    'query_failed',
    message,
    'Ask with SELECT, SHOW, DESCRIBE, EXISTS or EXPLAIN over the tables: see docs/query.md.',
  )
}
