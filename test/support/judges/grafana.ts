/**
 * Expands a dashboard's statement like Grafana and its ClickHouse data source (version 4) before the query: macros by
 * the data source's README ("Macros"), variables by Grafana's documentation of their formats ("Variable syntax").
 */

export interface Range {
  fromMs: number
  toMs: number
  /** Width of a step, as Grafana derives it from range and panel. */
  intervalMs: number
}

/** A variable's value: one, several, or all that there are. */
export type Chosen = string | readonly string[] | '$__all'
export type Variables = Readonly<Record<string, Chosen>>

/** The statement as it is sent. Throws for a macro, a variable or a format that is not known. */
export function expand(rawSql: string, range: Range, variables: Variables): string {
  const sql = expandMacros(expandVariables(expandConditionalAll(rawSql, variables), variables), range)
  const left = /\$\w+|\$\{[^}]*\}/.exec(sql.replaceAll(/'(?:[^'\\]|\\.)*'/g, ''))
  if (left) throw new Error(`${left[0]} is left in: ${sql}`)
  return sql
}

/** `$__conditionalAll(condition, $variable)`: the condition, or 1=1 where all or nothing is chosen. */
function expandConditionalAll(sql: string, variables: Variables): string {
  const macro = '$__conditionalAll'
  const start = sql.lastIndexOf(macro)
  if (start === -1) return sql
  const { args, end } = argumentsAt(sql, start + macro.length)
  const name = /^\$(\w+)$/.exec(args[1] ?? '')?.[1]
  if (args.length !== 2 || name === undefined) throw new Error(`${macro}(${args.join(', ')})`)
  const value = chosenOf(name, variables)
  const condition = value === '$__all' || value === '' || value.length === 0 ? '1=1' : args[0]!
  return expandConditionalAll(sql.slice(0, start) + condition + sql.slice(end), variables)
}

function expandVariables(sql: string, variables: Variables): string {
  return sql.replaceAll(/\$\{(\w+):(\w+)\}|\$(?!__)(\w+)/g, (_, name?: string, format?: string, plain?: string) => {
    const value = chosenOf(name ?? plain!, variables)
    const values = typeof value === 'string' ? [value] : value
    if (value === '$__all') throw new Error(`all of ${name ?? plain} where values are wanted`)
    switch (format) {
      case 'singlequote':
        return values.map(each => `'${each.replaceAll("'", "\\'")}'`).join(',')
      case 'percentencode':
        return percentEncoded(typeof value === 'string' ? value : `{${value.join(',')}}`)
      case undefined:
        return typeof value === 'string' ? value : `'${value.join("','")}'`
      default:
        throw new Error(`format ${format}`)
    }
  })
}

/** All but letters, digits and `-._~`. */
const percentEncoded = (text: string) =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, sign => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

function chosenOf(name: string, variables: Variables): Chosen {
  const value = variables[name]
  if (value === undefined) throw new Error(`there is no variable ${name}`)
  return value
}

const MACROS: Record<string, (range: Range, ...args: string[]) => string> = {
  fromTime: ({ fromMs }) => seconds(fromMs),
  toTime: ({ toMs }) => seconds(toMs),
  fromTime_ms: ({ fromMs }) => milliseconds(fromMs),
  toTime_ms: ({ toMs }) => milliseconds(toMs),
  timeFilter: ({ fromMs, toMs }, column) => `${column} >= ${seconds(fromMs)} AND ${column} <= ${seconds(toMs)}`,
  timeFilter_ms: ({ fromMs, toMs }, column) =>
    `${column} >= ${milliseconds(fromMs)} AND ${column} <= ${milliseconds(toMs)}`,
  dateFilter: ({ fromMs, toMs }, column) => `${column} >= ${date(fromMs)} AND ${column} <= ${date(toMs)}`,
  timeInterval: ({ intervalMs }, column) =>
    `toStartOfInterval(toDateTime(${column}), INTERVAL ${wholeSeconds(intervalMs)} second)`,
  timeInterval_ms: ({ intervalMs }, column) =>
    `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${Math.max(intervalMs, 1)} millisecond)`,
  interval_s: ({ intervalMs }) => String(wholeSeconds(intervalMs)),
}

const seconds = (ms: number) => `toDateTime(${Math.floor(ms / 1000)})`
const milliseconds = (ms: number) => `fromUnixTimestamp64Milli(${Math.floor(ms)})`
const date = (ms: number) => `toDate('${new Date(ms).toISOString().slice(0, 10)}')`
const wholeSeconds = (ms: number) => Math.max(Math.floor(ms / 1000), 1)

function expandMacros(sql: string, range: Range): string {
  const found = /\$__(\w+)/.exec(sql)
  if (!found) return sql
  const [whole, name] = found
  const macro = MACROS[name!]
  if (!macro) throw new Error(`there is no macro ${whole}`)
  const after = found.index + whole.length
  const { args, end } = macro.length > 1 ? argumentsAt(sql, after) : { args: [], end: after }
  if (args.length !== macro.length - 1) throw new Error(`${whole} with ${args.length} arguments`)
  return expandMacros(sql.slice(0, found.index) + macro(range, ...args) + sql.slice(end), range)
}

/**
 * What stands between the bracket at `start` and its own closing one, divided by the commas that are in no other
 * bracket.
 */
function argumentsAt(sql: string, start: number): { args: string[]; end: number } {
  if (sql[start] !== '(') throw new Error(`no bracket in: ${sql.slice(start)}`)
  const args: string[] = []
  let depth = 0
  let from = start + 1
  for (let at = start; at < sql.length; at++) {
    if (sql[at] === '(') depth++
    if (sql[at] === ')') depth--
    if ((sql[at] === ',' && depth === 1) || depth === 0) {
      args.push(sql.slice(from, at).trim())
      from = at + 1
    }
    if (depth === 0) return { args, end: at + 1 }
  }
  throw new Error(`a bracket stays open in: ${sql.slice(start)}`)
}
