/** A channel that sends messages to a person. The implementations are beside this file. */
import type { Message } from '../alerts/alerts.ts'

export interface Channel {
  /** For people and the state file: without secrets, the same after a restart. */
  readonly name: string
  /** Its `host:port`, used as a reference host; null for a local channel. */
  readonly reference: string | null
  /**
   * Resolves when the message was accepted. Rejects with the reason if that is unknown: the message is sent again and
   * may arrive twice. Rejects with Refused if the receiver does not accept this message. `instance` is the URL that the
   * message names.
   */
  send(message: Message, instance: string): Promise<void>
}

/** The receiver refuses the message, not the sender: retries would block the messages behind it. */
export class Refused extends Error {
  /** The receiver answered that retries cannot help. */
  readonly permanent: boolean

  constructor(why: string, { permanent = false } = {}) {
    super(why)
    this.permanent = permanent
  }
}

/** Time limit of one message: a channel must not delay the watcher. */
export const SEND_MS_MAX = 15_000
