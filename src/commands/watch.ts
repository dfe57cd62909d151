/** The flags of `tickhouse watch` that do not watch: test the channels, silence alerts, print the state. */
import { minuteText } from '../clock.ts'
import type { Config } from '../config.ts'
import { TickhouseError } from '../errors.ts'
import { nearest } from '../nearest.ts'
import { witnessText } from '../proof/cosignature.ts'
import { type Message, openAlerts } from '../watch/alerts/alerts.ts'
import { ALERT_NAMES } from '../watch/alerts/names.ts'
import { toDays } from '../watch/availability.ts'
import { channelsOf } from '../watch/channels/open.ts'
import { WitnessFile, witnessKeyOf } from '../watch/cosigning/witness-file.ts'
import { formatDuration } from '../watch/format-duration.ts'
import { ALL, parseDuration, readSilences, silence } from '../watch/silences.ts'
import { loadState } from '../watch/state.ts'

/** Flags as given. */
export interface WatchFlags {
  testAlert?: true
  status?: true
  silence?: string
  unsilence?: string
  for?: string
  publicKey?: true
}

const SHOWN_DAYS = 14

/** Runs what the flags name; false if they name nothing, and the command should watch. Sets the exit code. */
export async function manageAlerts(config: Config, flags: WatchFlags): Promise<boolean> {
  if (flags.for !== undefined && flags.silence === undefined)
    throw new TickhouseError('usage', '--for needs --silence', 'Name the alert: --silence stale --for 2h.')
  if (flags.testAlert) process.exitCode = (await testAlert(config)) ? 0 : 1
  else if (flags.silence !== undefined) await setSilence(config, flags.silence, parseDuration(flags.for ?? '1h'))
  else if (flags.unsilence !== undefined) await setSilence(config, flags.unsilence, 0)
  else if (flags.status) await status(config)
  else if (flags.publicKey) printWitnessKey(config)
  else return false
  return true
}

/** Prints the public key; it is made if there is none. Throws `config_invalid` if nothing is cosigned. */
function printWitnessKey(config: Config): void {
  const keyFile = witnessKeyOf(config)
  if (keyFile === null)
    throw new TickhouseError('config_invalid', 'TICKHOUSE_WITNESS_KEY is off', 'Remove the setting.')
  console.log(witnessText(WitnessFile.open(keyFile, config.WITNESS_NAME).signer))
}

/** Sends a message to every channel and prints which accepted it. True if all did. */
async function testAlert(config: Config): Promise<boolean> {
  const channels = channelsOf(config)
  if (channels.length === 0) {
    throw new TickhouseError(
      'config_invalid',
      'no alert channel is configured',
      'Set TICKHOUSE_ALERT_EMAIL with TICKHOUSE_ALERT_SMTP, TICKHOUSE_ALERT_WEBHOOKS or TICKHOUSE_ALERT_COMMAND: see docs/watch.md.',
    )
  }
  const nowMs = Date.now()
  const message: Message = {
    kind: 'opened',
    incident: `test-${nowMs}`,
    atMs: nowMs,
    lastedMs: 0,
    alert: {
      name: 'test',
      severity: 'warning',
      title: 'This is a test: alerts arrive here',
      what: 'tickhouse watch --test-alert was run. Nothing is wrong.',
      sinceMs: nowMs,
      affected: [],
      next: 'Nothing.',
      page: 'docs/watch.md',
      silencedUntilMs: null,
    },
  }
  const accepted = await Promise.all(
    channels.map(async channel => {
      const failure = await channel.send(message, config.WATCH_URL).then(
        () => undefined,
        (error: Error) => error.message,
      )
      console.log(failure === undefined ? `accepted ${channel.name}` : `FAILED   ${channel.name}: ${failure}`)
      return failure === undefined
    }),
  )
  return accepted.every(Boolean)
}

/** Throws `usage` for an unknown name. */
async function setSilence(config: Config, name: string, forMs: number): Promise<void> {
  const names = [...ALERT_NAMES, ALL]
  if (!names.includes(name)) {
    const advice = `The nearest one is ${nearest(name, names)}; docs/watch.md lists all.`
    throw new TickhouseError('usage', `unknown alert ${name}`, advice)
  }
  const nowMs = Date.now()
  const unreadable = await silence(config.WATCH_STATE, name, forMs, nowMs)
  if (unreadable !== undefined) console.log(`earlier silences could not be read and are lost: ${unreadable}`)
  console.log(forMs > 0 ? `${name} is silenced until ${minuteText(nowMs + forMs)}` : `${name} is no longer silenced`)
}

async function status(config: Config): Promise<void> {
  const { state, movedTo } = await loadState(config.WATCH_STATE)
  if (movedTo !== undefined) console.log(`unreadable state file moved to ${movedTo}`)
  const nowMs = Date.now()
  const { lastMs } = state.availability
  console.log(lastMs === 0 ? 'no probe yet' : `last probe ${formatDuration(nowMs - lastMs)} ago`)
  for (const { name, severity, title, sinceMs } of openAlerts(state.alerts))
    console.log(`${severity.padEnd(9)}${name}: ${title}, for ${formatDuration(nowMs - sinceMs)}`)
  const { silences, unreadable } = await readSilences(config.WATCH_STATE)
  if (unreadable !== undefined) console.log(`nothing is silenced: cannot read the silences: ${unreadable}`)
  for (const [name, untilMs] of Object.entries(silences))
    if (untilMs > nowMs) console.log(`silenced ${name} until ${minuteText(untilMs)}`)
  for (const { day, ratio, watchedMs } of toDays(state.availability).slice(-SHOWN_DAYS))
    console.log(`${day} ${(ratio * 100).toFixed(3)} % healthy of ${formatDuration(watchedMs)} watched`)
}
