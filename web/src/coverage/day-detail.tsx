/** The hours of the chosen day of a symbol, and why each is what it is. */
import { CONDITIONS, type Condition, causeText } from '../../../src/coverage/condition.ts'
import type { CoverageGrid, GridRow } from '../../../src/coverage/read.ts'
import { count } from '../ui/format.ts'
import { usePolling } from '../ui/use-polling.ts'
import { conditionAt, DAY_SECONDS } from './grid.ts'
import { dateText } from './heat-map.tsx'

const ASK_EVERY_MS = 60_000
const HOURS = Array.from({ length: 24 }, (_, hour) => hour)

interface Hour extends Record<string, unknown> {
  start: string
  condition: Condition
  cause: string
  ticks: string | number
}

const twoDigits = (hour: number): string => String(hour).padStart(2, '0')

export function DayDetail({ grid, row, day }: { grid: CoverageGrid; row: GridRow; day: number }) {
  const from = grid.from + day * DAY_SECONDS
  const query = (format: 'json' | 'csv', until = from + DAY_SECONDS, first = from) =>
    `/api/coverage?${new URLSearchParams({ sources: `${row.venue}:${row.symbol}`, kind: row.kind, by: 'hour', format, from: String(first), to: String(until) })}`
  const answer = usePolling<Hour[]>(query('json'), ASK_EVERY_MS).value
  const hours = new Map((answer ?? []).map(each => [Number(each.start.slice(11, 13)), each]))
  const condition = conditionAt(row, day)
  const all = (format: 'json' | 'csv') => query(format, grid.from + grid.days * DAY_SECONDS, grid.from)
  return (
    <section class="coverage-day" aria-live="polite" data-testid="coverage-day">
      <header>
        <h3>
          {row.symbol} <span class="quiet">{row.venue}</span>
        </h3>
        <span>{dateText(grid, day)} UTC</span>
        <Mark condition={condition} />
        <span class="spring" />
        <span class="quiet">hours of all days:</span>
        <a href={all('json')} download={`coverage-${row.venue}-${row.symbol}.json`}>
          JSON
        </a>
        <a href={all('csv')} download={`coverage-${row.venue}-${row.symbol}.csv`}>
          CSV
        </a>
      </header>
      <ol class="coverage-hours">
        {HOURS.map(hour => {
          const found = hours.get(hour)
          const text = found ? `${found.condition}: ${causeText(found.cause, found)}` : 'not counted'
          return (
            <li
              key={hour}
              class={found ? `condition-${found.condition}` : undefined}
              title={`${twoDigits(hour)}:00 ${text}`}
            >
              {twoDigits(hour)}
            </li>
          )
        })}
      </ol>
      <Reasons hours={hours} />
    </section>
  )
}

/** Consecutive hours of the same condition and reason, as a line. */
function Reasons({ hours }: { hours: ReadonlyMap<number, Hour> }) {
  const lines: { first: number; last: number; condition: Condition; text: string; ticks: number }[] = []
  for (const [hour, each] of [...hours].sort(([a], [b]) => a - b)) {
    const text = causeText(each.cause, each)
    const last = lines.at(-1)
    if (last && last.last + 1 === hour && last.condition === each.condition && last.text === text) {
      last.last = hour
      last.ticks += Number(each.ticks)
    } else lines.push({ first: hour, last: hour, condition: each.condition, text, ticks: Number(each.ticks) })
  }
  if (lines.length === 0) return <p class="quiet">No hour of this day is counted.</p>
  return (
    <ul class="coverage-reasons">
      {lines.map(({ first, last, condition, text, ticks }) => (
        <li key={first}>
          <span class="coverage-span">
            {twoDigits(first)}:00–{twoDigits(last + 1)}:00
          </span>
          <Mark condition={condition} />
          <span class="coverage-text">{text}</span>
          <span class="quiet">{count(ticks)} ticks</span>
        </li>
      ))}
    </ul>
  )
}

/** A condition as its colour and its word. */
export function Mark({ condition }: { condition: Condition | null }) {
  return (
    <span class="coverage-mark">
      <i class={condition ? `condition-${condition}` : 'condition-none'} aria-hidden="true" />
      {condition ?? 'not counted'}
    </span>
  )
}

export function Legend() {
  return (
    <p class="coverage-legend">
      {CONDITIONS.map(condition => (
        <Mark key={condition} condition={condition} />
      ))}
    </p>
  )
}
