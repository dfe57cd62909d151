/** What a watcher outside found wrong, worst first, and whether anybody watches at all. */
import { signal } from '@preact/signals'
import type { Alert } from '../../src/watch/report.ts'
import { age, timeOfDay, zoneName } from './format.ts'
import { Mark } from './mark.tsx'
import { openAlerts } from './open-alerts.ts'
import { serverNowMs, watchReports } from './store.ts'
import { zone } from './view.ts'

/** Alerts shown as rows of their own; the others are counted. */
const SHOWN_MAX = 3

/** The alert whose whole text is shown, by name. */
const opened = signal<string | null>(null)
const all = signal(false)

export function Alerts() {
  const alerts = openAlerts(watchReports.value ?? [])
  if (alerts.length === 0) return null
  const shown = all.value ? alerts : alerts.slice(0, SHOWN_MAX)
  return (
    <section class="alerts" aria-label="alerts" data-testid="alerts">
      <ul>
        {shown.map(alert => (
          <AlertRow key={alert.name} alert={alert} />
        ))}
      </ul>
      {alerts.length > SHOWN_MAX && (
        <button
          type="button"
          class="plain"
          onClick={() => {
            all.value = !all.peek()
          }}
        >
          {all.value ? 'Show fewer' : `${alerts.length - SHOWN_MAX} more`}
        </button>
      )}
    </section>
  )
}

function AlertRow({ alert }: { alert: Alert }) {
  const { name, severity, title, what, sinceMs, affected, next, page, silencedUntilMs } = alert
  const open = opened.value === name
  return (
    <li class={`alert alert-${severity}`} data-testid="alert" data-name={name}>
      <button
        type="button"
        class="alert-head"
        aria-expanded={open}
        onClick={() => {
          opened.value = open ? null : name
        }}
      >
        <Mark kind={severity === 'critical' ? 'error' : 'warn'} />
        <b>{severity}</b>
        <span class="alert-title">{title}</span>
        {affected.length > 0 && <span class="alert-affected">{affected.join(', ')}</span>}
        {silencedUntilMs !== null && (
          <span class="alert-silenced">
            silent until {timeOfDay(silencedUntilMs, zone.value, false)} {zoneName(silencedUntilMs, zone.value)}
          </span>
        )}
        <span class="spring" />
        <time>for {age(Math.max(0, serverNowMs.value - sinceMs))}</time>
      </button>
      {open && (
        <p class="alert-text">
          {what} <b>What to do:</b> {next} <span class="quiet">{page}</span>
        </p>
      )}
    </li>
  )
}

/** In the head of the page: is anybody watching, and is anything wrong? */
export function WatchState() {
  const reports = watchReports.value
  if (reports === null) return null
  const alerts = openAlerts(reports).length
  const [kind, word, hint] =
    reports.length === 0
      ? ([
          'idle',
          'not watched',
          'No watcher tells you when this stops: run tickhouse watch, see docs/watch.md.',
        ] as const)
      : alerts === 0
        ? ([
            'ok',
            'watched',
            `Watched from ${reports.map(({ watcher }) => watcher).join(', ')}: nothing is wrong.`,
          ] as const)
        : (['trouble', alerts === 1 ? '1 alert' : `${alerts} alerts`, 'See below.'] as const)
  return (
    <span class="connection-state watch-state" title={hint} data-testid="watch-state">
      <Mark kind={kind} />
      {word}
    </span>
  )
}
