/** Picks HTTP and telemetry settings from the configuration. */
import type { Config } from '../config.ts'
import { ACCEPTANCE, RETRY, requestRecorders, whyUnwritable } from '../log/recorder-requests.ts'
import type { StatusBoard } from '../log/status-board.ts'
import type { HttpSettings } from '../serve/http/access.ts'
import type { HealthServerSettings } from '../serve/http/health-server.ts'
import type { SourcesAccess } from '../serve/http/sources-routes.ts'
import { openChoices } from '../sources/control/choices.ts'
import type { StatusReport } from '../status/report.ts'
import type { TelemetrySettings } from '../status/telemetry-writer.ts'

/** Of the page and its SQL. */
export const pageSettings = ({ LISTEN, TOKEN }: Config): HttpSettings => ({ listen: LISTEN, token: TOKEN })

/** Of `/health` and `/metrics` in a process without a page; without an address nothing is served. */
export const healthSettings = ({ METRICS_LISTEN, TOKEN }: Config): HealthServerSettings => ({
  listen: METRICS_LISTEN,
  token: TOKEN,
})

export const telemetrySettings = ({ DIAGNOSTICS, DIAGNOSTICS_KEEP_DAYS }: Config): TelemetrySettings => ({
  enabled: DIAGNOSTICS === 'on',
  keepDays: DIAGNOSTICS_KEEP_DAYS,
})

/** What the recorders of the log record, what they could, and how to change it. */
export const sourcesAccess = (
  { LOG }: Config,
  report: Pick<StatusReport, 'recorders'>,
  board: StatusBoard,
): SourcesAccess => ({
  ...openChoices(board),
  recorders: () => report.recorders(),
  request: body => requestRecorders(LOG, body),
  accept: body => requestRecorders(LOG, body, ACCEPTANCE),
  retry: body => requestRecorders(LOG, body, RETRY),
  readOnly: () => whyUnwritable(LOG),
})
