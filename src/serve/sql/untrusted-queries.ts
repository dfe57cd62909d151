/**
 * Statements of strangers on their way: how many run, how much their answers take until whoever asked has them, and what is told of
 * one that outran its time.
 */
import type { ServerResponse } from 'node:http'
import { AbandonedQuery } from '../../store/query-errors.ts'
import { ANSWER_BYTES_MAX } from '../../store/sql.ts'
import type { Emit } from '../../telemetry/events.ts'
import { Limiter, LimiterFull, type LimiterOptions, UNTRUSTED_LIMITS_IN_PARALLEL } from './limiter.ts'
import { ClientLeft } from './refused-queries.ts'

/** Of all answers that are made or sent, three of the longest. */
const ALL_ANSWERS_BYTES_MAX = 3 * ANSWER_BYTES_MAX
/** Whoever asked must have read an answer after so long, and a second for each MiB. */
const READ_MS_MAX = 30_000
const READ_BYTES_PER_MS = 2 ** 20 / 1_000

export class UntrustedQueries {
  readonly #turns: Limiter
  readonly #emit: Emit
  #heldBytes = 0

  constructor(emit: Emit, limits: LimiterOptions = UNTRUSTED_LIMITS_IN_PARALLEL) {
    this.#emit = emit
    this.#turns = new Limiter(limits)
  }

  /**
   * Runs work in its turn and gives its answer, which counts until `reply` has ended. The signal aborts when the client leaves. Throws
   * NoTurn, and what the work throws.
   */
  answer<T extends { bytes: Uint8Array }>(
    reply: ServerResponse,
    work: (signal: AbortSignal) => Promise<T>,
    called = new AbortController().signal,
  ): Promise<T> {
    const signal = AbortSignal.any([called, leaving(reply)])
    return this.#turns.run(async keep => {
      this.#take(ANSWER_BYTES_MAX)
      let bytes = 0
      try {
        const answer = await work(signal)
        bytes = answer.bytes.length
        this.#release(reply, bytes)
        return answer
      } catch (error) {
        if (error instanceof AbandonedQuery) keep(this.#untilEnded(error))
        throw error
      } finally {
        this.#heldBytes -= ANSWER_BYTES_MAX - bytes
      }
    }, signal)
  }

  #take(bytes: number): void {
    if (this.#heldBytes + bytes > ALL_ANSWERS_BYTES_MAX)
      throw new LimiterFull(
        `answers of ${Math.round(this.#heldBytes / 2 ** 20)} MiB are not read yet by those who asked`,
      )
    this.#heldBytes += bytes
  }

  /** Once the answer is sent, or nobody reads it. */
  #release(reply: ServerResponse, bytes: number): void {
    if (reply.closed) {
      this.#heldBytes -= bytes
      return
    }
    const late = setTimeout(() => reply.destroy(), READ_MS_MAX + bytes / READ_BYTES_PER_MS)
    reply.once('close', () => {
      clearTimeout(late)
      this.#heldBytes -= bytes
    })
  }

  async #untilEnded({ ended, overran, message }: AbandonedQuery): Promise<void> {
    const startedMs = performance.now()
    if (overran) this.#emit('query_overran', { why: message })
    await ended
    if (overran) this.#emit('query_overran_ended', { afterMs: Math.round(performance.now() - startedMs) })
  }
}

/** Aborts when the client goes before its answer came. */
function leaving(reply: ServerResponse): AbortSignal {
  const left = new AbortController()
  const leave = () => left.abort(new ClientLeft())
  if (reply.closed) leave()
  else reply.once('close', leave)
  return left.signal
}
