/** The limits of a run: the bounds of the portfolio's file, with what is used of them. */
import { PORTFOLIO } from '../../lab/portfolio/shape.ts'
import type { LabLimit } from './protocol.ts'

/** Rows of a SELECT over one run, `{name:String}`. */
export type Ask = <Row>(statement: string) => Promise<Row[]>

const LIMITS = ['order', 'position', 'gross', 'daily_loss', 'drawdown'] as const

/** With what the accounts use at their last marks; those of all strategies together first. None of a file of another version. */
export async function readLimits(ask: Ask): Promise<LabLimit[]> {
  const [files, accounts] = await Promise.all([
    ask<{ yaml: string }>(`SELECT yaml FROM lab_runs WHERE run = {name:String} LIMIT 1`),
    ask<{ strategy: string; gross: number; held: number; drawdown: number; daily_loss: number }>(
      `WITH (SELECT toDate(max(at)) FROM lab_equity WHERE run = {name:String}) AS last_day,
            (SELECT mapFromArrays(groupArray(name), groupArray(n)) FROM (
               SELECT toString(strategy) AS name, count() AS n FROM lab_positions AS p
               WHERE run = {name:String} AND p.quantity != 0 GROUP BY name)) AS held_by
       SELECT strategy, toFloat64(argMax(e.gross, e.at)) AS gross, toFloat64(held_by[toString(strategy)]) AS held,
              1 - toFloat64(argMax(e.equity, e.at)) / toFloat64(max(e.equity)) AS drawdown,
              toFloat64(argMinIf(e.equity, e.at, toDate(e.at) = last_day)) - toFloat64(argMax(e.equity, e.at)) AS daily_loss
       FROM lab_equity AS e WHERE e.run = {name:String} GROUP BY strategy`,
    ),
  ])
  const { parseDocument } = await import('yaml')
  // Of another version, whose files this one may not know.
  const parsed = PORTFOLIO.safeParse(parseDocument(files[0]?.yaml ?? '').toJS())
  if (!parsed.success) return []
  const { strategies, limits: together } = parsed.data
  const own = strategies
    .filter(({ on }) => on)
    .flatMap(({ name, limits }) => {
      const account = accounts.find(({ strategy }) => strategy === name)
      const used = account && {
        ...{ gross: account.gross, drawdown: Math.max(0, account.drawdown), order: null },
        daily_loss: Math.max(0, account.daily_loss),
        // Marks have the sum of all positions alone.
        position: account.held <= 1 ? account.gross : null,
      }
      return LIMITS.flatMap(limit => {
        const bound = limits[limit]
        return bound === undefined ? [] : [{ strategy: name, limit, bound, used: used?.[limit] ?? null }]
      })
    })
  return [...(await readTogether(ask, together)), ...own]
}

/** Marks of all strategies have the same times. */
async function readTogether(ask: Ask, limits: Record<string, number | undefined>): Promise<LabLimit[]> {
  const stated = (['daily_loss', 'drawdown'] as const).filter(limit => limits[limit] !== undefined)
  if (stated.length === 0) return []
  const [used] = await ask<{ marks: number; drawdown: number; daily_loss: number }>(
    `WITH (SELECT toDate(max(at)) FROM lab_equity WHERE run = {name:String}) AS last_day
     SELECT toFloat64(count()) AS marks, 1 - argMax(equity, at) / max(equity) AS drawdown,
            argMinIf(equity, at, toDate(at) = last_day) - argMax(equity, at) AS daily_loss
     FROM (SELECT at, toFloat64(sum(e.equity)) AS equity FROM lab_equity AS e WHERE e.run = {name:String} GROUP BY at)`,
  )
  return stated.map(limit => ({
    ...{ strategy: null, limit, bound: limits[limit]! },
    used: used && used.marks > 0 ? Math.max(0, used[limit]) : null,
  }))
}
