/** The results of a bench: an object for programs, a table for people. */
import { type Bench, type Sample, type Spread, spread } from './contract.ts'
import type { Machine } from './machine.ts'
import type { Profile } from './profile.ts'
import type { Samples } from './rounds.ts'

export interface ContestantResult {
  name: string
  perSecond: Spread
  /** CPU seconds per million, all threads. */
  cpuPerMillion: Spread
  /** Ratios of speed and CPU to the same round of the other. Above 1 is faster, or more CPU. */
  against?: { name: string; speed: Spread; cpu: Spread }
  metrics: Record<string, Spread>
  samples: readonly Sample[]
}

export interface Result {
  bench: string
  command: string
  atUtc: string
  machine: Machine
  unit: string
  rounds: number
  notes: readonly string[]
  contestants: ContestantResult[]
  profiles: Profile[]
}

const speedOf = ({ count, seconds }: Sample) => count / seconds
const cpuOf = ({ count, cpuSeconds }: Sample) => (cpuSeconds / count) * 1e6

/** `command` repeats the bench. */
export function summarise(
  bench: Bench,
  command: string,
  samples: Samples,
  machine: Machine,
  profiles: Profile[],
): Result {
  return {
    bench: bench.name,
    command,
    atUtc: new Date().toISOString(),
    machine,
    unit: bench.unit,
    rounds: bench.rounds,
    notes: bench.notes ?? [],
    contestants: bench.contestants.map(({ name, against }) => {
      const own = samples.get(name)!
      const theirs = against === undefined ? undefined : samples.get(against)!
      const metricNames = Object.keys(own[0]?.metrics ?? {})
      return {
        name,
        perSecond: spread(own.map(speedOf)),
        cpuPerMillion: spread(own.map(cpuOf)),
        ...(against !== undefined &&
          theirs && {
            against: {
              name: against,
              speed: spread(own.map((sample, round) => speedOf(sample) / speedOf(theirs[round]!))),
              cpu: spread(own.map((sample, round) => cpuOf(sample) / cpuOf(theirs[round]!))),
            },
          }),
        metrics: Object.fromEntries(
          metricNames.map(metric => [metric, spread(own.map(({ metrics }) => metrics![metric]!))]),
        ),
        samples: own,
      }
    }),
    profiles,
  }
}

export function format({ machine, ...result }: Result): string {
  const rows = [
    ['', `${result.unit}/s`, '', '', 'cpu s/M', '', '', 'speed ratio', '', '', 'cpu ratio', ''],
    ['', 'min', 'median', 'max', 'min', 'median', 'max', 'min', 'median', 'max', 'median', 'to'],
  ]
  for (const { name, perSecond, cpuPerMillion, against } of result.contestants) {
    const ratios = against
      ? [...cells(against.speed, ratio), ratio(against.cpu.median), against.name]
      : ['', '', '', '', '']
    rows.push([name, ...cells(perSecond, thousands), ...cells(cpuPerMillion, ratio), ...ratios])
  }
  const lines = [
    `${result.bench}: ${result.rounds} rounds, ${result.atUtc}, \`${result.command}\``,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, load ${machine.loadAverage.toFixed(1)}`,
    `node ${machine.node}, ${machine.engine}, tickhouse ${machine.tickhouse}`,
    ...result.notes,
    '',
    table(rows),
  ]
  for (const { name, metrics } of result.contestants) {
    for (const [metric, { min, median, max }] of Object.entries(metrics))
      lines.push(
        `${name}: ${metric} ${[min, median, max].map(value => thousands(value)).join(' / ')} (min, median, max)`,
      )
  }
  for (const profile of result.profiles) {
    lines.push('', `where the time goes: ${profile.contestant} (one more round, under the profiler)`)
    const rows = [['stage', 'cpu s/M', 'share']]
    for (const { stage, cpuPerMillion, share } of profile.stages)
      rows.push([stage, ratio(cpuPerMillion), `${(share * 100).toFixed(1)} %`])
    lines.push(table(rows))
  }
  return lines.join('\n')
}

const cells = ({ min, median, max }: Spread, text: (value: number) => string) => [text(min), text(median), text(max)]
const ratio = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(1))
const thousands = (value: number) =>
  value < 100 ? String(Number(value.toFixed(2))) : Math.round(value).toLocaleString('en-US')

/** Aligns the first column left, the others right. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows
    .map(row =>
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
