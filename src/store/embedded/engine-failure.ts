/**
 * When the engine in this process is of no use any more, and only a new process helps. After a fatal signal in one of its threads
 * the engine lives on, refuses every statement, and the one that caused it is never answered; a statement that does not look at its
 * limits cannot be ended at all.
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

  /** Looks at an error of the engine: is it the last it will ever give? */
  judge(error: Error): void {
    if (!(error instanceof EngineAborted)) return
    this.lost()
    this.#reject(
      new TickhouseError(
        'engine_died',
        `the embedded engine met a fatal error and refuses everything: ${error.message.split('\n')[0]}`,
        'This process ends, to be started again. The log keeps the ticks; what the engine itself says stands above.',
        { cause: error },
      ),
    )
  }

  /** A statement outlived its limit and the time it was given to end. */
  stuck(ranMs: number, ended: Promise<void>): void {
    this.lost()
    ended.then(() => this.#found())
    this.#reject(
      new TickhouseError(
        'engine_stuck',
        `a query has run for ${Math.round(ranMs / 1000)} s and the engine does not end it`,
        'This process ends, to be started again, so that SQL is answered. The log keeps the ticks.',
      ),
    )
  }

  /** Threads of the engine will not end by themselves: an ordinary exit would wait for them for ever. */
  lost(): void {
    if (++this.#lost === 1) process.once('exit', endNow)
  }

  #found(): void {
    if (--this.#lost === 0) process.removeListener('exit', endNow)
  }
}

/** Node joins its threads before it exits, with the code given; by a signal it exits now. */
function endNow(): void {
  process.kill(process.pid, 'SIGKILL')
}
