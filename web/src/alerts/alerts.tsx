/** What a watcher outside found wrong, worst first, and whether anybody watches at all. */
import { signal } from '@preact/signals'
import type { Alert, WatchReport } from '../../../src/status/watch-report.ts'
import { availabilityText } from '../pipeline/uptime-days.ts'
import { serverNowMs, watchReports } from '../store.ts'
import { age, timeOfDay, zoneName } from '../ui/format.ts'
import { StatusIcon } from '../ui/status-icon.tsx'
import { zone } from '../view.ts'
import { openAlerts, wellRatio } from './open-alerts.ts'

/** Alerts shown as rows of their own; the others are counted. */
const SHOWN_MAX = 3

/** The alert whose whole text is shown, by name. */
const opened = signal<string | null>(null)
const all = signal(false)
/** Is the list of watchers open? */
const watchersShown = signal(false)

export function Alerts() {
  const reports = watchReports.value
  const alerts = openAlerts(reports ?? [])
  if (reports === null || (alerts.length === 0 && !watchersShown.value)) return null
  const shown = all.value ? alerts : alerts.slice(0, SHOWN_MAX)
  return (
    <section class="alerts" id="alerts" aria-label="alerts" data-testid="alerts">
      {watchersShown.value && <Watchers reports={reports} />}
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
        <StatusIcon kind={severity === 'critical' ? 'error' : 'warn'} />
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
  const [kind, word] =
    reports.length === 0
      ? (['idle', 'not watched'] as const)
      : alerts === 0
        ? (['ok', 'watched'] as const)
        : (['trouble', alerts === 1 ? '1 alert' : `${alerts} alerts`] as const)
  return (
    <button
      type="button"
      class="plain watch-state"
      aria-label={`${word}: who watches`}
      aria-expanded={watchersShown.value}
      aria-controls="alerts"
      data-testid="watch-state"
      onClick={() => {
        watchersShown.value = !watchersShown.peek()
      }}
    >
      <StatusIcon kind={kind} />
      <span class="watch-word">{word}</span>
    </button>
  )
}

function Watchers({ reports }: { reports: WatchReport[] }) {
  if (reports.length === 0) {
    return (
      <p class="watchers" data-testid="watchers">
        <StatusIcon kind="idle" />
        <span>
          <b>No watcher is running.</b> Recording goes on without one, but nothing would alert you if it stopped. Run{' '}
          <code>tickhouse watch</code> on another machine: docs/watch.md
        </span>
      </p>
    )
  }
  return (
    <ul data-testid="watchers">
      {reports.map(report => (
        <li key={report.watcher} class="watchers">
          <StatusIcon kind="ok" />
          <span>
            Watched from <b>{report.watcher}</b> for {age(Math.max(0, serverNowMs.value - report.startedAtMs))}, last
            heard at {timeOfDay(report.atMs, zone.value)} {zoneName(report.atMs, zone.value)}
            {wellText(report)}
          </span>
        </li>
      ))}
    </ul>
  )
}

/** What the watcher saw of the days it remembers. */
function wellText(report: WatchReport): string {
  const well = wellRatio(report)
  const { length } = report.availability
  return well === null ? '' : `: well ${availabilityText(well)} of ${length} ${length === 1 ? 'day' : 'days'}`
}
