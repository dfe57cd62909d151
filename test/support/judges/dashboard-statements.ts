/** The statements of a dashboard: those of its panels, its variables and its annotations. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { ClickHouseQuery, Form } from '../../../dashboards/clickhouse.ts'

export interface Statement {
  /** The panel's title, or the name of the variable or annotation. */
  name: string
  form: Form | 'variable' | 'annotation'
  sql: string
  /** Maximum number of steps of its panel, if set. */
  points?: number
}

export type Heading = Extract<NonNullable<Dashboard['panels']>[number], { type: 'row' }>

export interface Section {
  heading: Heading
  /** Those in it, whether it is closed or not. */
  panels: Panel[]
}

/** The rows of a dashboard: panels of a closed one are in its heading, those of an open one follow it. */
export function rowsOf({ panels = [] }: Dashboard): Section[] {
  const rows: Section[] = []
  for (const panel of panels) {
    if (panel.type === 'row')
      rows.push({ heading: panel as Heading, panels: [...((panel as Heading).panels as Panel[])] })
    else rows.at(-1)!.panels.push(panel as Panel)
  }
  return rows
}

/** Panels with a query: all but row headings. */
export const panelsOf = (dashboard: Dashboard): Panel[] => rowsOf(dashboard).flatMap(({ panels }) => panels)

export const targetsOf = ({ targets = [] }: Panel): ClickHouseQuery[] => targets as ClickHouseQuery[]

export function statementsOf(dashboard: Dashboard): Statement[] {
  const { templating, annotations } = dashboard
  return [
    ...panelsOf(dashboard).flatMap(panel =>
      targetsOf(panel).map(({ queryType, rawSql }) => ({
        name: panel.title!,
        form: queryType,
        sql: rawSql,
        ...(panel.maxDataPoints != null && { points: panel.maxDataPoints }),
      })),
    ),
    ...(templating.list ?? [])
      .filter(({ type }) => type === 'query')
      .map(({ name, query }): Statement => ({ name, form: 'variable', sql: String(query) })),
    ...(annotations.list ?? []).map(
      ({ name, target }): Statement => ({
        name,
        form: 'annotation',
        sql: (target as unknown as ClickHouseQuery).rawSql,
      }),
    ),
  ]
}
