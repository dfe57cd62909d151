/** Every statement of every dashboard, on a store that a house has filled, through the interface by which Grafana asks. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DASHBOARDS } from '../../dashboards/index.ts'
import { parseConfig } from '../../src/config.ts'
import { Journal } from '../../src/observe/journal.ts'
import { type Serving, serveStore } from '../../src/pipeline.ts'
import { type Statement, statementsOf } from '../support/dashboard-statements.ts'
import { fillStore } from '../support/filled-store.ts'
import { expand, type Range, type Variables } from '../support/grafana.ts'
import { TOKEN } from '../support/sql-house.ts'

const HOUR_MS = 3_600_000

interface Frame {
  meta: { name: string; type: string }[]
  data: unknown[][]
}

const ends: (() => unknown)[] = []
let serving: Serving
let range: Range
let day: Range

before(async () => {
  const address = await fillStore({ after: work => void ends.push(work) })
  const config = { ...parseConfig({}, {}), STORE: address, LISTEN: '127.0.0.1:0', TOKEN }
  serving = await serveStore(config, new Journal('test', 'error', 'text'), false)
  range = { fromMs: Date.now() - HOUR_MS, toMs: Date.now(), intervalMs: 10_000 }
  day = { ...range, fromMs: range.toMs - 24 * HOUR_MS, intervalMs: 120_000 }
})
after(async () => {
  await serving?.stop()
  for (const end of ends) await end()
})

/** As the data source asks: over HTTP with a password, and a limit of its own for the time. */
async function ask(sql: string): Promise<Frame> {
  const response = await fetch(`${serving.url}/?default_format=JSONCompact&max_execution_time=60`, {
    method: 'POST',
    headers: { 'x-clickhouse-user': 'grafana', 'x-clickhouse-key': TOKEN },
    body: sql,
  })
  const text = await response.text()
  assert.ok(response.ok, `${text}\n${sql}`)
  return JSON.parse(text) as Frame
}

/** What a viewer sees first: all of each, or the first that there is. */
const CHOSEN: Variables = {
  venue: 'simulator',
  symbol: ['BTCUSDT', 'ETHUSDT'],
  process: '$__all',
  station: '$__all',
  level: '$__all',
  text: '',
}

