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
  type RowPanel,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { datasourceVariable } from './clickhouse.ts'
import { placed } from './grid.ts'

const TAG = 'tickhouse'

export interface Row {
  title: string
  panels: readonly Builder<Panel>[]
  /** The row is there once for each value of that variable. */
  repeat?: string
  /** Closed until someone opens it: until then Grafana asks for nothing in it. */
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
  /** Where the time range begins: `now-1h`. */
  range: string
  /** How often it is asked again: `10s`. */
  refresh: string
  variables: readonly Builder<VariableModel>[]
  marks?: readonly Builder<AnnotationQuery>[]
  rows: readonly Row[]
}

export function board({
  uid,
  title,
  description,
  range,
  refresh,
  variables,
  marks = [],
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
    .annotations([...marks])
    // Each of them as a button of its own: every dashboard is the way to the others.
    .link(
      new DashboardLinkBuilder('Tickhouse')
        .type(DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(false)
        .keepTime(true),
    )
    .build()
  return { ...built, panels: laidOut(rows) }
}

/** Rows below each other; the panels of a closed one are kept in it, as Grafana wants them. */
function laidOut(rows: readonly Row[]): (Panel | RowPanel)[] {
  const all: (Panel | RowPanel)[] = []
  let id = 1
  let y = 0
  for (const { title, panels, repeat, collapsed = false } of rows) {
    const heading = new RowBuilder(title).id(id++).collapsed(collapsed).gridPos({ x: 0, y: y++, w: 24, h: 1 })
    if (repeat !== undefined) heading.repeat(repeat)
    const built = panels.map(panel => panel.build())
    const { positions, height } = placed(built.map(({ gridPos }) => gridPos!))
    const inPlace = built.map((panel, index) => {
      const position = positions[index]!
      return { ...panel, id: id++, gridPos: { ...position, y: y + position.y } }
    })
    all.push({ ...heading.build(), panels: collapsed ? inPlace : [] })
    if (collapsed) continue
    all.push(...inPlace)
    y += height
  }
  return all
}
