/** Lists the open gaps of each assigned partition for the recorders of the log, which ask the venues for the trades. */
import type { Emit } from '../../telemetry/events.ts'
import type { OpenGap, OpenGaps } from '../../tick/repairs/open-gaps.ts'
import type { PartitionIngest } from '../partition-loop.ts'
import { type Gap, listedGap, missingIds } from './gap.ts'

/** Gaps of a partition that are listed: the newest and the oldest. The others follow as these close. */
const LISTED_MAX = 1_000
/** Ranges of ids in a list, of all its gaps together: some 300 KB, and Kafka takes a megabyte. */
const RANGES_MAX = 8_000
const EVERY_MS = 1_000
/**
 * A list that has not changed is left again after this: a message may be lost with the log's board. A failure that lasts
 * is reported again after it, too.
 */
const AGAIN_MS = 60_000

export interface GapAnnouncerOptions {
  partitions(): readonly PartitionIngest[]
  /** Leaves a message for the recorders; a later one of the same key replaces it. */
  leave(key: string, body: object): Promise<void>
  emit: Emit
}

export class GapAnnouncer {
  readonly #options: GapAnnouncerOptions
  readonly #left = new Map<string, { text: string; atMs: number }>()
  /** Of the last report of a failure; undefined while lists can be left. */
  #reportedMs: number | undefined
  #timer: NodeJS.Timeout | undefined
  #leaving: Promise<void> = Promise.resolve()

  constructor(options: GapAnnouncerOptions) {
    this.#options = options
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#leaving = this.#leaving.then(() => this.#leaveChanged())
    }, EVERY_MS)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#leaving
  }

  async #leaveChanged(): Promise<void> {
    for (const { partition, mode, ids } of this.#options.partitions()) {
      if (mode !== 'running' && mode !== 'retrying') continue
      const key = `gaps ${partition}`
      const listed = listOf(ids.openGaps())
      const text = JSON.stringify(listed)
      const before = this.#left.get(key)
      const nowMs = performance.now()
      if (before ? before.text === text && nowMs - before.atMs < AGAIN_MS : listed.open === 0) continue
      try {
        await this.#options.leave(key, listed)
      } catch (error) {
        // The next list replaces it; the log refuses or takes those of all partitions alike.
        return this.#report((error as Error).message, listed, nowMs)
      }
      this.#left.set(key, { text, atMs: nowMs })
      this.#reportedMs = undefined
    }
  }

  #report(why: string, { missing }: OpenGaps, nowMs: number): void {
    // Without a gap the recorders lack nothing.
    if (missing === 0 || (this.#reportedMs !== undefined && nowMs - this.#reportedMs < AGAIN_MS)) return
    this.#reportedMs = nowMs
    this.#options.emit('gaps_unlisted', { missing, why })
  }
}

/** The newest and the oldest of a partition's open gaps, by when they were found. */
export function listOf(gaps: readonly Gap[]): OpenGaps {
  const known = gaps.filter(({ recorded }) => recorded)
  const inOrder = known.toSorted((a, b) => a.foundAtMicros - b.foundAtMicros)
  const half = LISTED_MAX / 2
  const listed = inOrder.length <= LISTED_MAX ? inOrder : [...inOrder.slice(0, half), ...inOrder.slice(-half)]
  let ranges = 0
  const withinMax = (gap: OpenGap) => {
    ranges += gap.missing.length
    return ranges <= RANGES_MAX
  }
  return {
    // The newest of those with many ranges.
    gaps: listed.toReversed().map(listedGap).filter(withinMax).reverse(),
    open: gaps.length,
    missing: gaps.reduce((sum, gap) => sum + missingIds(gap), 0),
  }
}
