/**
 * Failures of the engine in this process that only a new process solves. After a fatal signal in one of its threads the
 * engine refuses every statement and never answers the one that caused it; and a statement that does not check its
 * limits cannot be ended.
 */
import { TickhouseError } from '../../errors.ts'
import { EngineAborted } from '../failure.ts'

export class EngineFailure {
  /** Rejects with `engine_died` or `engine_stuck`; never resolves. */
  readonly failed: Promise<never>
  readonly #reject: (error: TickhouseError) => void
  #lost = 0

  constructor() {
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failed = promise
    this.#reject = reject
  }

  /** Rejects `failed` for an error that means the engine is dead. */
  check(error: Error): void {
    if (!(error instanceof EngineAborted)) return
    this.lost()
    this.#reject(
      new TickhouseError(
        'engine_died',
        `the embedded engine met a fatal error and refuses every statement: ${error.message.split('\n')[0]}`,
        'This process exits, to be restarted. The log keeps the ticks; the engine wrote its own report above.',
        { cause: error },
      ),
    )
  }

  /** A statement ran past its time limit and the grace period after it. */
  stuck(ranMs: number, ended: Promise<void>): void {
    this.lost()
    ended.then(() => this.#found())
    this.#reject(
      new TickhouseError(
        'engine_stuck',
        `a query has run for ${Math.round(ranMs / 1000)} s and the engine does not end it`,
        'This process exits, to be restarted, so that SQL is answered. The log keeps the ticks.',
      ),
    )
  }

  /** Threads of the engine will not end: a normal exit would wait for them forever. */
  lost(): void {
    if (++this.#lost === 1) process.once('exit', endNow)
  }

  #found(): void {
    if (--this.#lost === 0) process.removeListener('exit', endNow)
  }
}

/** Node joins its threads before it exits; a signal ends it immediately. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}
