/**
 * The list of a venue that was read last, and how the next one differs from it. It is kept on the log's status board, so
 * that a restart repeats nothing and several recorders of a venue share it. Pure.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { type Instrument, TRADING } from '../../venues/instruments.ts'

/** An instrument as it was last read. */
interface Known {
  instrument: Instrument
  firstSeenMs: number
}

export interface KnownList {
  /** When it was read, ms since 1970 UTC. */
  readMs: number
  bySymbol: ReadonlyMap<string, Known>
}

/**
 * `found`: in the first list of a venue. `listed`: in no list before. `halted` and `resumed`: its status changed from or
 * to trading. `delisted`: no longer in the list, or the venue states it. `changed`: anything else differs.
 */
export type ChangeType = 'found' | 'listed' | 'changed' | 'halted' | 'resumed' | 'delisted'

export interface InstrumentChange {
  change: ChangeType
  /** As it is now; of one that vanished as it was, with the status `delisted`. */
  instrument: Instrument
  /** The first list that contained it, and the last one, ms since 1970 UTC. */
  firstSeenMs: number
  lastSeenMs: number
}

export const DELISTED = 'delisted'

/** How a list that was read at `nowMs` differs from the one before, in order of symbols, and what is known then. */
export function compareLists(
  known: KnownList | undefined,
  listed: readonly Instrument[],
  nowMs: number,
): { changes: InstrumentChange[]; now: KnownList } {
  const changes: InstrumentChange[] = []
  const bySymbol = new Map<string, Known>()
  for (const instrument of listed) {
    const before = known?.bySymbol.get(instrument.symbol)
    const firstSeenMs = before?.firstSeenMs ?? nowMs
    bySymbol.set(instrument.symbol, { instrument, firstSeenMs })
    const change = known === undefined ? 'found' : changeOf(before?.instrument, instrument)
    if (change) changes.push({ change, instrument, firstSeenMs, lastSeenMs: nowMs })
  }
  for (const [symbol, { instrument, firstSeenMs }] of known?.bySymbol ?? []) {
    if (bySymbol.has(symbol)) continue
    const gone = { ...instrument, status: DELISTED }
    const change = OVER.test(instrument.status) ? 'changed' : 'delisted'
    changes.push({ change, instrument: gone, firstSeenMs, lastSeenMs: known!.readMs })
  }
  changes.sort((a, b) => (a.instrument.symbol < b.instrument.symbol ? -1 : 1))
  return { changes, now: { readMs: nowMs, bySymbol } }
}

/** Words of venues for an instrument that will not trade again. */
const OVER = /^(?:delist|clos|expir|settl)/i

/** Whether an instrument of this status will not trade again. */
export function isOver(status: string): boolean {
  return OVER.test(status)
}

function changeOf(before: Instrument | undefined, now: Instrument): ChangeType | undefined {
  if (before === undefined) return 'listed'
  if (before.status !== now.status) {
    if (now.status === TRADING) return 'resumed'
    if (OVER.test(now.status)) return OVER.test(before.status) ? 'changed' : 'delisted'
    return before.status === TRADING ? 'halted' : 'changed'
  }
  return JSON.stringify(fieldsOf(before)) === JSON.stringify(fieldsOf(now)) ? undefined : 'changed'
}

/** In one order, whatever order an object was made in. */
const fieldsOf = (instrument: Instrument): [string, unknown][] =>
  Object.entries(instrument).sort(([a], [b]) => (a < b ? -1 : 1))

/** Changes in fewer instruments than this are always believed. */
const DOUBTED_MIN = 10

/**
 * Whether a list lacks so many instruments that it was rather cut than half of them delisted: more than half of those
 * that have not expired.
 */
export function isCut(known: KnownList | undefined, changes: readonly InstrumentChange[], nowMs: number): boolean {
  const gone = changes.filter(({ instrument: { expiresMs }, lastSeenMs }) => {
    const hasExpired = expiresMs > 0 && expiresMs <= nowMs
    return lastSeenMs < nowMs && !hasExpired
  })
  return gone.length >= DOUBTED_MIN && gone.length > (known?.bySymbol.size ?? 0) / 2
}

/** The form on the status board: JSON, compressed, since Kafka takes a megabyte and a venue lists thousands. */
interface KeptList {
  readMs: number
  deflated: string
}

export function keepList({ readMs, bySymbol }: KnownList): KeptList {
  const rows = [...bySymbol.values()].map(({ firstSeenMs, instrument }) => [firstSeenMs, instrument])
  return { readMs, deflated: deflateRawSync(JSON.stringify(rows)).toString('base64') }
}

/** Reads it back; undefined for anything else, as if no list had been read. */
export function readKeptList(body: unknown): KnownList | undefined {
  const { readMs, deflated } = (body ?? {}) as Partial<KeptList>
  if (typeof readMs !== 'number' || typeof deflated !== 'string') return undefined
  try {
    const rows: [number, Instrument][] = JSON.parse(inflateRawSync(Buffer.from(deflated, 'base64')).toString())
    const known = rows.map(([firstSeenMs, instrument]) => [instrument.symbol, { firstSeenMs, instrument }] as const)
    return { readMs, bySymbol: new Map(known) }
  } catch {
    return undefined
  }
}
