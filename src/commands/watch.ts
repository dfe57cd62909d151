/** What `tickhouse watch` does beside watching: prove the routes, silence alerts, say what it knows. */
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { formatDuration } from '../format-duration.ts'
import { nearest } from '../nearest.ts'
import { type Message, openAlerts } from '../watch/alerts/alerts.ts'
import { ALERT_NAMES } from '../watch/alerts/names.ts'
import { toDays } from '../watch/availability.ts'
import { channelsOf } from '../watch/channels/open.ts'
import { ALL, parseDuration, readSilences, silence } from '../watch/silences.ts'
import { loadState } from '../watch/state.ts'

/** As the flags have them. */
export interface WatchFlags {
  testAlert?: true
  status?: true
  silence?: string
  unsilence?: string
  for?: string
}

const SHOWN_DAYS = 14

/** Does what the flags ask for; false where they ask for nothing but watching. Sets the exit code. */
export async function manageAlerts(config: Config, flags: WatchFlags): Promise<boolean> {
  if (flags.for !== undefined && flags.silence === undefined)
    throw new TickhouseError('usage', '--for says how long, but not what', 'Name the alert: --silence stale --for 2h.')
  if (flags.testAlert) process.exitCode = (await testAlert(config)) ? 0 : 1
  else if (flags.silence !== undefined) await keepSilence(config, flags.silence, parseDuration(flags.for ?? '1h'))
  else if (flags.unsilence !== undefined) await keepSilence(config, flags.unsilence, 0)
  else if (flags.status) await status(config)
  else return false
  return true
}

/** Sends a message by every route and says which took it. True if all did. */
async function testAlert(config: Config): Promise<boolean> {
  const routes = channelsOf(config)
  if (routes.length === 0) {
    throw new TickhouseError(
      'config_invalid',
      'nobody is told of alerts',
      'Set TICKHOUSE_ALERT_EMAIL with TICKHOUSE_ALERT_SMTP, TICKHOUSE_ALERT_WEBHOOKS or TICKHOUSE_ALERT_COMMAND: see docs/watch.md.',
    )
  }
  const nowMs = Date.now()
  const message: Message = {
    kind: 'opened',
    occurrence: `test-${nowMs}`,
    atMs: nowMs,
    lastedMs: 0,
    alert: {
      name: 'test',
      severity: 'warning',
      title: 'This is a test: alerts arrive here',
      what: 'Somebody ran tickhouse watch --test-alert. Nothing is wrong.',
      sinceMs: nowMs,
      affected: [],
      next: 'Nothing.',
      page: 'docs/watch.md',
      silencedUntilMs: null,
    },
  }
  const taken = await Promise.all(
    routes.map(async route => {
      const failure = await route.send(message, config.WATCH_URL).then(
        () => undefined,
        (error: Error) => error.message,
      )
      console.log(failure === undefined ? `taken    ${route.name}` : `FAILED   ${route.name}: ${failure}`)
      return failure === undefined
    }),
  )
  return taken.every(Boolean)
}

/** Throws `usage` for a name that no alert has. */
async function keepSilence(config: Config, name: string, forMs: number): Promise<void> {
  const names = [...ALERT_NAMES, ALL]
  if (!names.includes(name)) {
    const advice = `The nearest one is ${nearest(name, names)}; docs/watch.md has them all.`
    throw new TickhouseError('usage', `no alert is called ${name}`, advice)
  }
  const nowMs = Date.now()
  const unread = await silence(config.WATCH_STATE, name, forMs, nowMs)
  if (unread !== undefined) console.log(`the silences before could not be read and are gone: ${unread}`)
  console.log(forMs > 0 ? `${name} is silent until ${utc(nowMs + forMs)}` : `${name} is told again`)
}

async function status(config: Config): Promise<void> {
  const { memory, aside } = await loadState(config.WATCH_STATE)
  if (aside !== undefined) console.log(`what the watcher kept cannot be read and was put aside as ${aside}`)
  const nowMs = Date.now()
  const { lastMs } = memory.availability
  console.log(lastMs === 0 ? 'never watched' : `last probe ${formatDuration(nowMs - lastMs)} ago`)
  for (const { name, severity, title, sinceMs } of openAlerts(memory.alerts))
    console.log(`${severity.padEnd(9)}${name}: ${title}, for ${formatDuration(nowMs - sinceMs)}`)
  const { silences, unread } = await readSilences(config.WATCH_STATE)
  if (unread !== undefined) console.log(`nothing is silenced: the file of silences cannot be read: ${unread}`)
  for (const [name, untilMs] of Object.entries(silences))
    if (untilMs > nowMs) console.log(`silent   ${name} until ${utc(untilMs)}`)
  for (const { day, ratio, watchedMs } of toDays(memory.availability).slice(-SHOWN_DAYS))
    console.log(`${day} ${(ratio * 100).toFixed(3)} % well of ${formatDuration(watchedMs)} watched`)
}

function utc(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
