/**
 * Passes recording from one recorder to another one of the same selection on the same log, without an interruption. A
 * recorder that is to stop requests on the log's status board what the others have appended, and stops once one of them is
 * shown to record the same ticks: see `overlap.ts`. The rule is the same for two processes on one machine and for two
 * containers anywhere: only the log connects them.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StatusBoard } from '../../log/status-board.ts'
import { someOf } from '../../plain-text.ts'
import type { LeaveOptions } from '../../service.ts'
import type { Emit } from '../../telemetry/events.ts'
import { LastSeen } from '../../telemetry/last-seen.ts'
import type { LogRecord } from '../../tick/records.ts'
import { RECORDERS, recordersIn } from '../status.ts'
import { CoverageReader, type CoveredFeeds } from './coverage.ts'
import { HeldTicks, heldKey } from './held-ticks.ts'
import {
  ANSWERS,
  answersIn,
  type HandoverAnswer,
  type HandoverRequest,
  packAnswer,
  REQUESTS,
  requestIn,
} from './messages.ts'
import { type Coverage, type Overlap, overlapOf } from './overlap.ts'

const POLL_MS = 250
/** How often other recorders are looked for, so that the age of their reports is known. */
const PEERS_EVERY_MS = 2_000
/** A request or a recorder that sent nothing for this long is gone. */
const SILENT_MS_MAX = 4_000
/** Without any answer in this time, the other recorder cannot answer. */
const FIRST_ANSWER_MS_MAX = 5_000
/** Subscriptions named in an event. */
const NAMED_MAX = 5

export interface HandoverOptions {
  board: StatusBoard
  /** The recorder's name on the board: see `recorderKey`. */
  key: string
  instance: string
  /** The configured selection. */
  of: string
  recorder: { onAppended: ((records: readonly LogRecord[]) => void) | undefined }
  feeds: CoveredFeeds
  /** How long a stop waits for another recorder; 0 for not at all. */
  waitMs: number
  emit: Emit
}

export class Handover {
  /** What the page shows; null without a handover. */
  status: string | null = null
  /** Called when another recorder of the selection has stopped and this one goes on. */
  onTaken: () => void = () => {}
  readonly #options: HandoverOptions
  readonly #seen = new LastSeen()
  readonly #held = new HeldTicks()
  readonly #coverage: CoverageReader
  readonly #timers: NodeJS.Timeout[] = []
  /** The request that is answered, and since when. */
  #answering: { request: HandoverRequest; sinceMs: number } | undefined
  #own: HandoverRequest | undefined

  constructor(options: HandoverOptions) {
    this.#options = options
    this.#coverage = new CoverageReader(options.feeds, this.#held)
  }

