/** The statements of a dashboard: those of its panels, its variables and its annotations. */
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import type { ClickHouseQuery, Form } from '../../dashboards/clickhouse.ts'

export interface Statement {
  /** The panel's title, or the name of the variable or annotation. */
  name: string
  form: Form | 'variable' | 'annotation'
  sql: string
}

/** Panels that ask something: all but the headings of rows. */
export function panelsOf({ panels = [] }: Dashboard): Panel[] {
  return panels.filter((panel): panel is Panel => panel.type !== 'row')
}

export const targetsOf = ({ targets = [] }: Panel): ClickHouseQuery[] => targets as ClickHouseQuery[]

export function statementsOf(dashboard: Dashboard): Statement[] {
  const { templating, annotations } = dashboard
  return [
    ...panelsOf(dashboard).flatMap(panel =>
      targetsOf(panel).map(({ queryType, rawSql }) => ({ name: panel.title!, form: queryType, sql: rawSql })),
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
