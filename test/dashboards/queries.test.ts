/** Every statement of every dashboard, on a filled store, through the interface that Grafana uses. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DASHBOARDS } from '../../dashboards/index.ts'
import { parseConfig } from '../../src/config.ts'
import { serveStore } from '../../src/modes/serve-store.ts'
import type { Serving } from '../../src/service.ts'
import { Journal } from '../../src/telemetry/journal.ts'
import { fillStore } from '../support/data/filled-store.ts'
import { LIVE_RUN } from '../support/data/lab-rows.ts'
import { type Statement, statementsOf } from '../support/judges/dashboard-statements.ts'
import { expand, type Range, type Variables } from '../support/judges/grafana.ts'
import { TOKEN } from '../support/processes/sql-server.ts'

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

/** Like the data source: over HTTP with a password and a time limit. */
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
  portfolio: 'paper',
  run: LIVE_RUN,
  strategy: '$__all',
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
      meta.slice(1).map(({ name }) => name),
      ['body', 'level', 'event', 'station', 'process', 'fields'],
    )
    // An opened line shows each of these; they are texts, since a map would be one row of JSON.
    assert.ok(
      meta.slice(1).every(({ type }) => isText(type)),
      columns,
    )
    for (const [, body, , , station, process] of data)
      assert.ok(String(body).startsWith(`[${station} ${process}] `), `${body}`)
  }
  if (form === 'annotation') {
    const named = new Map(meta.map(({ name, type }) => [name, type]))
    assert.ok(isTime(named.get('time') ?? '') && isText(named.get('text') ?? ''), columns)
  }
  if (form === 'variable') assert.ok(meta.length === 1 && isText(first!.type), columns)
}

/** Without losses there are no annotations of errors, and without chrony nobody knows the clock's error. */
const MAY_BE_EMPTY = ({ form, name }: Statement) =>
  (form === 'annotation' && name === 'Errors') || name === 'Bound of the clock error'

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
      const { data } = await ask(expand(sqlOf('market.json', '$symbol: candles'), over, { ...CHOSEN, symbol }))
      const { data: viewed } = await ask(
        `SELECT toDateTime(time), open, high, low, close
         FROM candles(venue = 'simulator', symbol = '${symbol}', seconds = ${over.intervalMs / 1000}) ORDER BY time`,
      )
      assert.deepEqual(
        data.map(([time, ...prices]) => [time, ...prices.slice(0, 4)]),
        viewed,
      )
    }
  }
})

test('VWAP at each candle is turnover by volume of all trades up to its end, and the last line is the close', async () => {
  for (const over of [range, day]) {
    const { meta, data } = await ask(
      expand(sqlOf('market.json', '$symbol: candles and volume'), over, { ...CHOSEN, symbol: 'SOLUSDT' }),
    )
    assert.deepEqual(
      meta.map(({ name }) => name),
      ['time', 'open', 'high', 'low', 'close', 'last', 'VWAP', 'volume'],
    )
    for (const [time, , , , close, last, vwap] of data) {
      assert.equal(last, close)
      const { data: asked } = await ask(
        `SELECT sum(price * volume) / sum(volume), sum(volume), count(), min(timestamp), max(timestamp) FROM trades
         WHERE symbol = 'SOLUSDT' AND timestamp < toDateTime64('${time}', 9) + INTERVAL ${over.intervalMs / 1000} SECOND`,
      )
      assert.ok(
        Math.abs(Number(asked[0]![0]) / Number(vwap) - 1) < 1e-6,
        `${time}: ${vwap}, ${JSON.stringify(asked)} of ${JSON.stringify(data)}`,
      )
    }
  }
})

test('the last ticks are the newest of the symbol, with all digits, each column to the same', async () => {
  const { data } = await ask(
    expand(sqlOf('market.json', '$symbol: last ticks'), range, { ...CHOSEN, symbol: 'BTCUSDT' }),
  )
  const { data: newest } = await ask(
    "SELECT price, volume, toString(trade_id) FROM trades WHERE symbol = 'BTCUSDT' ORDER BY timestamp DESC, trade_id DESC LIMIT 100",
  )
  assert.deepEqual(
    data.map(([, , price, volume, id]) => [Number(price), Number(volume), id]),
    newest,
  )
  for (const column of [2, 3])
    assert.equal(new Set(data.map(row => /[.]\d+$/.exec(String(row[column]))?.[0].length)).size, 1)
})

test('each series of trades is that of its symbol, in any order of choice', async () => {
  for (const symbol of [['ETHUSDT', 'SOLUSDT', 'BTCUSDT'], ['SOLUSDT']]) {
    const { data } = await ask(expand(sqlOf('market.json', 'Trades per second'), day, { ...CHOSEN, symbol }))
    const counts = new Map<string, number>()
    for (const [, series, perSecond] of data as [string, string, number][])
      counts.set(series, (counts.get(series) ?? 0) + perSecond * (day.intervalMs / 1000))
    const { data: counted } = await ask(`SELECT symbol, count() FROM trades GROUP BY symbol`)
    const expected = (counted as [string, number][]).filter(([name]) => symbol.includes(name))
    assert.deepEqual([...counts].map(([name, count]) => [name, Math.round(count)]).sort(), rounded(expected))
  }
})
const rounded = (counts: [string, number][]) => counts.map(([name, count]) => [name, Number(count)]).sort()

