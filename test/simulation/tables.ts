/**
 * The store's tables in memory, and the few statements that ingest asks of them. Conditions are evaluated as they are written, so
 * that a changed condition changes the answer; a statement of another form is an error. `test/contracts/checkpoint.ts` holds these
 * answers against the real engine's.
 */
import type { Column, Row } from './blocks.ts'

type Params = Readonly<Record<string, unknown>>
type Condition = (row: Row, params: Params) => boolean

const MS_PER_DAY = 86_400_000

export class Tables {
  readonly #rows = new Map<string, Row[]>()

  of(table: string): Row[] {
    const known = this.#rows.get(table)
    if (known) return known
    const rows: Row[] = []
    this.#rows.set(table, rows)
    return rows
  }

  insert(table: string, rows: readonly Row[]): void {
    this.of(table).push(...rows)
  }

  delete(table: string, where: string, params: Params): void {
    const matches = conditionOf(where)
    this.#rows.set(
      table,
      this.of(table).filter(row => !matches(row, params)),
    )
  }

  select(query: string, params: Params): Record<string, unknown>[] {
    const { table, matches, answer } = comparedTradeOf(query)
    const rows = table === 'gaps FINAL' ? finalGaps(this.of('gaps')) : this.of(table)
    return answer(rows.filter(row => matches(row, params)))
  }
}

interface ComparedTrade {
  table: string
  matches: Condition
  answer: Answer
}
type Answer = (rows: Row[]) => Record<string, unknown>[]

const knownTrades = new Map<string, ComparedTrade>()

function comparedTradeOf(query: string): ComparedTrade {
  const known = knownTrades.get(query)
  if (known) return known
  const text = query.replace(/\s+/g, ' ')
  const [, columns, table, where, rest] =
    /^SELECT (.+?) FROM (\w+(?: FINAL)?)(?: WHERE (.+?))??(| (?:HAVING|GROUP BY|ORDER BY|LIMIT) .+)$/.exec(text) ?? []
  const answer = ANSWERS[`${columns}${rest}`]
  if (!answer) throw new Error(`the simulated store does not know: ${text}`)
  const matches = where ? conditionOf(where) : () => true
  const statement = { table: table!, matches, answer }
  knownTrades.set(query, statement)
  return statement
}

