/** Values of a stage's details with their targets: in a row, or as a table. */
import type { ComponentChildren } from 'preact'
import type { MetricName } from '../../../src/telemetry/metrics.ts'
import { duration } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { type Target, targetOf } from './targets.ts'

export type Fact = [name: string, value: string, target?: Target | undefined]

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <dl class="facts">
      {facts.map(([name, value, target]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            {value}
            {target && (
              <span class={target.kept === false ? 'target missed' : 'target'}>
                {target.kept === false && <StatusIcon kind="warn" />}
                {target.text}
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** A value in a table whose header names the target. */
export function TargetValue({ value, target }: { value: string; target: Target | undefined }) {
  if (target?.kept !== false) return <>{value}</>
  return (
    <span class="with-mark missed" title={`should be ${target.text}`}>
      <StatusIcon kind="warn" />
      {value}
    </span>
  )
}

/** The first column is text, the others are numbers. */
export function Table({ head, rows, empty }: { head: string[]; rows: ComponentChildren[][]; empty: string }) {
  if (rows.length === 0) return <p class="hint">{empty}</p>
  return (
    <div class="table-frame">
      <table>
        <thead>
          <tr>
            {head.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, index) => (
            <tr key={index}>
              {cells.map((cell, column) => (
                <td key={head[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** A column's head with the target of what is below. */
export function headed(head: string, name: MetricName, quantile?: 'p99'): string {
  return `${head} ${targetOf(name, null, quantile)?.text ?? ''}`
}

export const milliseconds = (value: number | null | undefined): string => (value == null ? '–' : duration(value))
