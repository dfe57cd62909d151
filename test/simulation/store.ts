/**
 * The store as ingest sees it, by what `src/store/store.ts` promises of it and no more. Embedded: a call ends when its work has,
 * though it may report a failure of what it did. Remote: a request travels, may arrive after its sender gave up or died, and is
 * refused when it arrives under an older fence than the newest.
 */
import { TickhouseError } from '../../src/errors.ts'
import type { Fence, Store, StoreSize } from '../../src/store/store.ts'
import { type Column, type Row, readBlock } from './blocks.ts'
import { CALM, type Odds, type Tally } from './faults.ts'
import type { Host } from './host.ts'
import { Tables } from './tables.ts'
import type { Timeline } from './timeline.ts'

/** How long a client waits for a server's answer. */
const PATIENCE_MS = 3_000
const ANSWER_MS_MAX = 60
const LATE_MS_MAX = 9_000

const COLUMNS = new Set<Column>(
  (
    'log_partition log_offset log_index log_hash logged_at log_day venue symbol trade_id id_run price volume side timestamp raw ticks kind reason run first_id last_id batch_first_offset batch_good epoch' as const
  ).split(' ') as Column[],
)

/** A write that was sent and has neither happened nor been made impossible. */
interface Write {
  fence: Fence | undefined
  started: boolean
  act: () => void
  /** Tells the sender that it was ended without effect. */
  killed: () => void
}

/** What all processes share. */
export class SimulatedServer {
  readonly tables = new Tables()
  readonly timeline: Timeline
  readonly remote: boolean
  readonly tally: Tally
  readonly writes = new Set<Write>()
  odds: Odds = CALM
  downUntilMs = 0
  readonly #epochs: number[] = []

  constructor(timeline: Timeline, remote: boolean, tally: Tally) {
    this.timeline = timeline
    this.remote = remote
    this.tally = tally
  }

  get down(): boolean {
    return this.timeline.nowMs < this.downUntilMs
  }

  nextEpoch(partition: number): number {
    this.#epochs[partition] = (this.#epochs[partition] ?? 0) + 1
    return this.#epochs[partition]
  }

  refuses(fence: Fence): boolean {
    return fence.epoch < this.#epochs[fence.partition]!
  }

  /** Brings writes to an end that were sent: some have their effect at the last moment, some never. */
  end(which: (write: Write) => boolean): void {
    for (const write of this.writes) {
      if (!which(write)) continue
      this.writes.delete(write)
      if (write.started && this.timeline.chance(0.5)) write.act()
      else write.killed()
    }
  }
}

export class SimulatedStore implements Store {
  readonly kind = 'server'
  readonly address = 'simulated'
  readonly version = 'simulated'
  readonly #server: SimulatedServer
  readonly #host: Host

  constructor(server: SimulatedServer, host: Host) {
    this.#server = server
    this.#host = host
  }

