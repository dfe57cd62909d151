/**
 * The messages of a handover on the log's status board. A recorder that is to stop announces a request; each other
 * recorder of the same selection answers with what it has appended since.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Announcement } from '../../log/status-board.ts'
import type { SubscriptionState } from '../connection/status.ts'
import { SAMPLE_MAX } from './held-ticks.ts'
import type { Coverage } from './overlap.ts'

/** The keys begin so; the rest is the key of the recorder. */
export const REQUESTS = 'handover from '
export const ANSWERS = 'handover to '

export interface HandoverRequest {
  /** Unique. */
  id: string
  instance: string
  /** The configured selection. */
  of: string
  /** `left`: it has stopped, and all that it received is in the log. `stays`: it goes on after all. */
  state: 'asks' | 'left' | 'stays'
}

export interface HandoverAnswer {
  /** The request. */
  to: string
  instance: string
  /** How long it has noted ticks for this request, ms. */
  notedMs: number
  coverage: Coverage[]
}

type Row = [
  venue: string,
  kind: string,
  symbol: string,
  state: SubscriptionState,
  detail: string,
  forMs: number,
  ticks: number,
  first: string | null,
  last: string | null,
  recent: string[] | null,
]

export function packAnswer({ coverage, ...answer }: HandoverAnswer): object {
  const rows = coverage.map(
    ({ venue, kind, symbol, state, detail, forMs, ids }): Row => [
      ...([venue, kind, symbol, state, detail, Math.round(forMs), ids?.ticks ?? 0] as const),
      ids?.first === undefined ? null : String(ids.first),
      ids?.last === undefined ? null : String(ids.last),
      ids?.recent ? [...ids.recent].slice(-SAMPLE_MAX) : null,
    ],
  )
  return { ...answer, deflated: deflateRawSync(JSON.stringify(rows)).toString('base64') }
}

/** The answers to a request. One that cannot be read, of another version, is no answer. */
export function answersIn(announcements: readonly Announcement[], to: string): HandoverAnswer[] {
  return announcements.flatMap(({ body }) => {
    const { deflated, ...answer } = (body ?? {}) as Partial<HandoverAnswer> & { deflated?: unknown }
    if (answer.to !== to || typeof deflated !== 'string') return []
    try {
      const rows = JSON.parse(inflateRawSync(Buffer.from(deflated, 'base64')).toString()) as Row[]
      return [{ ...(answer as Omit<HandoverAnswer, 'coverage'>), coverage: rows.map(coverageOf) }]
    } catch {
      return []
    }
  })
}

function coverageOf([venue, kind, symbol, state, detail, forMs, ticks, first, last, recent]: Row): Coverage {
  const ids = ticks === 0 ? undefined : { ticks, ...idsOf(first, last), ...(recent && { recent: new Set(recent) }) }
  return { venue, kind, symbol, state, detail, forMs, ids }
}

const idsOf = (first: string | null, last: string | null) =>
  first !== null && last !== null ? { first: BigInt(first), last: BigInt(last) } : {}

export function requestIn(body: unknown): HandoverRequest | undefined {
  const { id, instance, of, state } = (body ?? {}) as Partial<HandoverRequest>
  if (typeof id !== 'string' || typeof instance !== 'string' || typeof of !== 'string') return undefined
  return state === 'asks' || state === 'left' || state === 'stays' ? { id, instance, of, state } : undefined
}
