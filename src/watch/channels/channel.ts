/** A way to tell a person. Implementations beside this file. */
import type { Message } from '../alerts/alerts.ts'

export interface Channel {
  /** For people and for the watcher's memory: without secrets, the same after a restart. */
  readonly name: string
  /** Where it leads: `host:port`, by which the watcher knows whether it can reach anything; null for one on this machine. */
  readonly reference: string | null
  /**
   * Resolves when the message was taken. Rejects, with words for a person, if that is not known: it is sent again, so it may come
   * twice. Rejects with Refused where the other side will not have this very message.
   */
  send(message: Message, house: string): Promise<void>
}

/** It is the message that is refused, not the sender: sent again, it stands in the way of those after it. */
export class Refused extends Error {
  /** The other side said itself that another try is in vain. */
  readonly forGood: boolean

  constructor(why: string, { forGood = false } = {}) {
    super(why)
    this.forGood = forGood
  }
}

/** No route may hold up the watcher. */
export const SEND_MS_MAX = 15_000
