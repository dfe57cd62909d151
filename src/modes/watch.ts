/** `watch`: probes another tickhouse over HTTP and sends alerts; best on another machine. */
import type { Mode } from '../launcher/process.ts'
import { serveHealthOnly } from '../serve/http/health-server.ts'
import { startWatch } from '../watch/watch.ts'

/** Throws TickhouseErrors. */
export const watch: Mode = (config, journal) =>
  startWatch(config, journal, source => serveHealthOnly(config, journal.emit, source))
