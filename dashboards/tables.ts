/** Tables with options for each column: unit, digits, width, coloured text. */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { query, SOURCE } from './clickhouse.ts'
import type { Threshold } from './metrics.ts'
import { GREEN, mapped, NONE, type PanelOptions, thresholds, type ValueTexts } from './panels.ts'

export interface Column {
  unit?: string
  /** Digits after the decimal point; by default Grafana shows three significant digits. */
  decimals?: number
  /** Pixels. Columns without a width share the rest. */
  width?: number
  align?: 'left' | 'right'
  /** Text and colour by value. */
  texts?: ValueTexts
  /** Colour of the text by threshold. */
  steps?: readonly Threshold[]
  /** An array, drawn as a line. */
  sparkline?: true
}

/** A number with all its digits, such as a price. Grafana's units for numbers round to three significant digits. */
export const ALL_DIGITS = 'string'
export const SECOND_WIDTH = 165
/** A time to the second. */
export const AT: Column = { unit: 'time:YYYY-MM-DD HH:mm:ss', width: SECOND_WIDTH }

/** A table. `columns` has the options of those that are not plain text of automatic width. */
export function table(
  { title, description, width, height = 10 }: PanelOptions,
  sql: string,
  columns: Readonly<Record<string, Column>> = {},
): Table {
  const panel = new Table()
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .datasource(SOURCE)
    .withTarget(query('table', sql))
    // For text too: Grafana would round text that is a number.
    .unit(ALL_DIGITS)
    .noValue(NONE)
    .filterable(true)
    .thresholds(thresholds(GREEN))
  for (const [name, column] of Object.entries(columns)) panel.overrideByName(name, overridesOf(column))
  return panel
}

export const sorted = (panel: Table, column: string): Table =>
  panel.sortBy([new TableSortByFieldStateBuilder().displayName(column).desc(true)])

function overridesOf({ unit, decimals, width, align, texts, steps, sparkline }: Column): DynamicConfigValue[] {
  const overrides: Record<string, unknown> = {
    unit,
    decimals,
    'custom.width': width,
    'custom.align': align,
    ...(texts && { mappings: mapped(texts) }),
    ...(steps && { thresholds: thresholds(steps).build() }),
    ...((texts || steps) && { 'custom.cellOptions': { type: TableCellDisplayMode.ColorText } }),
    ...(sparkline && {
      'custom.cellOptions': { type: TableCellDisplayMode.Sparkline, hideValue: true, lineWidth: 1.5, fillOpacity: 10 },
      'custom.filterable': false,
    }),
  }
  return Object.entries(overrides).flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }]))
}
