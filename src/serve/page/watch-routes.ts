/** Reports of watchers, kept for the page: `PUT /api/watch` with a `WatchReport` as JSON. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { WatchReport } from '../../status/watch-report.ts'

/** A watcher without a report for this long is not running; probes are at most minutes apart. */
const REPORT_AGE_MS_MAX = 10 * 60_000
/** The most watchers of one instance; older reports are dropped. */
const WATCHERS_MAX = 8
const ALERTS_MAX = 50

const text = z.string().max(2_000)
const ms = z.number().int().min(0)

const REPORT = z.strictObject({
  watcher: z.string().min(1).max(255),
  startedAtMs: ms,
  atMs: ms,
  open: z
    .array(
      z.strictObject({
        name: z.string().regex(/^\w{1,64}$/),
        severity: z.enum(['warning', 'critical']),
        title: text,
        what: text,
        sinceMs: ms,
        affected: z.array(z.string().max(200)).max(50),
        next: text,
        page: text,
        silencedUntilMs: ms.nullable(),
      }),
    )
    .max(ALERTS_MAX),
  availability: z.array(z.strictObject({ day: z.iso.date(), ratio: z.number().min(0).max(1), watchedMs: ms })).max(400),
}) satisfies z.ZodType<WatchReport>

export class WatchReports {
  /** Rises with each report. */
  version = 0
  readonly #reports = new Map<string, { report: WatchReport; atMs: number }>()

  take(report: WatchReport, nowMs: number): void {
    this.#reports.delete(report.watcher)
    this.#reports.set(report.watcher, { report, atMs: nowMs })
    const [oldest] = this.#reports.keys()
    if (this.#reports.size > WATCHERS_MAX) this.#reports.delete(oldest!)
    this.version++
  }

  /** The reports of the watchers that run. */
  current(nowMs: number): WatchReport[] {
    for (const [watcher, { atMs }] of this.#reports) {
      if (nowMs - atMs <= REPORT_AGE_MS_MAX) continue
      this.#reports.delete(watcher)
      this.version++
    }
    return [...this.#reports.values()].map(({ report }) => report)
  }
}

export function serveWatchReports(server: FastifyInstance, reports: WatchReports): void {
  server.put('/api/watch', async (request, reply) => {
    const parsed = REPORT.safeParse(request.body)
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!
      return reply.code(400).send({ message: `not a watch report: ${[...path, message].join(': ')}`, advice: '' })
    }
    reports.take(parsed.data, Date.now())
    return reply.code(204).send()
  })
}