  /** Answers requests of other recorders from now on. */
  start(): void {
    this.#timers.push(
      setInterval(() => this.#answer(), POLL_MS),
      setInterval(() => this.hasPeer, PEERS_EVERY_MS),
    )
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer)
    this.#options.recorder.onAppended = undefined
  }

  /** Whether another recorder of the same selection runs. */
  get hasPeer(): boolean {
    const { board, instance, of } = this.#options
    // However long ago: its last report may have been noticed after that.
    const gone = new Set(
      this.#requests(Number.POSITIVE_INFINITY).flatMap(request => (request.state === 'left' ? [request.instance] : [])),
    )
    return recordersIn(board.announcements(RECORDERS)).some(
      ({ key, status, atMs }) =>
        status.instance !== instance &&
        !gone.has(status.instance) &&
        status.selection.configured === of &&
        this.#seen.ageMs(`${key} ${status.instance}`, atMs) < SILENT_MS_MAX,
    )
  }

  /**
   * Waits until another recorder is shown to record the same ticks. True if this one should stop now: it is shown, the time
   * is over, or no other recorder runs.
   */
  async leave({ onlyIfProved, signal, onProgress = () => {} }: LeaveOptions): Promise<boolean> {
    const { emit, instance, of, waitMs } = this.#options
    if (!onlyIfProved && (waitMs === 0 || !this.hasPeer)) return true
    const startedMs = performance.now()
    this.#own = { id: randomUUID(), instance, of, state: 'asks' }
    this.#answering = undefined
    this.#note()
    emit('handover_started', { subscriptions: this.#coverage.read().length })
    let overlap: Overlap | undefined
    for (;;) {
      const waitedMs = Math.round(performance.now() - startedMs)
      const answer = this.#ask(this.#own)
      if (answer) overlap = this.#compare(answer)
      else if (!onlyIfProved && this.#requests().some(({ state }) => state === 'asks')) {
        emit('handover_alone', {})
        return true
      }
      const line = progressOf(overlap)
      this.status = `Handing over to another recorder: ${line}.`
      onProgress(line)
      if (overlap && overlap.proved === overlap.all && answer) {
        const { all, byIds } = overlap
        emit('handover_proved', { proved: all, all, byIds, successor: answer.instance, tookMs: waitedMs })
        return true
      }
      const noAnswer = !overlap && waitedMs > FIRST_ANSWER_MS_MAX
      if (!signal.aborted && (onlyIfProved || (waitedMs < waitMs && !noAnswer))) {
        await sleep(POLL_MS, undefined, { signal }).catch(() => {})
        continue
      }
      if (!onlyIfProved) {
        emit('handover_unproved', { waitedMs, why: line })
        return true
      }
      this.status = null
      await this.#end('stays')
      emit('handover_cancelled', { why: line })
      return false
    }
  }

  /** Notifies the other recorders that everything received is in the log. Call it before the log is closed. */
  async left(): Promise<void> {
    if (this.#own) await this.#end('left')
  }

  async #end(state: HandoverRequest['state']): Promise<void> {
    const { board, key, recorder } = this.#options
    const request = this.#own!
    this.#own = undefined
    recorder.onAppended = undefined
    await board.announce(REQUESTS + key, { ...request, state }).catch(() => {})
  }

  /** The answer that shows most, of a recorder that does not stop too. */
  #ask(request: HandoverRequest): HandoverAnswer | undefined {
    const { board, key } = this.#options
    // Another one replaces it; appends report a log that cannot be written.
    void board.announce(REQUESTS + key, request).catch(() => {})
    const stopping = new Set(this.#requests().flatMap(({ state, instance }) => (state === 'asks' ? [instance] : [])))
    const missing = (answer: HandoverAnswer) => this.#compare(answer).missing.length
    return answersIn(board.announcements(ANSWERS), request.id)
      .filter(answer => !stopping.has(answer.instance))
      .sort((a, b) => missing(a) - missing(b))[0]
  }

  /** The latest requests of other recorders of the selection, that were noted for less than `ageMsMax`. */
  #requests(ageMsMax = SILENT_MS_MAX): HandoverRequest[] {
    const { board, instance, of } = this.#options
    return board.announcements(REQUESTS).flatMap(({ key, atMs, body }) => {
      const request = requestIn(body)
      const isOther = request && request.of === of && request.instance !== instance
      return isOther && this.#seen.ageMs(key, atMs) < ageMsMax ? [request] : []
    })
  }

  #compare({ coverage, notedMs }: HandoverAnswer): Overlap {
    const keyOf = ({ venue, kind, symbol }: Coverage) => heldKey(venue, kind, symbol)
    return overlapOf(this.#coverage.read(), coverage, notedMs, keyOf)
  }

  /** Answers the latest request of another recorder of the selection, or notes that it has stopped. */
  #answer(): void {
    const { board, key, instance, emit } = this.#options
    if (this.#own) return
    const requests = this.#requests()
    const known = this.#answering
    const now = known && requests.find(({ id }) => id === known.request.id)
    if (known && now?.state !== 'asks') {
      this.#answering = undefined
      this.#options.recorder.onAppended = undefined
      this.status = null
      if (now?.state === 'left') {
        emit('handover_taken', { predecessor: known.request.instance })
        this.onTaken()
      }
      return
    }
    const request = now ?? requests.find(({ state }) => state === 'asks')
    if (!request) return
    if (!known) {
      this.#answering = { request, sinceMs: performance.now() }
      this.#note()
      this.status = 'Recording beside another recorder, which stops once both record the same ticks.'
      emit('handover_answered', { predecessor: request.instance })
    }
    const notedMs = Math.round(performance.now() - this.#answering!.sinceMs)
    const answer = packAnswer({ to: request.id, instance, notedMs, coverage: this.#coverage.read() })
    void board.announce(ANSWERS + key, answer).catch(() => {})
  }

  #note(): void {
    this.#held.clear()
    this.#options.recorder.onAppended = records => this.#held.note(records)
  }
}

function progressOf(overlap: Overlap | undefined): string {
  if (!overlap) return 'no other recorder has answered'
  const { all, proved, missing } = overlap
  const rest = missing.length === 0 ? '' : ` (${someOf(missing, NAMED_MAX, '; ')})`
  return `overlap shown for ${proved} of ${all} symbols and kinds${rest}`
}
