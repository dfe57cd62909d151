/** A dashboard of rows, with what all of ours have: the data source to choose, a way to the others, ids in order of place. */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type AnnotationQuery,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { datasourceVariable } from './clickhouse.ts'

const TAG = 'tickhouse'

export interface Row {
  title: string
  panels: readonly Builder<Panel>[]
  /** The row is there once for each value of that variable. */
  repeat: string | undefined
}

export function row(title: string, panels: readonly Builder<Panel>[], repeat?: string): Row {
  return { title, panels, repeat }
}

export interface BoardOptions {
  uid: string
  title: string
  description: string
  /** Where the time range begins: `now-1h`. */
  range: string
  variables: readonly Builder<VariableModel>[]
  marks?: readonly Builder<AnnotationQuery>[]
  rows: readonly Row[]
}

export function board({ uid, title, description, range, variables, marks = [], rows }: BoardOptions): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: range, to: 'now' })
    .refresh('10s')
    .variables([datasourceVariable(), ...variables])
    .annotations([...marks])
    .link(
      new DashboardLinkBuilder('Tickhouse')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .keepTime(true),
    )
  for (const { title, panels, repeat } of rows) {
    const heading = new RowBuilder(title)
    if (repeat !== undefined) heading.repeat(repeat)
    builder.withRow(heading)
    for (const panel of panels) builder.withPanel(panel)
  }
  const built = builder.build()
  for (const [index, panel] of built.panels!.entries()) panel.id = index + 1
  return built
}
