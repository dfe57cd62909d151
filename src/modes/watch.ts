/** `watch`: probes another tickhouse over HTTP and sends alerts; best on another machine. */
import type { Mode } from '../launcher/process.ts'
import { serveHealthOnly } from '../serve/http/health-server.ts'
import { startWatch } from '../watch/watch.ts'
import { healthSettings } from './process-settings.ts'

/** Throws TickhouseErrors. */
export const watch: Mode = (config, journal) =>
  startWatch(config, journal, source => serveHealthOnly(healthSettings(config), journal.emit, source))
