/**
 * Grafana's ClickHouse data source (version 4) as the dashboards use it: its queries, and variables set into them so that no
 * value can end the text it stands in.
 */
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common'
import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'

const PLUGIN = 'grafana-clickhouse-datasource'

/** The data source that the viewer has chosen: variable `datasource` of each dashboard. */
export const SOURCE: DataSourceRef = { type: PLUGIN, uid: `\${datasource}` }

/** What becomes of the rows: lines over time, rows as they are, or log lines. The numbers are the plugin's own. */
const FORMATS = { timeseries: 0, table: 1, logs: 2 } as const
export type Form = keyof typeof FORMATS

export interface ClickHouseQuery extends Dataquery {
  refId: string
  datasource: DataSourceRef
  editorType: 'sql'
  queryType: Form
  format: number
  rawSql: string
}

/** A statement for a panel. `timeseries` wants a column `time` first; a text column divides the lines. */
export function query(form: Form, rawSql: string): Builder<Dataquery> {
  const built = {
    refId: 'A',
    datasource: SOURCE,
    editorType: 'sql',
    queryType: form,
    format: FORMATS[form],
    rawSql,
  }
  return { build: () => built as unknown as ClickHouseQuery }
}

export function datasourceVariable(): DatasourceVariableBuilder {
  return new DatasourceVariableBuilder('datasource').label('Data source').type(PLUGIN)
}

interface Choice {
  name: string
  label: string
  sql: string
}

/** One value of those that a statement finds in the time range; the first one at the beginning. */
export function choice({ name, label, sql }: Choice): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(SOURCE)
    .query(sql)
    .definition(sql)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .allowCustomValue(false)
}

/** Any number of values. */
export const choices = (of: Choice): QueryVariableBuilder => choice(of).multi(true)

const ALL = { text: 'All', value: '$__all', selected: true }

/** Any number of values, at the beginning all of them. */
export const choicesOrAll = (of: Choice): QueryVariableBuilder => choices(of).includeAll(true).current(ALL)

/** Any number of the values given, at the beginning all of them. */
export function fixedChoicesOrAll(name: string, label: string, values: readonly string[]): CustomVariableBuilder {
  const options = [ALL, ...values.map(value => ({ text: value, value, selected: false }))]
  return new CustomVariableBuilder(name)
    .label(label)
    .values(values.join(','))
    .options(options)
    .multi(true)
    .includeAll(true)
    .current(ALL)
    .allowCustomValue(false)
}

export const textBox = (name: string, label: string): TextBoxVariableBuilder =>
  new TextBoxVariableBuilder(name).label(label).defaultValue('').current({ text: '', value: '', selected: true })

/** The chosen value or values as texts, separated by commas. */
export const chosen = (variable: string): string => `\${${variable}:singlequote}`

/** `expression` is one of the chosen values, where not all are chosen. */
export const isChosen = (expression: string, variable: string): string =>
  `$__conditionalAll(${expression} IN (${chosen(variable)}), $${variable})`

/**
 * What was typed, as a text. Percent-encoded on its way: Grafana's own quoting leaves backslashes as they are, which end a text
 * in ClickHouse.
 */
export const typed = (variable: string): string => `decodeURLComponent('\${${variable}:percentencode}')`

/** Marks of what was told at that level or above; a click shows the words. */
export function eventMarks(name: string, levels: readonly string[], iconColor: string): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCE)
    .enable(true)
    .iconColor(iconColor)
    .target(
      query(
        'table',
        `SELECT at AS time, event AS title, text, concat(toString(level), ',', station, ',', process) AS tags
FROM events
WHERE $__timeFilter_ms(at) AND level IN (${levels.map(level => `'${level}'`).join(', ')})
ORDER BY at DESC
LIMIT 200`,
      ),
    )
}
