/** Stations that run alone, each seen after where `METRICS_LISTEN` says: `record`, and `archive` beside a store on a server. */
import type { ArchiveFigures } from '../archive/archive.ts'
import { measureArchive } from '../archive/measure.ts'
import { SYSTEM_CLOCK } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Log } from '../log/log.ts'
import { Diagnostics } from '../observe/diagnostics.ts'
import type { Emit } from '../observe/events.ts'
import { measureEvents } from '../observe/events-measured.ts'
import type { Journal } from '../observe/journal.ts'
import { measureProcess, ProcessGauge } from '../observe/process-figures.ts'
import { measureRecorder } from '../sources/measure.ts'
import type { RecorderStatus } from '../sources/status.ts'
import type { Store } from '../store/store.ts'
import { type HealthAnswer, type Self, worstState } from './health.ts'
import { serveStation } from './station-server.ts'
import { archiveVerdict, logVerdict, sourcesVerdict, type Verdict } from './verdicts.ts'

/** Lets a recorder be seen. Its figures reach the tables through the log. Null where no address is set. */
export function serveRecorder(config: Config, emit: Emit, self: Self, log: Log, status: () => RecorderStatus) {
  const health = async (): Promise<HealthAnswer> => {
    const said = [status()]
    return {
      ...toHealth(self, { sources: sourcesVerdict(said), log: logVerdict(said, log.unreachableSinceMs()) }, null),
      following: said.map(({ sources }) => sources),
    }
  }
  return serveStation(config, emit, {
    health,
    measurements: async () => measureRecorder(status()),
    own: ['sources', 'log'],
  })
}

/** Lets an archiver be seen, and writes its figures and events to the store's tables. */
export async function serveArchiver(
  config: Config,
  journal: Journal,
  self: Self,
  store: Store,
  archiver: { figures: ArchiveFigures },
): Promise<{ stop(): Promise<void> }> {
  const gauge = new ProcessGauge()
  const measurements = async () => [
    ...measureArchive(archiver.figures),
    ...measureProcess(self.process, gauge.read()),
    ...measureEvents(self.process, journal.counts),
  ]
  const diagnostics = new Diagnostics({
    store,
    clock: SYSTEM_CLOCK,
    emit: journal.emit,
    instance: self.instance,
    keepDays: config.DIAGNOSTICS_KEEP_DAYS,
    speakers: () => [
      { process: self.process, instance: self.instance, lines: journal.since(0), measure: measurements },
    ],
    standing: async () => null,
  })
  const server = await serveStation(config, journal.emit, {
    health: async () => toHealth(self, { archive: archiveVerdict(archiver.figures) }, archiver.figures.behindMs),
    measurements,
    own: ['archive'],
  })
  if (config.DIAGNOSTICS === 'on') diagnostics.start()
  return {
    stop: async () => {
      await server?.close()
      await diagnostics.stop()
    },
  }
}

function toHealth(
  self: Self,
  verdicts: Partial<Record<'sources' | 'log' | 'archive', Verdict>>,
  archiveBehindMs: number | null,
): HealthAnswer {
  return {
    ...self,
    state: worstState(Object.values(verdicts).map(([state]) => state)),
    atMs: Date.now(),
    stations: Object.fromEntries(
      Object.entries(verdicts).map(([name, [state, advice]]) => [name, { state, advice, lagMs: 0 }]),
    ),
    audit: null,
    diskFreeBytes: null,
    diskFreeBytesMin: 0,
    following: [],
    archiveBehindMs,
  }
}