test('all symbols: last price, change since the first, and what was traded in the last hour, whichever end of the range trades are near', async () => {
  const recorded = Date.now()
  for (const over of [range, day, { ...day, fromMs: recorded - 600_000, toMs: recorded + 24 * HOUR_MS }]) {
    const { meta, data } = await ask(expand(sqlOf('market.json', 'All symbols'), over, CHOSEN))
    assert.equal(data.length, 3)
    assert.equal(meta.find(({ name }) => name === 'trend')!.type, 'Array(Float64)')
    for (const [symbol, last, change, trend, volume, turnover, perSecond, age] of data as [
      string,
      number,
      number,
      number[],
      number,
      number,
      number,
      number,
    ][]) {
      const { data: asked } = await ask(
        `SELECT argMin(price, (timestamp, trade_id)), argMax(price, (timestamp, trade_id)), min(price), max(price),
                toUnixTimestamp64Milli(max(timestamp)), sumIf(volume, near), sumIf(price * volume, near), countIf(newest) / 60
         FROM (SELECT *, timestamp > fromUnixTimestamp64Milli(${over.toMs}) - INTERVAL 1 HOUR AS near,
                timestamp > fromUnixTimestamp64Milli(${over.toMs}) - INTERVAL 1 MINUTE AS newest FROM trades)
         WHERE symbol = '${symbol}'`,
      )
      const [firstPrice, lastPrice, low, high, newest, recently, traded, rate] = asked[0]!.map(Number) as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ]
      assert.equal(last, lastPrice)
      for (const [found, expected] of [
        [1 + change, lastPrice / firstPrice],
        [volume, recently],
        [turnover, traded],
        [perSecond, rate],
        [age, (over.toMs - newest) / 1000],
      ] as const)
        assert.ok(
          Math.abs(found - expected) <= 0.001 + 1e-9 * Math.abs(expected),
          `${symbol}: ${found}, not ${expected}`,
        )
      assert.ok(trend.every(price => price >= low && price <= high))
    }
  }
})

test('activity is a multiple of what is usual for the symbol: one on the average, for each symbol of the venue', async () => {
  const { meta, data } = await ask(expand(sqlOf('market.json', 'Volume by symbol'), range, CHOSEN))
  // A column of this name is not shown before the name of its series.
  assert.equal(meta[2]!.name, 'Value')
  const bySymbol = Map.groupBy(data as [string, string, number][], ([, symbol]) => symbol)
  assert.deepEqual([...bySymbol.keys()].sort(), ['BTCUSDT', 'ETHUSDT', 'SOLUSDT'])
  for (const [symbol, cells] of bySymbol) {
    const mean = cells.reduce((sum, [, , value]) => sum + value, 0) / cells.length
    assert.ok(Math.abs(mean - 1) < 1e-9, `${symbol}: ${mean}`)
  }
})

test('the text filter finds the typed text, whatever characters it has', async () => {
  const lines = sqlOf('logs.json', 'Log')
  const found = async (text: string) => (await ask(expand(lines, range, { ...CHOSEN, text }))).data
  assert.ok((await found('SIMULATOR CONNECTED')).length > 0)
  for (const text of ["it's", '\\', "\\' OR 1 = 1 --", '100% \\n', "'; DROP TABLE trades", '$text'])
    assert.deepEqual(await found(text), [], text)
})

test('the log shows the chosen levels and stages', async () => {
  const chosen = { ...CHOSEN, level: ['warn', 'error'], station: ['sources', 'ingest'] }
  const { data } = await ask(expand(sqlOf('logs.json', 'Log'), range, chosen))
  assert.ok(data.length > 0)
  const stations = (data as string[][]).map(([, , level, , station]) => {
    assert.ok(['warn', 'error'].includes(level!))
    return station
  })
  assert.deepEqual([...new Set(stations)].sort(), ['ingest', 'sources'])
})

test('every statement on the log accepts a choice of levels, stages and processes', async () => {
  const chosen = { ...CHOSEN, level: ['info', 'warn'], station: ['sources', 'house'], process: ['record'] }
  for (const { name, sql, form } of statementsOf(DASHBOARDS['logs.json']!()))
    if (form !== 'annotation') assert.ok((await ask(expand(sql, range, chosen))).data.length > 0, name)
})

test('the lab shows the chosen strategies of the chosen run, with what it came to', async () => {
  const { data } = await ask(expand(sqlOf('lab.json', 'Strategies'), day, { ...CHOSEN, strategy: ['flow', 'hold'] }))
  const { data: asked } = await ask(
    `SELECT strategy, toFloat64(equity), toFloat64(equity) / toFloat64(capital) - 1 FROM lab_runs FINAL
     WHERE run = '${LIVE_RUN}' AND strategy IN ('flow', 'hold') ORDER BY strategy`,
  )
  assert.deepEqual(
    data.map(([strategy, , , , equity, result]) => [strategy, equity, result]),
    asked,
  )
  assert.deepEqual(
    data.map(([, , state]) => state),
    ['off: drawdown', 'running'],
  )
  const { data: replays } = await ask(
    expand(sqlOf('lab.json', 'Equals its replay?'), day, { ...CHOSEN, run: 'study-7' }),
  )
  assert.deepEqual([replays[0]![1], replays[0]![4]], ['differs', 'lab_fills: 1 only stored'])
})

test('an opened log entry shows the fields of its event', async () => {
  const { data } = await ask(expand(sqlOf('logs.json', 'Log'), range, { ...CHOSEN, text: 'connected' }))
  assert.ok(
    data.some(row => /\bvenue=simulator\b/.test(String(row[6]))),
    JSON.stringify(data.slice(0, 3)),
  )
})
