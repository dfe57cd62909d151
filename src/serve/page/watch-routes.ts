/** What watchers tell of this house, kept for the page: `PUT /api/watch` with a `WatchReport` as JSON. */
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { WatchReport } from '../../status/watch-report.ts'

/** A watcher that has not spoken for so long is not running; probes are minutes apart at most. */
const HEARD_MS_MAX = 10 * 60_000
/** Watchers of one house: more are not remembered. */
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
  readonly #heard = new Map<string, { report: WatchReport; atMs: number }>()

  take(report: WatchReport, nowMs: number): void {
    this.#heard.delete(report.watcher)
    this.#heard.set(report.watcher, { report, atMs: nowMs })
    const [oldest] = this.#heard.keys()
    if (this.#heard.size > WATCHERS_MAX) this.#heard.delete(oldest!)
    this.version++
  }

  /** Of the watchers that run. */
  current(nowMs: number): WatchReport[] {
    for (const [watcher, { atMs }] of this.#heard) {
      if (nowMs - atMs <= HEARD_MS_MAX) continue
      this.#heard.delete(watcher)
      this.version++
    }
    return [...this.#heard.values()].map(({ report }) => report)
  }
}

export function serveWatchReports(server: FastifyInstance, reports: WatchReports): void {
  server.put('/api/watch', async (request, reply) => {
    const parsed = REPORT.safeParse(request.body)
    if (!parsed.success) {
      const { path, message } = parsed.error.issues[0]!
      return reply.code(400).send({ message: `no report of a watcher: ${[...path, message].join(': ')}`, advice: '' })
    }
    reports.take(parsed.data, Date.now())
    return reply.code(204).send()
  })
}