const ANSWERS: Readonly<Record<string, Answer>> = {
  // Nothing moves out of quarantine here, and nothing is archived.
  '* EXCEPT (step, stored_at) ORDER BY epoch, number': () => [],
  'first_offset AS first, last_offset AS last, toString(toDate(slice_start)) AS day ORDER BY first_offset': () => [],
  identity: rows => rows.map(({ identity }) => ({ identity })),
  'toUnixTimestamp64Micro(max(changed_at)) AS newest HAVING count() > 0': rows =>
    rows.length === 0
      ? []
      : [
          {
            newest: microsOf(
              rows
                .map(row => row.changed_at)
                .sort()
                .at(-1)!,
            ),
          },
        ],
  'min(batch_first_offset) AS first HAVING count() > 0': rows => lowest(rows, 'batch_first_offset', 'first'),
  'max(log_hash) AS hash HAVING count() > 0': rows => greatest(rows, 'log_hash', 'hash'),
  'log_offset AS offset, log_hash AS hash ORDER BY log_offset DESC LIMIT 1': rows =>
    rows
      .toSorted((a, b) => b.log_offset - a.log_offset)
      .slice(0, 1)
      .map(row => ({ offset: String(row.log_offset), hash: String(row.log_hash) })),
  'max(log_offset) AS last HAVING count() > 0': rows => greatest(rows, 'log_offset', 'last'),
  'toUnixTimestamp(logged_at) AS seconds LIMIT 1': rows => rows.slice(0, 1).map(row => ({ seconds: row.logged_at })),
  'count() AS rows': rows => [{ rows: String(rows.length) }],
  'toString(log_day) AS day GROUP BY log_day ORDER BY log_day DESC': rows =>
    [...new Set(rows.map(row => row.log_day))].sort((a, b) => b - a).map(day => ({ day: dayText(day) })),
  'venue, symbol, id_run AS run, min(trade_id) AS first, max(trade_id) AS last, count() AS trades, toUnixTimestamp64Nano(min(timestamp)) AS firstNanos, toUnixTimestamp64Nano(max(timestamp)) AS newestNanos GROUP BY venue, symbol, id_run ORDER BY venue, symbol, id_run':
    rows =>
      [...Map.groupBy(rows, row => `${row.venue} ${row.symbol} ${row.id_run}`)]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, group]) => ({
          venue: group[0]!.venue,
          symbol: group[0]!.symbol,
          run: group[0]!.id_run,
          ...lowest(group, 'trade_id', 'first')[0],
          ...greatest(group, 'trade_id', 'last')[0],
          trades: String(group.length),
          firstNanos: String(timesOf(group)[0]),
          newestNanos: String(timesOf(group).at(-1)),
        })),
  'trade_id LIMIT 1': rows => rows.slice(0, 1).map(row => ({ trade_id: String(row.trade_id) })),
  'trade_id AS id, toUnixTimestamp64Nano(timestamp) AS nanos ORDER BY id': rows =>
    rows
      .toSorted((a, b) => a.trade_id - b.trade_id)
      .map(row => ({ id: String(row.trade_id), nanos: String(row.timestamp) })),
  "venue, symbol, id_run AS run, trade_id AS id, reason, JSONExtractString(raw, 'timestamp') AS nanos, toUnixTimestamp64Nano(received_at) AS received ORDER BY trade_id DESC LIMIT 10000 BY venue, symbol, id_run":
    rows =>
      rows
        .toSorted((a, b) => b.trade_id - a.trade_id)
        .map(row => ({
          venue: row.venue,
          symbol: row.symbol,
          run: row.id_run,
          id: String(row.trade_id),
          reason: row.reason,
          received: Infinity,
          nanos: JSON.parse(row.raw).timestamp,
        })),
  'id_run AS run, trade_id AS id': rows => rows.map(row => ({ run: row.id_run, id: String(row.trade_id) })),
  // No id here is that great.
  'venue, symbol, toUnixTimestamp64Nano(max(timestamp)) AS newest GROUP BY venue, symbol': () => [],
  'toString(trade_id) AS id, toString(toUnixTimestamp64Nano(timestamp)) AS nanos, price, volume, toInt8(side) AS side':
    rows =>
      rows.map(({ trade_id, timestamp, price, volume, side }) => ({
        ...{ id: String(trade_id), nanos: String(timestamp), price, volume, side },
      })),
  'venue, symbol, id_run AS run, first_id AS first, last_id AS last, missing AS noted, toString(state) AS state, reason, toUnixTimestamp64Micro(found_at) AS found, toUnixTimestamp64Micro(after_at) AS after, toUnixTimestamp64Micro(before_at) AS before ORDER BY venue, symbol, first_id':
    rows =>
      byFirst(rows).map(row => ({
        ...{ venue: row.venue, symbol: row.symbol, run: row.id_run, ...gapOf(row), noted: String(row.missing) },
        ...{ state: row.state, reason: row.reason },
      })),
  'venue, symbol, run, first_id AS first, last_id AS last, outcome, reason, toUnixTimestamp64Micro(received_at) AS received ORDER BY log_partition, log_offset, log_index':
    rows =>
      rows
        .toSorted((a, b) => a.log_offset - b.log_offset || a.log_index - b.log_index)
        .map(({ venue, symbol, run, first_id, last_id, outcome, reason }) => ({
          ...{ venue, symbol, run: String(run), first: String(first_id), last: String(last_id), outcome, reason },
          received: '0',
        })),
}

const timesOf = (rows: Row[]) => rows.map(({ timestamp }) => timestamp).sort((a, b) => Number(a - b))

const byFirst = (rows: Row[]) => rows.toSorted((a, b) => a.first_id - b.first_id)

