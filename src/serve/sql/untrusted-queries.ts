/**
 * Runs statements of untrusted clients: limits how many run and how many bytes unread answers occupy, and reports a
 * query that exceeds its time limit.
 */
import type { ServerResponse } from 'node:http'
import { AbandonedQuery } from '../../store/query-errors.ts'
import { ANSWER_BYTES_MAX } from '../../store/sql.ts'
import type { Emit } from '../../telemetry/events.ts'
import { Limiter, LimiterFull, type LimiterOptions, UNTRUSTED_LIMITS_IN_PARALLEL } from './limiter.ts'
import { ClientLeft } from './refused-queries.ts'

/** Of all answers that are computed or sent: three of the longest. */
const ALL_ANSWERS_BYTES_MAX = 3 * ANSWER_BYTES_MAX
/** The client must read an answer within this time, plus a second per MiB. */
const READ_MS_MAX = 30_000
const READ_BYTES_PER_MS = 2 ** 20 / 1_000

export interface UntrustedQueriesOptions {
  limits?: LimiterOptions
  /** Awaited before each statement. */
  beforeRead?: () => Promise<void> | undefined
}

export class UntrustedQueries {
  readonly #limiter: Limiter
  readonly #emit: Emit
  readonly #beforeRead: () => Promise<void> | undefined
  #reservedBytes = 0

  constructor(
    emit: Emit,
    { limits = UNTRUSTED_LIMITS_IN_PARALLEL, beforeRead = () => undefined }: UntrustedQueriesOptions = {},
  ) {
    this.#emit = emit
    this.#beforeRead = beforeRead
    this.#limiter = new Limiter(limits)
  }

  /**
   * Runs work in a slot and returns its answer, which counts until `reply` has ended. The signal aborts when the client
   * disconnects. Throws LimiterFull, and errors of the work.
   */
  answer<T extends { bytes: Uint8Array }>(
    reply: ServerResponse,
    work: (signal: AbortSignal) => Promise<T>,
    cancelled = new AbortController().signal,
  ): Promise<T> {
    const signal = AbortSignal.any([cancelled, disconnected(reply)])
    return this.#limiter.run(async keep => {
      this.#reserve(ANSWER_BYTES_MAX)
      let bytes = 0
      try {
        await this.#beforeRead()
        const answer = await work(signal)
        bytes = answer.bytes.length
        this.#release(reply, bytes)
        return answer
      } catch (error) {
        if (error instanceof AbandonedQuery) keep(this.#untilEnded(error))
        throw error
      } finally {
        this.#reservedBytes -= ANSWER_BYTES_MAX - bytes
      }
    }, signal)
  }

  #reserve(bytes: number): void {
    if (this.#reservedBytes + bytes > ALL_ANSWERS_BYTES_MAX)
      throw new LimiterFull(`clients have not read ${Math.round(this.#reservedBytes / 2 ** 20)} MiB of answers yet`)
    this.#reservedBytes += bytes
  }

  /** Releases the bytes once the answer is sent, or the client does not read it. */
  #release(reply: ServerResponse, bytes: number): void {
    if (reply.closed) {
      this.#reservedBytes -= bytes
      return
    }
    const late = setTimeout(() => reply.destroy(), READ_MS_MAX + bytes / READ_BYTES_PER_MS)
    reply.once('close', () => {
      clearTimeout(late)
      this.#reservedBytes -= bytes
    })
  }

  async #untilEnded({ ended, overran, message }: AbandonedQuery): Promise<void> {
    const startedMs = performance.now()
    if (overran) this.#emit('query_overran', { why: message })
    await ended
    if (overran) this.#emit('query_overran_ended', { afterMs: Math.round(performance.now() - startedMs) })
  }
}

/** Aborts when the client disconnects before the answer. */
function disconnected(reply: ServerResponse): AbortSignal {
  const controller = new AbortController()
  const leave = () => controller.abort(new ClientLeft())
  if (reply.closed) leave()
  else reply.once('close', leave)
  return controller.signal
}
