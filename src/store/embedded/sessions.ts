import type { Session } from 'chdb'
import { TickhouseError } from '../../errors.ts'

/** A pool of engine sessions, each used by one statement at a time. Statements wait in order, up to a limit. */
export class EngineSessions {
  readonly sessions: Session[]
  readonly #idle: Session[]
  readonly #waiting: ((session: Session) => void)[] = []
  readonly #waitingMax: number

  constructor(sessions: Session[], waitingMax: number) {
    this.sessions = sessions
    this.#idle = [...sessions]
    this.#waitingMax = waitingMax
  }

  async take(): Promise<Session> {
    const session = this.#idle.pop()
    if (session) return session
    if (this.#waiting.length >= this.#waitingMax) {
      throw new TickhouseError(
        'store_unavailable',
        `${this.#waitingMax} statements already wait for the engine`,
        'Try again in a moment.',
        { retryable: true },
      )
    }
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  give(session: Session): void {
    const next = this.#waiting.shift()
    if (next) next(session)
    else this.#idle.push(session)
  }
}
