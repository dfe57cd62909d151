/** Reports which symbols of a connection and kind are not received, and which are again: many symbols per log line. */
import { someOf } from '../../plain-text.ts'
import type { Emit } from '../../telemetry/events.ts'
import type { SubscriptionState } from '../connection/status.ts'
import type { Subscription } from './subscription.ts'

type DownState = 'refused' | 'ended' | 'unanswered' | 'silent' | 'delisted'

/** Symbols that went down for the same reason: one log line. */
interface Change {
  state: DownState
  detail: string
  symbols: { symbol: string; retryAtMs: number | undefined }[]
}

export class SubscriptionReport {
  readonly #of: { venue: string; connection: string; kind: string }
  readonly #emit: Emit
  /** Reported as down. */
  readonly #reported = new Map<string, { state: SubscriptionState; sinceMs: number }>()
  /** Refused since the last report, and why, whatever their state is now. */
  readonly #refused = new Map<string, string>()
  #changed = new Map<string, Change>()
  #back: string[] = []

  constructor(of: { venue: string; connection: string; kind: string }, emit: Emit) {
    this.#of = of
    this.#emit = emit
  }

  /** The venue refused the symbol. */
  refused(symbol: string, detail: string): void {
    this.#refused.set(symbol, detail)
  }

  /** The symbol is no longer requested. */
  forget(symbol: string): void {
    this.#reported.delete(symbol)
    this.#refused.delete(symbol)
  }

  /** Notes how a symbol has changed since the last report. */
  compare({ symbol, state: now, detail: why, isDown, sinceMs, retryAtMs }: Subscription): void {
    const refused = isDown ? undefined : this.#refused.get(symbol)
    const state = refused === undefined ? now : 'refused'
    const reported = this.#reported.get(symbol)
    if (isDown || refused !== undefined) {
      if (reported?.state === state) return
      this.#reported.set(symbol, { state, sinceMs: reported?.sinceMs ?? sinceMs })
      const detail = refused ?? why
      // Symbols with the same text share a line, whatever symbol the text names.
      const key = `${state} ${detail.replaceAll(symbol, '')}`
      const group = this.#changed.get(key) ?? { state: state as DownState, detail, symbols: [] }
      group.symbols.push({ symbol, retryAtMs })
      this.#changed.set(key, group)
    } else if (reported && state !== 'requested' && state !== 'halted') this.#back.push(symbol)
  }

  /** Emits what `compare` noted. */
  report(nowMs: number): void {
    this.#refused.clear()
    for (const change of this.#changed.values()) this.#reportDown(change, nowMs)
    this.#changed = new Map()
    if (this.#back.length === 0) return
    const downMs = Math.max(...this.#back.map(symbol => nowMs - this.#reported.get(symbol)!.sinceMs))
    for (const symbol of this.#back) this.#reported.delete(symbol)
    this.#emit('symbols_back', { ...this.#of, symbols: someOf(this.#back), downMs: Math.round(downMs) })
    this.#back = []
  }

  #reportDown({ state, detail, symbols: group }: Change, nowMs: number): void {
    const retryAtMs = Math.min(...group.map(each => each.retryAtMs ?? nowMs))
    const waitMs = Math.round(Math.max(0, retryAtMs - nowMs))
    const symbols = someOf(group.map(({ symbol }) => symbol))
    if (state === 'refused') this.#emit('subscription_rejected', { ...this.#of, symbols, detail, waitMs })
    else if (state === 'ended') this.#emit('subscription_ended', { ...this.#of, symbols, waitMs })
    else if (state === 'unanswered') this.#emit('subscription_unanswered', { ...this.#of, symbols, detail })
    // The comparison with the venue's list reports what it delisted.
    else if (state === 'silent') this.#emit('symbols_silent', { ...this.#of, symbols, detail })
  }
}
