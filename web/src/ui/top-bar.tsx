/** The top bar: instance, connection state, time zone and colours. */
import { WatchState } from '../alerts/alerts.tsx'
import { coverageOpen } from '../coverage/coverage.ts'
import { reconnectNow } from '../live.ts'
import { connection, lastMessageAtMs, machineNowMs, serverInfo, serverNowMs, staleMs } from '../store.ts'
import { show, view, zone } from '../view.ts'
import { age, day, sentence, timeOfDay, zoneName } from './format.ts'
import { helpOpen } from './help.tsx'
import { Segmented } from './segmented.tsx'
import { StatusIcon } from './status-icon.tsx'
import { nextTheme, theme } from './theme.ts'

export function TopBar() {
  return (
    <header class="top-bar">
      <h1 class="wordmark">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <path d="M2 14.5V7l6-4.5L14 7v7.5M5.5 14.5V10M8 14.5V7.5M10.5 14.5v-3" />
        </svg>
        <span>
          tick<b>house</b>
        </span>
      </h1>
      <span class="version" title={serverInfo.value?.engine}>
        {serverInfo.value?.version}
      </span>
      <ConnectionState />
      <WatchState />
      <span class="spring" />
      <Clock />
      <button
        type="button"
        class="plain lab-button"
        aria-pressed={view.value.lab !== null}
        data-testid="lab-button"
        onClick={() => show({ lab: view.peek().lab === null ? '' : null })}
      >
        lab
      </button>
      <button
        type="button"
        class="plain"
        data-testid="coverage-button"
        onClick={() => {
          coverageOpen.value = true
        }}
      >
        coverage
      </button>
      <button type="button" class="plain theme-switch" data-testid="theme-switch" onClick={nextTheme}>
        <span class="label">theme</span> {theme.value}
      </button>
      <button
        type="button"
        class="plain"
        data-testid="help-button"
        aria-label="keyboard help"
        onClick={() => {
          helpOpen.value = true
        }}
      >
        <kbd>?</kbd>
      </button>
    </header>
  )
}

/** The server's clock, and the switch of the page's time zone. */
function Clock() {
  const nowMs = serverNowMs.value
  return (
    <>
      <time class="clock" data-testid="clock">
        <span class="clock-day">{day(nowMs, zone.value)} </span>
        {timeOfDay(nowMs, zone.value)}
      </time>
      <Segmented
        label="time zone"
        choices={['utc', 'local']}
        chosen={zone.value}
        onChoose={chosen => show({ zone: chosen }, 'replace')}
        testId="zone"
        name={choice => (choice === 'utc' ? 'UTC' : `Local ${zoneName(nowMs, 'local').replace('UTC', '')}`)}
      />
    </>
  )
}

function ConnectionState() {
  const { state } = connection.value
  const stale = staleMs.value
  const [kind, word] =
    stale !== null
      ? (['behind', `stale ${age(stale)}`] as const)
      : state === 'live'
        ? (['ok', 'live'] as const)
        : state === 'connecting'
          ? (['idle', 'connecting'] as const)
          : (['trouble', 'disconnected'] as const)
  return (
    <span
      class="connection-state"
      role="status"
      data-testid="connection-state"
      data-state={stale !== null ? 'stale' : state}
    >
      <StatusIcon kind={kind} />
      {word}
    </span>
  )
}

/** Shown above the top bar while the values below may be old: since when, and when it reconnects. */
export function StaleNotice() {
  const connectionState = connection.value
  const stale = staleMs.value
  if (connectionState.state !== 'waiting' && stale === null) return null
  const sinceMs = lastMessageAtMs.value
  const what = connectionState.state === 'waiting' ? 'No connection to tickhouse.' : 'No message from tickhouse.'
  const asOf =
    sinceMs > 0 ? ` Values are as of ${timeOfDay(sinceMs, zone.value)} ${zoneName(sinceMs, zone.value)}.` : ''
  return (
    <StaleStrip
      what={what}
      asOf={asOf}
      retryAtMs={connectionState.state === 'waiting' ? connectionState.retryAtMs : null}
    />
  )
}

function StaleStrip({ what, asOf, retryAtMs }: { what: string; asOf: string; retryAtMs: number | null }) {
  const waitSeconds = retryAtMs === null ? null : Math.max(0, Math.ceil((retryAtMs - machineNowMs.value) / 1000))
  return (
    <div class="stale-notice" role="alert" data-testid="disconnected">
      <StatusIcon kind="trouble" />
      <span>
        <b>{what}</b>
        {asOf}
        {waitSeconds !== null && <> {waitSeconds === 0 ? 'Trying now…' : `Trying again in ${waitSeconds} s.`}</>}
      </span>
      {waitSeconds !== null && (
        <button type="button" onClick={reconnectNow}>
          Try now
        </button>
      )}
    </div>
  )
}

/** Unmistakable while simulated data is recorded. */
export function SimulatedBanner() {
  const simulated = serverInfo.value?.simulated
  if (!simulated) return null
  return (
    <div class="banner" role="note" data-testid="banner">
      <strong>Simulated data</strong>
      <span>
        {sentence(simulated.why)} <b>To go live:</b> {simulated.advice}
      </span>
    </div>
  )
}
