/** The watcher as a process: it shares nothing with the watched instance but its HTTP address. */
import { hostname } from 'node:os'
import { SYSTEM_CLOCK } from '../clock.ts'
import type { Config } from '../config.ts'
import { witnessText } from '../proof/cosignature.ts'
import type { Running } from '../service.ts'
import { selfOf } from '../status/health.ts'
import type { Emit } from '../telemetry/events.ts'
import type { Journal } from '../telemetry/journal.ts'
import { GapModels } from './alerts/gap-models.ts'
import { channelsOf } from './channels/open.ts'
import { Witness } from './cosigning/witness.ts'
import { WitnessFile, witnessKeyOf } from './cosigning/witness-file.ts'
import { InstanceClient } from './instance-client.ts'
import { Outbox } from './outbox.ts'
import { Ping } from './ping.ts'
import { referenceOf, referencesFor } from './references.ts'
import { loadState } from './state.ts'
import { Watcher } from './watcher.ts'
import { type ServeHealth, watcherHealth } from './watcher-health.ts'

/** Starts to watch. Throws what `serveHealth` throws. */
export async function startWatch(config: Config, journal: Journal, serveHealth: ServeHealth): Promise<Running> {
  const { emit } = journal
  const stateFile = config.WATCH_STATE
  const self = selfOf('watch')
  const channels = channelsOf(config)
  const { state, movedTo } = await loadState(stateFile)
  if (movedTo !== undefined) emit('watch_forgot', { file: movedTo })
  const outbox = new Outbox(channels, config.WATCH_URL, emit, state.unsent)
  const everyMs = config.WATCH_EVERY_SECONDS * 1000
  const ping = new Ping(config.WATCH_PING, emit)
  const references = [
    ...config.WATCH_REFERENCES,
    ...referencesFor(
      config.WATCH_URL,
      channels.flatMap(({ reference }) => reference ?? []),
    ),
    ...(config.WATCH_PING ? [referenceOf(config.WATCH_PING)] : []),
  ]
  const witness = openWitness(config, emit)
  const watcher = new Watcher({
    witness,
    instance: new InstanceClient(config.WATCH_URL, config.TOKEN),
    processes: config.WATCH_HEALTH_URLS.map(url => new InstanceClient(url.replace(/\/+$/, ''), config.TOKEN)),
    references: [...new Set(references)],
    gapModels: await GapModels.open(`${stateFile}.rhythms`, self.startedAtMs),
    outbox,
    state,
    stateFile,
    everyMs,
    repeatMs: config.ALERT_REPEAT_MINUTES * 60_000,
    staleMsMin: config.WATCH_STALE_SECONDS_MIN * 1000,
    ignored: new Set(config.WATCH_IGNORE.map(name => name.toUpperCase())),
    watcher: hostname(),
    clock: SYSTEM_CLOCK,
    emit,
  })
  const server = await serveHealth(watcherHealth({ self, watcher, witness, outbox, journal, everyMs }))
  emit('watching', {
    instance: config.WATCH_URL,
    everySeconds: config.WATCH_EVERY_SECONDS,
    channels: channels.map(({ name }) => name).join(', ') || 'nobody',
  })
  if (channels.length === 0) emit('watch_untold', {})

  const stop = new AbortController()
  const { promise: failed, reject } = Promise.withResolvers<never>()
  const running = probing(watcher, ping, everyMs, stop.signal).catch(reject)
  return {
    failed,
    stop: async () => {
      stop.abort()
      await running
      await server?.close()
    },
  }
}

/** Null if nothing is cosigned. Throws `config_invalid` or `data_unwritable`. */
function openWitness(config: Config, emit: Emit): Witness | null {
  const keyFile = witnessKeyOf(config)
  if (keyFile === null) return null
  const { file, signer } = WitnessFile.open(keyFile, config.WITNESS_NAME)
  emit('witness_key', { key: witnessText(signer) })
  return new Witness(file, signer, emit)
}

/** Probes at fixed intervals; after a probe that takes longer, the next one starts immediately. */
async function probing(watcher: Watcher, ping: Ping, everyMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const startedMs = SYSTEM_CLOCK.elapsedMs()
    await watcher.probe()
    await ping.send(SYSTEM_CLOCK.elapsedMs())
    const waitMs = Math.max(0, everyMs - (SYSTEM_CLOCK.elapsedMs() - startedMs))
    await SYSTEM_CLOCK.sleep(waitMs, signal).catch(() => {})
  }
}
