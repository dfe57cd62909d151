/** A run as the tables have it. */
import { TickhouseError } from '../../errors.ts'
import type { RunQuery } from '../../replay/range.ts'
import { literal } from '../../store/sql.ts'
import { parsePortfolio } from '../portfolio/read.ts'
import { emptySeries, type HeldPosition, type Outcome, type Series } from '../results/outcome.ts'
import type { ReportFacts } from '../results/report.ts'
import { closedTradesOf, type LedgerEntry } from './closed-trades.ts'
import { readCompleteness } from './proved.ts'
import { rowsOf } from './rows-of.ts'
import { readVerifications } from './verifications.ts'

type Text = Record<string, string>

/** The whole name of a run that begins with `name`, or the newest for `last`. Throws `usage` if there is not exactly one. */
export async function findRun(runQuery: RunQuery, name: string): Promise<string> {
  const condition = name === 'last' ? '1' : `startsWith(run, ${literal(name)})`
  const found = await rowsOf<{ run: string }>(
    runQuery,
    `SELECT run, max(began_at) AS began FROM lab_runs WHERE ${condition} GROUP BY run ORDER BY began DESC, run DESC LIMIT 2`,
  )
  const exact = found.find(({ run }) => run === name)
  if (exact || (found[0] && (name === 'last' || found.length === 1))) return (exact ?? found[0]!).run
  const why = found.length === 0 ? 'no run is saved' : 'several runs are saved'
  throw new TickhouseError('usage', `${why} whose name begins with ${name}`, 'List the runs: tickhouse lab status')
}

/** What the tables have of a run. Throws `usage` if there is no such run, and errors of the store. */
export async function readRun(runQuery: RunQuery, name: string): Promise<{ facts: ReportFacts; outcomes: Outcome[] }> {
  const run = await findRun(runQuery, name)
  const rows = await rowsOf<Text & { symbols: string[] }>(
    runQuery,
    `SELECT strategy, kind, parameters, symbols, toString(capital) AS money, toString(fees) AS paid, fills_hash, state, program,
       yaml, dataset, toString(ticks) AS played, toString(toUnixTimestamp64Micro(from)) AS began, toString(toUnixTimestamp64Micro(until)) AS ended
     FROM lab_runs FINAL WHERE run = ${literal(run)}`,
  )
  const { state, program, yaml: file, dataset, played, began, ended } = rows[0]!
  const portfolio = parsePortfolio(file!, `the file of run ${run}`)
  const [fromMicros, untilMicros] = [Number(began), Number(ended)]
  const names = [...new Set(rows.flatMap(({ symbols }) => symbols))]
  const nanos = (micros: number) => BigInt(micros) * 1000n
  const completeness = await readCompleteness(runQuery, names, nanos(fromMicros), nanos(untilMicros))
  const order = portfolio.strategies.map(each => each.name)
  rows.sort((a, b) => order.indexOf(a.strategy!) - order.indexOf(b.strategy!))
  const verification = (await readVerifications(runQuery, run)).get(run)
  const outcomes: Outcome[] = []
  for (const row of rows) outcomes.push(await readOutcome(runQuery, run, row))
  const facts = {
    run,
    portfolio,
    state: state!,
    program: program!,
    dataset: dataset!,
    ticks: Number(played),
    completeness,
  }
  return { facts: { ...facts, fromMicros, untilMicros, isSaved: true, verification }, outcomes }
}

async function readOutcome(runQuery: RunQuery, run: string, row: Text & { symbols: string[] }): Promise<Outcome> {
  const { strategy, kind, parameters, money, paid, fills_hash: fillsHash } = row
  const owner = `run = ${literal(run)} AND strategy = ${literal(strategy)}`
  const ask = <T>(select: string, rest: string) => rowsOf<T>(runQuery, `SELECT ${select} WHERE ${owner} ${rest}`)
  const counts = async (column: string, table: string) => {
    const found = await ask<Text>(
      `${column} AS name, toString(count()) AS n FROM ${table}`,
      'GROUP BY name ORDER BY name',
    )
    return Object.fromEntries(found.map(({ name, n }) => [name!, Number(n)]))
  }
  const [fills] = await ask<Text>(
    'toString(count()) AS all, toString(countIf(maker)) AS made, toString(countIf(large)) AS big FROM lab_fills',
    '',
  )
  const positions = await ask<Text>(
    `concat(venue, ':', symbol) AS name, toString(quantity) AS units, toString(paid) AS money FROM lab_positions`,
    'AND quantity != 0 ORDER BY name',
  )
  const entries = await ask<LedgerEntry>(
    `toString(entry) AS number, concat(venue, ':', symbol) AS name,
       toString(sumIf(l.quantity, account = 'position')) AS units, toString(sumIf(amount, account = 'position')) AS cost,
       toString(sumIf(amount, account = 'fees')) AS fee, toString(sumIf(amount, account = 'funding')) AS funding
     FROM lab_ledger AS l`,
    `AND account IN ('position', 'fees', 'funding') GROUP BY entry, name ORDER BY entry`,
  )
  return {
    ...{ strategy: strategy!, kind: kind!, parameters: parameters!, symbols: row.symbols, fillsHash: fillsHash! },
    ...{ capital: Number(money), fees: Number(paid) },
    series: await readSeries(ask),
    closedTrades: closedTradesOf(entries),
    positions: positions.map(
      (each): HeldPosition => ({ name: each.name!, quantity: Number(each.units), paid: Number(each.money) }),
    ),
    orders: await counts('state', 'lab_orders'),
    breaches: await counts('limit_name', 'lab_limits'),
    ...{ fills: Number(fills!.all), makerFills: Number(fills!.made), largeFills: Number(fills!.big) },
  }
}

async function readSeries(ask: <T>(select: string, rest: string) => Promise<T[]>): Promise<Series> {
  const marks = await ask<Text & { value: number }>(
    `toString(toUnixTimestamp64Micro(at)) AS time, toString(equity) AS own, toString(gross) AS held,
       toString(traded) AS turned, holding AS value FROM lab_equity`,
    'ORDER BY at',
  )
  const series = emptySeries()
  for (const { time, own, held, turned, value } of marks) {
    series.timeMicros.push(Number(time))
    series.equity.push(Number(own))
    series.gross.push(Number(held))
    series.traded.push(Number(turned))
    series.holding.push(Number(value))
  }
  return series
}
