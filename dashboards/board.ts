/**
 * A dashboard of rows, with the parts all of ours share: a choice of data source, links to the others, ids in panel
 * order.
 */
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
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { datasourceVariable } from './clickhouse.ts'
import { placed } from './grid.ts'

const TAG = 'tickhouse'

export interface Row {
  title: string
  panels: readonly Builder<Panel>[]
  /** The variable for whose values the row is repeated. */
  repeat?: string
  /** Collapsed at first: Grafana does not query its panels until it is opened. */
  collapsed?: boolean
}

export const row = (title: string, panels: readonly Builder<Panel>[], repeat?: string): Row => ({
  title,
  panels,
  ...(repeat === undefined ? {} : { repeat }),
})

export const closedRow = (title: string, panels: readonly Builder<Panel>[]): Row => ({ title, panels, collapsed: true })

export interface BoardOptions {
  uid: string
  title: string
  description: string
  /** Start of the time range: `now-1h`. */
  range: string
  /** Refresh interval: `10s`. */
  refresh: string
  variables: readonly Builder<VariableModel>[]
  annotations?: readonly Builder<AnnotationQuery>[]
  rows: readonly Row[]
}

export function board({
  uid,
  title,
  description,
  range,
  refresh,
  variables,
  annotations = [],
  rows,
}: BoardOptions): Dashboard {
  const built = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .readonly()
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from: range, to: 'now' })
    .refresh(refresh)
    .variables([datasourceVariable(), ...variables])
    .annotations([...annotations])
    // A button for each dashboard.
    .link(
      new DashboardLinkBuilder('Tickhouse')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .keepTime(true),
    )
    .build()
  return { ...built, panels: layOut(rows) }
}

/** Rows below each other; Grafana expects the panels of a collapsed row inside it. */
function layOut(rows: readonly Row[]): (Panel | RowPanel)[] {
  const all: (Panel | RowPanel)[] = []
  let id = 1
  let y = 0
  for (const { title, panels, repeat, collapsed = false } of rows) {
    const heading = new RowBuilder(title).id(id++).collapsed(collapsed).gridPos({ x: 0, y: y++, w: 24, h: 1 })
    if (repeat !== undefined) heading.repeat(repeat)
    const built = panels.map(panel => panel.build())
    const { positions, height } = placed(built.map(({ gridPos }) => gridPos!))
    const positioned = built.map((panel, index) => {
      const position = positions[index]!
      return { ...panel, id: id++, gridPos: { ...position, y: y + position.y } }
    })
    all.push({ ...heading.build(), panels: collapsed ? positioned : [] })
    if (collapsed) continue
    all.push(...positioned)
    y += height
  }
  return all
}