const gapOf = (row: Row) => ({
  first: String(row.first_id),
  last: String(row.last_id),
  found: microsOf(row.found_at),
  after: microsOf(row.after_at),
  before: microsOf(row.before_at),
})

function lowest(rows: Row[], column: Column, name: string) {
  if (rows.length === 0) return []
  return [{ [name]: String(rows.reduce((least, row) => Math.min(least, Number(row[column])), Infinity)) }]
}

function greatest(rows: Row[], column: Column, name: string) {
  if (rows.length === 0) return []
  return [{ [name]: String(rows.reduce((most, row) => Math.max(most, Number(row[column])), 0)) }]
}

/** Of each hole the row that was changed last; of two changed at once, the one inserted last. */
export function finalGaps(rows: readonly Row[]): Row[] {
  const newest = new Map<string, Row>()
  for (const row of rows) {
    const key = `${row.venue} ${row.symbol} ${row.first_id} ${row.last_id} ${row.id_run}`
    const before = newest.get(key)
    if (!before || row.changed_at >= before.changed_at) newest.set(key, row)
  }
  return [...newest.values()]
}

const VALUE = String.raw`(?:(?:toDate|fromUnixTimestamp64Nano)\()?\{\w+:\w+(?:\(\w+\))?\}\)?|'[^']*'|\d+`
const TERM = new RegExp(
  String.raw`^(?:toInt64\()?(\w+)\)? (?:(>=|<=|!=|=|<|>|IN) (${VALUE})|BETWEEN (${VALUE}) AND (${VALUE}))(?: AND |$)`,
)
const conditions = new Map<string, Condition>()

function conditionOf(where: string): Condition {
  const known = conditions.get(where)
  if (known) return known
  const terms: Condition[] = []
  let rest = where.replace(/\s+/g, ' ').trim()
  while (rest !== '') {
    const found = TERM.exec(rest)
    if (!found) throw new Error(`the simulated store does not know the condition: ${rest}`)
    const [whole, column, operator, value, low, high] = found
    if (operator) terms.push(compare(column as Column, operator, operandOf(value!)))
    else terms.push(compare(column as Column, '>=', operandOf(low!)), compare(column as Column, '<=', operandOf(high!)))
    rest = rest.slice(whole.length)
  }
  const condition: Condition = (row, params) => terms.every(term => term(row, params))
  conditions.set(where, condition)
  return condition
}

function compare(column: Column, operator: string, value: (params: Params) => unknown): Condition {
  if (operator === 'IN')
    return (row, params) => (value(params) as unknown[]).some(one => String(one) === String(row[column]))
  const holds = COMPARE[operator]!
  return (row, params) => holds(row[column] as string | number, value(params) as string | number)
}

const COMPARE: Readonly<Record<string, (left: string | number, right: string | number) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>=': (left, right) => left >= right,
  '<=': (left, right) => left <= right,
  '<': (left, right) => left < right,
  '>': (left, right) => left > right,
}

/** A literal or a parameter, by its type: days as their number, numbers as such however they are given. */
function operandOf(text: string): (params: Params) => unknown {
  const [, name, type] = /\{(\w+):([^}]+)\}/.exec(text) ?? []
  if (!name) {
    const literal = text.startsWith("'") ? text.slice(1, -1) : Number(text)
    return () => literal
  }
  if (type === 'Date') return params => Date.parse(String(params[name])) / MS_PER_DAY
  if (type === 'Int64' && text.startsWith('fromUnixTimestamp64Nano')) return params => params[name]
  if (type === 'String' || type!.startsWith('Array')) return params => params[name]
  return params => Number(params[name])
}

const dayText = (day: number) => new Date(day * MS_PER_DAY).toISOString().slice(0, 10)

function microsOf(time: string): string {
  const [seconds, micros] = time.split('.')
  return String(Date.parse(`${seconds!.replace(' ', 'T')}Z`) * 1000 + Number(micros))
}
