/** Tables whose columns say how they are read: unit, digits, width, words in colour. */
import { TableCellDisplayMode, TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common'
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { query, SOURCE } from './clickhouse.ts'
import type { Threshold } from './figures.ts'
import { type Frame, GREEN, mapped, NONE, thresholds, type Words } from './panels.ts'

export interface Column {
  unit?: string
  /** Digits after the point; without them Grafana shows three significant ones of a number. */
  decimals?: number
  /** Pixels. Columns without one share what is left. */
  width?: number
  align?: 'left' | 'right'
  /** Colour of the text, by the value's word. */
  words?: Words
  /** Colour of the text, by the value's amount. */
  steps?: readonly Threshold[]
  /** An array, drawn as a line. */
  sparkline?: true
}

/** As a number is, to all the digits that it has: a price. Grafana's units for numbers round to three significant digits. */
export const ALL_DIGITS = 'string'
export const SECOND_WIDTH = 165
/** A time to the second. */
export const AT: Column = { unit: 'time:YYYY-MM-DD HH:mm:ss', width: SECOND_WIDTH }

/** Rows. `columns` are those that are not plain text in a width of their own. */
export function table(
  { title, description, width, height = 10 }: Frame,
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
    // Also of texts: Grafana would round one that is a number.
    .unit(ALL_DIGITS)
    .noValue(NONE)
    .filterable(true)
    .thresholds(thresholds(GREEN))
  for (const [name, column] of Object.entries(columns)) panel.overrideByName(name, looksOf(column))
  return panel
}

export const sorted = (panel: Table, column: string): Table =>
  panel.sortBy([new TableSortByFieldStateBuilder().displayName(column).desc(true)])

function looksOf({ unit, decimals, width, align, words, steps, sparkline }: Column): DynamicConfigValue[] {
  const looks: Record<string, unknown> = {
    unit,
    decimals,
    'custom.width': width,
    'custom.align': align,
    ...(words && { mappings: mapped(words) }),
    ...(steps && { thresholds: thresholds(steps).build() }),
    ...((words || steps) && { 'custom.cellOptions': { type: TableCellDisplayMode.ColorText } }),
    ...(sparkline && {
      'custom.cellOptions': { type: TableCellDisplayMode.Sparkline, hideValue: true, lineWidth: 1.5, fillOpacity: 10 },
      'custom.filterable': false,
    }),
  }
  return Object.entries(looks).flatMap(([id, value]) => (value === undefined ? [] : [{ id, value }]))
}
