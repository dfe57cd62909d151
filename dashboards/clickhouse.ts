/**
 * Grafana's ClickHouse data source (version 4): its queries, and variables in them, quoted so that no value can end the
 * string that contains it.
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

/** How the rows are used: as time series, table or log entries. The numbers are the plugin's. */
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

/** A statement for a panel. `timeseries` needs a column `time` first; a text column separates the series. */
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

/** One of the values that a statement returns for the time range; initially the first. */
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

/** Any number of values; initially all. */
export const choicesOrAll = (of: Choice): QueryVariableBuilder => choices(of).includeAll(true).current(ALL)

/** Any number of the given values; initially all. */
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

/** The chosen values as quoted texts, separated by commas. */
export const chosen = (variable: string): string => `\${${variable}:singlequote}`

/** Condition: `expression` is one of the chosen values. Empty if all are chosen. */
export const isChosen = (expression: string, variable: string): string =>
  `$__conditionalAll(${expression} IN (${chosen(variable)}), $${variable})`

/**
 * The typed text as a string of SQL. It is percent-encoded on its way: Grafana's quoting does not escape backslashes,
 * which end a string in ClickHouse.
 */
export const typed = (variable: string): string => `decodeURLComponent('\${${variable}:percentencode}')`

/** Annotations for the events of these levels; a click shows the message. */
export function eventAnnotations(name: string, levels: readonly string[], iconColor: string): AnnotationQueryBuilder {
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