  async claim(partition: number): Promise<Fence> {
    const fence = await this.#ask(() => ({ partition, epoch: this.#server.nextEpoch(partition) }))
    await this.#ask(() =>
      this.#server.end(({ fence: held }) => held?.partition === partition && held.epoch < fence.epoch),
    )
    return fence
  }

  async settle(fence: Fence): Promise<void> {
    const server = this.#server
    if (!server.remote) return
    const taken = await this.#ask(() => {
      if (server.refuses(fence)) return true
      server.end(({ fence: held }) => held?.partition === fence.partition && held.epoch === fence.epoch)
      return false
    })
    if (taken) throw fenced(fence)
  }

  insertBlock(table: string, block: Uint8Array<ArrayBuffer>, fence: Fence): Promise<void> {
    const rows = readBlock(block, COLUMNS)
    return this.#write(() => this.#server.tables.insert(table, rows), fence)
  }

  insertRows(table: string, rows: readonly Record<string, unknown>[], fence?: Fence): Promise<void> {
    return this.#write(() => this.#server.tables.insert(table, rows as unknown as Row[]), fence)
  }

  deleteRows(table: string, where: string, params: Record<string, unknown>): Promise<void> {
    return this.#write(() => this.#server.tables.delete(table, where, params))
  }

  rows<T>(query: string, params: Record<string, unknown> = {}): Promise<T[]> {
    return this.#ask(() => this.#server.tables.select(query, params) as T[])
  }

  untrusted(): Promise<Uint8Array> {
    throw new Error('the simulated store answers no strangers')
  }

  command(): Promise<void> {
    throw new Error('the simulated store runs no statement')
  }

  dropPartition(): Promise<void> {
    throw new Error('the simulated store drops no partition')
  }

  writeParquet(): Promise<void> {
    throw new Error('the simulated store writes no file')
  }

  disk(): null {
    return null
  }

  size(): Promise<StoreSize> {
    throw new Error('the simulated store has no size')
  }

  async close(): Promise<void> {}

  /** A request that happens in one moment, somewhere between question and answer. */
  #ask<T>(act: () => T): Promise<T> {
    const { timeline, odds, down, tally } = this.#server
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    if (down || timeline.chance(odds.failed)) {
      if (!down) tally['request failed before its effect']++
      this.#host.after(timeline.delayMs(ANSWER_MS_MAX), () => reject(unavailable('refused')))
      return promise
    }
    if (timeline.chance(odds.answerLost)) {
      tally['answer lost after the effect']++
      timeline.after(timeline.delayMs(ANSWER_MS_MAX), act)
      this.#host.after(ANSWER_MS_MAX + timeline.delayMs(PATIENCE_MS), () => reject(unavailable('no answer')))
      return promise
    }
    const early = timeline.chance(0.5) ? { value: act() } : undefined
    timeline.after(timeline.delayMs(ANSWER_MS_MAX), () => {
      const value = early ? early.value : act()
      // The answer waits where its process stands still, and is nobody's where that was killed.
      if (this.#host.alive && this.#host.pausedUntilMs <= timeline.nowMs) resolve(value)
      else this.#host.after(0, () => resolve(value))
    })
    return promise
  }

  #write(effect: () => void, fence?: Fence): Promise<void> {
    return this.#server.remote ? this.#writeRemote(effect, fence) : this.#writeEmbedded(effect)
  }

  #writeEmbedded(effect: () => void): Promise<void> {
    const { timeline, odds, down, tally, writes } = this.#server
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const failed = down || timeline.chance(odds.failed)
    const reported = !failed && timeline.chance(odds.answerLost)
    if (failed && !down) tally['request failed before its effect']++
    if (reported) tally['answer lost after the effect']++
    const write: Write = { fence: undefined, started: !failed, act: effect, killed: () => {} }
    writes.add(write)
    this.#host.after(timeline.delayMs(ANSWER_MS_MAX), () => {
      writes.delete(write)
      if (!failed) effect()
      if (failed || reported) reject(unavailable('engine error'))
      else resolve()
    })
    return promise
  }

  #writeRemote(effect: () => void, fence?: Fence): Promise<void> {
    const { timeline, odds, down, tally, writes } = this.#server
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const answer = (tell: () => void) => this.#host.after(timeline.delayMs(ANSWER_MS_MAX), tell)
    if (down || timeline.chance(odds.failed)) {
      if (!down) tally['request failed before its effect']++
      answer(() => reject(unavailable('refused')))
      return promise
    }
    const lost = timeline.chance(odds.answerLost)
    const late = timeline.chance(odds.late)
    if (lost) tally['answer lost after the effect']++
    if (late) tally['effect after the timeout']++
    const [travelMs, workMs] = late
      ? [timeline.delayMs(LATE_MS_MAX), timeline.delayMs(LATE_MS_MAX)]
      : [timeline.delayMs(ANSWER_MS_MAX), timeline.delayMs(ANSWER_MS_MAX)]
    const write: Write = {
      fence,
      started: false,
      act: () => {
        effect()
        if (lost) answer(() => reject(unavailable('connection reset')))
        else answer(resolve)
      },
      killed: () => answer(() => reject(unavailable('killed'))),
    }
    writes.add(write)
    if (late || lost) this.#host.after(PATIENCE_MS, () => reject(unavailable('timeout')))
    timeline.after(travelMs, () => {
      if (!writes.has(write)) return
      if (fence && this.#server.refuses(fence)) {
        writes.delete(write)
        answer(() => reject(fenced(fence)))
        return
      }
      write.started = true
      timeline.after(workMs, () => {
        if (writes.delete(write)) write.act()
      })
    })
    return promise
  }
}

const unavailable = (why: string) => new TickhouseError('store_unavailable', why, 'wait', { retryable: true })

const fenced = ({ partition, epoch }: Fence) =>
  new TickhouseError('store_fenced', `partition ${partition} was taken over from epoch ${epoch}`, 'let go')