const isTime = (type: string) => /^(Nullable\()?Date/.test(type)
const isNumber = (type: string) => /^(Nullable\()?(U?Int|Float|Decimal|Bool)/.test(type)
const isText = (type: string) => /String|Enum/.test(type)

/** What each form needs of its frame. */
function assertSensible({ form, sql }: Statement, { meta, data }: Frame): void {
  const columns = meta.map(({ name, type }) => `${name} ${type}`).join(', ')
  assert.ok(data.length > 0, `no rows: ${sql}`)
  const [first] = meta
  if (form === 'timeseries') {
    assert.ok(first?.name === 'time' && isTime(first.type), `no time first: ${columns}`)
    assert.ok(
      meta.slice(1).every(({ type }) => isNumber(type) || isText(type)),
      columns,
    )
    assert.ok(meta.filter(({ type }) => isText(type)).length <= 1, `more than one text divides lines: ${columns}`)
    const numbers = meta.flatMap(({ type }, column) => (isNumber(type) ? [column] : []))
    assert.ok(numbers.length > 0, `no numbers: ${columns}`)
    const times = data.map(row => String(row[0]))
    assert.deepEqual(times, times.toSorted(), 'times do not rise')
    for (const row of data) for (const column of numbers) assert.ok(Number.isFinite(Number(row[column])), `${row}`)
  }
  if (form === 'logs') {
    assert.ok(first?.name === 'timestamp' && isTime(first.type), columns)
    assert.deepEqual(
      meta.slice(1, 4).map(({ name }) => name),
      ['body', 'level', 'labels'],
    )
    assert.ok(data.every(row => String(row[1]).length > 0))
  }
  if (form === 'annotation') {
    const named = new Map(meta.map(({ name, type }) => [name, type]))
    assert.ok(isTime(named.get('time') ?? '') && isText(named.get('text') ?? ''), columns)
  }
  if (form === 'variable') assert.ok(meta.length === 1 && isText(first!.type), columns)
}

/** A house that lost nothing has no marks of errors. */
const MAY_BE_EMPTY = (statement: Statement) => statement.form === 'annotation' && statement.name === 'Errors'

const RANGES = { 'an hour': () => range, 'a day': () => day }

for (const [file, make] of Object.entries(DASHBOARDS)) {
  describe(file, () => {
    for (const statement of statementsOf(make())) {
      for (const [over, rangeOf] of Object.entries(RANGES))
        test(`${statement.form}: ${statement.name}, over ${over}`, async () => {
          const frame = await ask(expand(statement.sql, rangeOf(), CHOSEN))
          if (frame.data.length > 0 || !MAY_BE_EMPTY(statement)) assertSensible(statement, frame)
        })
    }
  })
}

const sqlOf = (file: string, name: string) => statementsOf(DASHBOARDS[file]!()).find(each => each.name === name)!.sql

test('candles are those of the view, symbol by symbol', async () => {
  for (const over of [range, day]) {
    for (const symbol of ['BTCUSDT', 'ETHUSDT']) {
      const { data } = await ask(expand(sqlOf('market.json', '$symbol'), over, { ...CHOSEN, symbol }))
      const { data: viewed } = await ask(
        `SELECT toDateTime(time), open, high, low, close
         FROM candles(venue = 'simulator', symbol = '${symbol}', seconds = ${over.intervalMs / 1000}) ORDER BY time`,
      )
      assert.deepEqual(data, viewed)
    }
  }
})

test('each line of trades is that of its symbol, in whatever order they were chosen', async () => {
  for (const symbol of [['ETHUSDT', 'SOLUSDT', 'BTCUSDT'], ['SOLUSDT']]) {
    const { data } = await ask(expand(sqlOf('market.json', 'Trades'), day, { ...CHOSEN, symbol }))
    const counts = new Map<string, number>()
    for (const [, series, perSecond] of data as [string, string, number][])
      counts.set(series, (counts.get(series) ?? 0) + perSecond * (day.intervalMs / 1000))
    const { data: counted } = await ask(`SELECT symbol, count() FROM trades GROUP BY symbol`)
    const expected = (counted as [string, number][]).filter(([name]) => symbol.includes(name))
    assert.deepEqual([...counts].map(([name, count]) => [name, Math.round(count)]).sort(), rounded(expected))
  }
})
const rounded = (counts: [string, number][]) => counts.map(([name, count]) => [name, Number(count)]).sort()

test('top movers divide the last price by the first, whichever end of the range they are near', async () => {
  const recorded = Date.now()
  for (const over of [range, day, { ...day, fromMs: recorded - 600_000, toMs: recorded + 24 * HOUR_MS }]) {
    const { data } = await ask(expand(sqlOf('market.json', 'Top movers'), over, CHOSEN))
    assert.equal(data.length, 3)
    for (const [symbol, first, last, change] of data as [string, number, number, number][]) {
      const { data: prices } = await ask(
        `SELECT (SELECT price FROM trades WHERE symbol = '${symbol}' ORDER BY timestamp, trade_id LIMIT 1),
                (SELECT price FROM trades WHERE symbol = '${symbol}' ORDER BY timestamp DESC, trade_id DESC LIMIT 1)`,
      )
      assert.deepEqual([[first, last]], prices)
      assert.ok(Math.abs(last / first - 1 - change) < 1e-12)
    }
  }
})

test('what a counter rose in all steps together is what it counted', async () => {
  const { data } = await ask(expand(sqlOf('pipeline.json', 'Ticks stored, by counting'), range, CHOSEN))
  const risen = (data as [string, string, number][]).reduce((sum, [, , perSecond]) => sum + perSecond * 10, 0)
  const { data: counted } = await ask(
    `SELECT sum(most) FROM (SELECT max(value) AS most FROM metrics WHERE name = 'ingest_stored_ticks_total' GROUP BY instance)`,
  )
  assert.ok(risen > 1_000)
  assert.ok(Math.abs(risen - Number(counted[0]![0])) < 1, `${risen} risen, ${counted} counted`)
})

test('the text filter finds what was typed, whatever it is made of', async () => {
  const lines = sqlOf('logs.json', 'Lines')
  const found = async (text: string) => (await ask(expand(lines, range, { ...CHOSEN, text }))).data
  assert.ok((await found('SIMULATOR CONNECTED')).length > 0)
  for (const text of ["it's", '\\', "\\' OR 1 = 1 --", '100% \\n', "'; DROP TABLE trades", '$text'])
    assert.deepEqual(await found(text), [], text)
})

test('lines are those of the chosen levels and stations', async () => {
  const chosen = { ...CHOSEN, level: ['warn', 'error'], station: ['sources', 'ingest'] }
  const { data } = await ask(expand(sqlOf('logs.json', 'Lines'), range, chosen))
  assert.ok(data.length > 0)
  const stations = (data as [string, string, string, { station: string }][]).map(([, , level, labels]) => {
    assert.ok(['warn', 'error'].includes(level))
    return labels.station
  })
  assert.deepEqual([...new Set(stations)].sort(), ['ingest', 'sources'])
})

test('a house that recorded half a minute of an hour was available for about that', async () => {
  const { data } = await ask(expand(sqlOf('archive.json', 'Recorded'), range, CHOSEN))
  const seconds = Number(data[0]![0]) * 3_600
  const { data: spans } = await ask(
    "SELECT dateDiff('millisecond', min(at), max(at)) / 1000 FROM uptime WHERE recorded",
  )
  const span = Number(spans[0]![0])
  assert.ok(seconds >= span && seconds <= span + 20, `${seconds} s of ${span} s`)
})
